// hiredis 0.14, the C client of Redis. No logic here.
#include <hiredis/hiredis.h>
