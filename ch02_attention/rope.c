#include "ch02_attention/rope.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "ch02_attention/position.h"
#include "common/error.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

// ---- angles

double rope_theta(double base, int dim, int i) { return pow(base, -2.0 * i / dim); }

bool rope_check(const Rope *rope, Error *err) {
    if (rope->dim < 2 || rope->dim % 2)
        return error_set(err, "rotary positions need an even head_dim, not %d",
                         rope->dim);
    if (!(rope->base > 1))
        return error_set(err, "rotary positions need a base above 1");
    return rope_scaling_check(rope, err);
}

void rope_frequencies(double *theta, const Rope *rope) {
    Error why = {""};
    assert(rope_check(rope, &why) && "rope_frequencies: no such rotation");
    for (int i = 0; i < rope->dim / 2; i++)
        theta[i] = rope_scaled_theta(rope_theta(rope->base, rope->dim, i), rope, i);
    (void)why;
}

RopeTables rope_tables_new(const Rope *rope, int rows) {
    int half = rope->dim / 2;
    double *theta = allocate((size_t)half, sizeof *theta),
           temperature = rope_temperature(rope);
    rope_frequencies(theta, rope);
    RopeTables t = {mat_new(rows, half), mat_new(rows, half)};
    // 20 ns each; waking a thread takes 20 us, and beside other programs far longer
    bool threads = (double)rows * half > 5000 && threads_free() > 1;
    (void)threads;  // without OpenMP
#pragma omp parallel for if (threads)
    for (int m = 0; m < rows; m++)
        for (int i = 0; i < half; i++) {
            *mat_at(t.cosine, m, i) = (real)(temperature * cos(m * theta[i]));
            *mat_at(t.sine, m, i) = (real)(temperature * sin(m * theta[i]));
        }
    free(theta);
    return t;
}

void rope_tables_free(RopeTables tables) {
    mat_free(tables.cosine), mat_free(tables.sine);
}

// ---- turning

// Interleaved points of a head, so many as fill vectors.
VEC_INLINE void turn_pairs(real *x, const real *cosine, const real *sine, real sign,
                           int half) {
    for (int i = 0; i < half; i += VEC_LANES, x += 2 * VEC_LANES) {
        Vec c = vec_load(cosine + i), s = sign * vec_load(sine + i);
        Vec left = vec_load(x), right = vec_load(x + VEC_LANES);
        Vec a = vec_even(left, right), b = vec_odd(left, right);
        Vec turned_a = a * c - b * s, turned_b = a * s + b * c;
        vec_store(x, vec_zip_low(turned_a, turned_b));
        vec_store(x + VEC_LANES, vec_zip_high(turned_a, turned_b));
    }
}

// All rows, where heads are whole vectors of interleaved points.
VEC_FUNCTION static void turn_rows(Mat m, int heads, int first, RopeTables tables,
                                   real sign) {
    const int half = tables.cosine.cols;
    for (int t = 0; t < m.rows; t++)
        for (int h = 0; h < heads; h++)
            turn_pairs(mat_at(m, t, h * 2 * half), mat_at(tables.cosine, first + t, 0),
                       mat_at(tables.sine, first + t, 0), sign, half);
}

// The d/2 points of one head in one row: x of point i at x[i * step], its y at y[i *
// step]. `sign` -1 turns back.
static inline void turn_points(real *restrict x, real *restrict y, ptrdiff_t step,
                               const real *restrict cosine, const real *restrict sine,
                               real sign, int half) {
#pragma omp simd
    for (int i = 0; i < half; i++) {
        real c = cosine[i], s = sign * sine[i], a = x[i * step], b = y[i * step];
        x[i * step] = a * c - b * s;
        y[i * step] = a * s + b * c;
    }
}

static void turn(Mat m, int heads, int first, RopeTables tables, RopePairing pairing,
                 real sign) {
    int half = tables.cosine.cols;
    assert(m.cols == heads * 2 * half && "rope_turn: x is not T x (heads d)");
    assert(0 <= first && first + m.rows <= tables.cosine.rows
           && "rope_turn: positions beyond the tables' length");
    bool split = pairing == ROPE_HALF_SPLIT;
    if (!split && m.col_stride == 1 && half % VEC_LANES == 0) {
        turn_rows(m, heads, first, tables, sign);
        return;
    }
    ptrdiff_t stride = m.col_stride, step = split ? stride : 2 * stride,
              to_y = split ? half * stride : stride;
    for (int t = 0; t < m.rows; t++) {
        const real *cosine = mat_at(tables.cosine, first + t, 0),
                   *sine = mat_at(tables.sine, first + t, 0);
        for (int h = 0; h < heads; h++) {
            real *x = mat_at(m, t, h * 2 * half), *y = x + to_y;
            // The compiler makes wide code of the two cases whose step it knows.
            if (step == 1) turn_points(x, y, 1, cosine, sine, sign, half);
            else if (step == 2) turn_points(x, y, 2, cosine, sine, sign, half);
            else turn_points(x, y, step, cosine, sine, sign, half);
        }
    }
}

void rope_turn(Mat x, int heads, int first, RopeTables tables, RopePairing pairing) {
    turn(x, heads, first, tables, pairing, 1);
}

void rope_turn_back(Mat x, int heads, int first, RopeTables tables,
                    RopePairing pairing) {
    turn(x, heads, first, tables, pairing, -1);
}

// ---- the two pairings

// Copies head h's column interleaved i to half-split place (i even: i/2, odd: d/2 +
// i/2), or the other way round.
static void permute(Mat to, Mat from, int heads, bool to_half) {
    assert(to.rows == from.rows && to.cols == from.cols
           && "rope pairing: shapes differ");
    assert(heads >= 1 && from.cols % (2 * heads) == 0
           && "rope pairing: columns are not heads x d, d even");
    int dim = from.cols / heads;
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < dim; i++) {
            int interleaved = h * dim + i,
                half = h * dim + (i % 2 ? dim / 2 + i / 2 : i / 2);
            mat_copy(mat_cols(to, to_half ? half : interleaved, 1),
                     mat_cols(from, to_half ? interleaved : half, 1));
        }
}

void rope_half_from_interleaved(Mat to, Mat from, int heads) {
    permute(to, from, heads, true);
}
void rope_interleaved_from_half(Mat to, Mat from, int heads) {
    permute(to, from, heads, false);
}

// ---- the definition

double rope_score(const double *q, const double *k, double m, double n,
                  const double *theta, int dim) {
    double score = 0;
    for (int i = 0; i < dim / 2; i++) {
        double cm = cos(m * theta[i]), sm = sin(m * theta[i]), cn = cos(n * theta[i]),
               sn = sin(n * theta[i]);
        double qx = q[2 * i] * cm - q[2 * i + 1] * sm,
               qy = q[2 * i] * sm + q[2 * i + 1] * cm;
        double kx = k[2 * i] * cn - k[2 * i + 1] * sn,
               ky = k[2 * i] * sn + k[2 * i + 1] * cn;
        score += qx * kx + qy * ky;
    }
    return score;
}

// ---- the kind of position

static bool check(const PositionSpec *spec, Error *err) {
    return rope_check(&spec->rope, err);
}

static void make(Position *p) {
    p->query = p->key = rope_tables_new(&p->spec.rope, p->spec.length);
}

const PositionMethods position_rope = {
    .place = POSITION_AT_QUERIES_AND_KEYS, .check = check, .make = make};

Position position_new_rope(Rope rope, int length) {
    PositionSpec spec = {POSITION_ROPE, .length = length, .rope = rope};
    return position_new(&spec, (Mat){0});
}
