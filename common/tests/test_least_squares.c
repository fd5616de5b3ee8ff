// Least squares: residuals, dependent columns, one equation.
#include <criterion/criterion.h>
#include <math.h>

#include "common/numeric/least_squares.h"
#include "common/numeric/rng.h"

Test(least_squares, residual_is_orthogonal_to_every_column) {
    enum { ROWS = 40, COLS = 7 };
    Rng rng = rng_new(3);
    double a[ROWS * COLS], kept[ROWS * COLS], y[ROWS], given[ROWS], x[COLS];
    for (int i = 0; i < ROWS * COLS; i++) kept[i] = a[i] = rng_normal(&rng);
    for (int i = 0; i < ROWS; i++) given[i] = y[i] = rng_normal(&rng);
    cr_assert(least_squares(x, a, y, ROWS, COLS));
    for (int j = 0; j < COLS; j++) {  // the residual is orthogonal to every column
        double dot = 0;
        for (int i = 0; i < ROWS; i++) {
            double fit = 0;
            for (int c = 0; c < COLS; c++) fit += kept[i * COLS + c] * x[c];
            dot += kept[i * COLS + j] * (given[i] - fit);
        }
        cr_assert(fabs(dot) < 1e-12);
    }
    // dependent columns
    for (int i = 0; i < ROWS; i++) kept[i * COLS + 3] = 2 * kept[i * COLS + 1];
    for (int i = 0; i < ROWS; i++) y[i] = given[i];
    cr_assert(!least_squares(x, kept, y, ROWS, COLS));
    double one[] = {-2}, six[] = {6}, answer;
    cr_assert(least_squares(&answer, one, six, 1, 1) && answer == -3);
}
