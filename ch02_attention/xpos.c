#include "ch02_attention/xpos.h"

#include <assert.h>
#include <float.h>
#include <math.h>

double xpos_zeta(int dim, int i) { return (2.0 * i / dim + 0.4) / 1.4; }

static void multiply(RopeTables t, int m, int i, double by) {
    *mat_at(t.cosine, m, i) = (real)(*mat_at(t.cosine, m, i) * by);
    *mat_at(t.sine, m, i) = (real)(*mat_at(t.sine, m, i) * by);
}

void xpos_tables_new(RopeTables *query, RopeTables *key, const Rope *rope, int rows) {
    *query = rope_tables_new(rope, rows);
    *key = rope_tables_new(rope, rows);
    // zeta_0 is the smallest
    double furthest = pow(xpos_zeta(rope->dim, 0), -(rows / 2.0) / XPOS_SCALE);
    assert(furthest < (sizeof(real) == 4 ? FLT_MAX : DBL_MAX)
           && "xpos: so many positions overflow");
    for (int i = 0; i < rope->dim / 2; i++)
        for (int m = 0; m < rows; m++) {
            double growth = pow(xpos_zeta(rope->dim, i), (m - rows / 2) / XPOS_SCALE);
            multiply(*query, m, i, growth);
            multiply(*key, m, i, 1 / growth);
        }
}

double xpos_cosine_sum(const double *theta, int dim, double s) {
    double sum = 0;
    for (int i = 0; i < dim / 2; i++)
        sum += pow(xpos_zeta(dim, i), s / XPOS_SCALE) * cos(s * theta[i]);
    return sum / (dim / 2);
}
