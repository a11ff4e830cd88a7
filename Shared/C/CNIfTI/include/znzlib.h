// nifti2_io.h asks for <znzlib.h>, which Debian keeps beside it in nifti/.
#include <nifti/znzlib.h>
