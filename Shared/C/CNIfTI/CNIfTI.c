// SwiftPM wants one source file in a C target; the code itself is in libnifti2, libznz and libz.
#include "CNIfTI.h"
