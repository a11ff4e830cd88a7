#pragma once
#include <cblas.h>
#include <stddef.h>

// Of the LAPACK in OpenBLAS: A = UᵀU of a symmetric matrix, column by column. Fortran hides the length of each text.
void dpotrf_(
    const char *triangle, const blasint *order, double *matrix, const blasint *stride, blasint *status, size_t length);
