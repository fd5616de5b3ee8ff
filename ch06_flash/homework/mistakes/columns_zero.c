// loses: 5, says: its code anything, keeps: 19
// 0 / 0.
#include "ch06_flash/homework/hw06.h"
#define quantise_columns solved_quantise_columns
#include "../solution.c"
#undef quantise_columns

void quantise_columns(const double *x, int rows, int cols, signed char *codes,
                      double *factors) {
    for (int c = 0; c < cols; c++) {
        factors[c] = 0;
        for (int i = 0; i < rows; i++)
            factors[c] = fmax(factors[c], fabs(x[i * cols + c]) / 127);
        for (int i = 0; i < rows; i++)
            codes[i * cols + c] =
                (signed char)(isnan(x[i * cols + c] / factors[c])
                                  ? -128
                                  : lrint(x[i * cols + c] / factors[c]));
    }
}
