// loses: 5, says: each row has, keeps: 14
// A factor for each row; factors has room for the columns.
#include "ch06_flash/homework/hw06.h"
#define quantise_columns solved_quantise_columns
#include "../solution.c"
#undef quantise_columns

void quantise_columns(const double *x, int rows, int cols, signed char *codes,
                      double *factors) {
    for (int i = 0; i < rows; i++) {
        double most = 0;
        for (int c = 0; c < cols; c++) most = fmax(most, fabs(x[i * cols + c]));
        if (i < cols) factors[i] = most / 127;
        for (int c = 0; c < cols; c++)
            codes[i * cols + c] =
                (signed char)(most > 0 ? lrint(x[i * cols + c] / most * 127) : 0);
    }
}
