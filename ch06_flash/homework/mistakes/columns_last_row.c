// loses: 5, says: the last row is not looked at, keeps: 14
#include "ch06_flash/homework/hw06.h"
#define quantise_columns solved_quantise_columns
#include "../solution.c"
#undef quantise_columns
void quantise_columns(const double *x, int rows, int cols, signed char *codes,
                      double *factors) {
    for (int c = 0; c < cols; c++) {
        factors[c] = 0;
        for (int i = 0; i < rows - 1; i++)
            factors[c] = fmax(factors[c], fabs(x[i * cols + c]) / 127);
        for (int i = 0; i < rows; i++)
            codes[i * cols + c] =
                (signed char)(factors[c] > 0 ? lrint(x[i * cols + c] / factors[c]) : 0);
    }
}
