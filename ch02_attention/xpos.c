#include "ch02_attention/xpos.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include "ch02_attention/position.h"

double xpos_zeta(int dim, int i) { return (2.0 * i / dim + 0.4) / 1.4; }

static void multiply(RopeTables t, int m, int i, double by) {
    *mat_at(t.cosine, m, i) = (real)(*mat_at(t.cosine, m, i) * by);
    *mat_at(t.sine, m, i) = (real)(*mat_at(t.sine, m, i) * by);
}

// Counted from the middle, the furthest position grows by zeta_0^(-rows/2 / 512), and
// zeta_0 is the smallest.
static bool growth_fits(int dim, int rows) {
    double furthest = pow(xpos_zeta(dim, 0), -(rows / 2.0) / XPOS_SCALE);
    return furthest < (sizeof(real) == 4 ? FLT_MAX : DBL_MAX);
}

// Tables for queries and for keys at positions 0 .. rows-1, to be used with rope_turn.
static void xpos_tables_new(RopeTables *query, RopeTables *key, const Rope *rope,
                            int rows) {
    assert(growth_fits(rope->dim, rows) && "xpos: so many positions overflow");
    *query = rope_tables_new(rope, rows);
    *key = rope_tables_new(rope, rows);
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

// ---- the kind of position

static bool check(const PositionSpec *spec, Error *err) {
    Rope plain = {.dim = spec->rope.dim, .base = spec->rope.base};
    if (!rope_check(&plain, err)) return false;
    return growth_fits(spec->rope.dim, spec->length)
           || error_set(err, "xPos' growth overflows over %d positions", spec->length);
}

static void make(Position *p) {
    const Rope *rope = &p->spec.rope;
    Rope plain = {.dim = rope->dim, .base = rope->base, .pairing = rope->pairing};
    xpos_tables_new(&p->query, &p->key, &plain, p->spec.length);
}

const PositionMethods position_xpos = {
    .place = POSITION_AT_QUERIES_AND_KEYS, .check = check, .make = make};

Position position_new_xpos(int dim, int length, double base, RopePairing pairing) {
    PositionSpec spec = {POSITION_XPOS, .length = length,
                         .rope = {.dim = dim, .base = base, .pairing = pairing}};
    return position_new(&spec, (Mat){0});
}
