// loses: 3, says: is pi one of few digits, keeps: 11
// Pi has six digits.
#include "ch02_attention/homework/hw02.h"
#define base_for_wavelength solved_base_for_wavelength
#include "../solution.c"
#undef base_for_wavelength

double base_for_wavelength(int dim, double wavelength) {
    return pow(wavelength / (2 * 3.14159), dim / (dim - 2.0));
}
