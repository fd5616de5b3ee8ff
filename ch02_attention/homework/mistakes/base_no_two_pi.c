// loses: 3, says: 2 pi is missing, keeps: 11
// The wavelength is taken for 1 / theta.
#include "ch02_attention/homework/hw02.h"
#define base_for_wavelength solved_base_for_wavelength
#include "../solution.c"
#undef base_for_wavelength

double base_for_wavelength(int dim, double wavelength) {
    return pow(wavelength, dim / (dim - 2.0));
}
