// Problem 5: lengths and directions.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-9;

enum { ROWS = 3, COLS = 2, RANK = 2, SIZE = ROWS * COLS };
static const double V[SIZE] = {1, -2, 2, 1, -2, 0.5}, M[COLS] = {1.5, 0.5},
                    DW[SIZE] = {0.5, 1, -1, 2, 0.25, -0.75};

typedef enum {
    DORA_RIGHT,
    DORA_ROWS,      // rows' norms for columns'
    DORA_SQUARED,   // divided by |v|^2
    DORA_NO_NORM,   // not divided
    DORA_NO_M,      // lengths are not used
    DORA_SUM,       // the sum of absolute values for the norm
    DORA_OF_W,      // dm: against w, not against the direction
    DORA_DV_OTHER,  // the norm a constant where it is not, and the reverse
    DORA_DV_PLUS,   // what is along v is added
    DORA_DV_UNIT,   // v, not the direction, is taken away
    DORA_DV_PLAIN,  // dw
} DoraRule;

// |v_j|, or what a mistake takes for it at (i, j).
static double norm_by(DoraRule rule, int i, int j) {
    double squares = 0, sum = 0;
    for (int k = 0; k < (rule == DORA_ROWS ? COLS : ROWS); k++) {
        double x = rule == DORA_ROWS ? V[i * COLS + k] : V[k * COLS + j];
        squares += x * x, sum += fabs(x);
    }
    if (rule == DORA_SQUARED) return squares;
    if (rule == DORA_SUM) return sum;
    return rule == DORA_NO_NORM ? 1 : sqrt(squares);
}

static void weights_by(int rule, const void *of, double *to) {
    (void)of;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++)
            to[i * COLS + j] = (rule == DORA_NO_M ? 1 : M[j]) * V[i * COLS + j]
                               / norm_by((DoraRule)rule, i, j);
}

static const Slip WEIGHT_SLIPS[] = {
    {DORA_ROWS, "rows", "these are the rows' norms: a column makes an output"},
    {DORA_SQUARED, "squared", "divided by |v|^2: the root is missing"},
    {DORA_NO_NORM, "no-norm", "the columns are not divided by their lengths"},
    {DORA_NO_M, "no-lengths", "the lengths m are not used: all columns have length 1"},
    {DORA_SUM, "sum",
     "divided by a sum of absolute values: a length is the root of squares"},
};

static void check_weights(Grade *g) {
    double nothing[SIZE] = {9, 9, 9, 9, 9, 9};
    double *w = grade_guarded("w", nothing, sizeof nothing);
    dora_weights(grade_guarded("v", V, sizeof V), grade_guarded("m", M, sizeof M), ROWS,
                 COLS, w);
    grade_numbers(g, 4, "the weights of a 3 x 2 layer", w, SIZE, TOLERANCE, weights_by,
                  NULL, WEIGHT_SLIPS, COUNT_OF(WEIGHT_SLIPS));
}

// ---- gradients

// sum_i dw_ij v_ij / |v_j|
static double along_by(DoraRule rule, int j) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++)
        sum += DW[i * COLS + j] * V[i * COLS + j] / norm_by(rule, i, j);
    return rule == DORA_OF_W ? sum * M[j] : sum;
}

static void lengths_by(int rule, const void *of, double *to) {
    (void)of;
    for (int j = 0; j < COLS; j++) to[j] = along_by((DoraRule)rule, j);
}

static const Slip LENGTH_SLIPS[] = {
    {DORA_OF_W, "against-w",
     "w moves with m along the direction v / |v|, not along w itself"},
    {DORA_NO_NORM, "dm-no-norm", "w moves with m along v / |v|, not along v"},
    {DORA_SQUARED, "dm-squared", "divided by |v|^2: the direction is v / |v|"},
    {DORA_ROWS, "dm-rows", "these are the rows' norms: a column makes an output"},
};

static void slopes_by(int rule, const void *of, double *to) {
    bool constant = *(const bool *)of;
    if (rule == DORA_DV_OTHER) constant = !constant;
    for (int j = 0; j < COLS; j++) {
        double norm = norm_by(DORA_RIGHT, 0, j), along = along_by(DORA_RIGHT, j),
               factor = rule == DORA_NO_M ? 1 / norm : M[j] / norm;
        for (int i = 0; i < ROWS; i++) {
            double v = V[i * COLS + j], take = constant ? 0 : along * v / norm;
            if (rule == DORA_DV_PLUS) take = -take;
            if (rule == DORA_DV_UNIT && !constant) take = along * v;
            to[i * COLS + j] = (rule == DORA_DV_PLAIN  ? 1
                                : rule == DORA_NO_NORM ? M[j]
                                                       : factor)
                               * (DW[i * COLS + j] - take);
        }
    }
}

static const Slip SLOPE_SLIPS[] = {
    {DORA_DV_OTHER, "norm-constant",
     "constant_norms: the norm is differentiated only where it is false"},
    {DORA_DV_PLUS, "added", "what is along v is taken away, not added"},
    {DORA_DV_UNIT, "no-unit",
     "the part along v is (dw . u) u with u = v / |v|: one division by |v| is missing"},
    {DORA_NO_M, "dv-no-lengths", "dw / dv has the factor m / |v|: m is missing"},
    {DORA_NO_NORM, "dv-no-norm", "dw / dv has the factor m / |v|: |v| is missing"},
    {DORA_DV_PLAIN, "no-factor", "dw / dv has the factor m / |v|"},
};

typedef struct {
    double m[COLS], v[SIZE];
} Gradients;

static Gradients gradients(bool constant) {
    Gradients to;
    double nothing[SIZE] = {9, 9, 9, 9, 9, 9};
    double *dm = grade_guarded("dm", nothing, COLS * sizeof *dm),
           *dv = grade_guarded("dv", nothing, sizeof nothing);
    dora_gradients(grade_guarded("v", V, sizeof V), grade_guarded("m", M, sizeof M),
                   grade_guarded("dw", DW, sizeof DW), ROWS, COLS, constant, dm, dv);
    for (int j = 0; j < COLS; j++) to.m[j] = dm[j];
    for (int i = 0; i < SIZE; i++) to.v[i] = dv[i];
    return to;
}

static void check_lengths(Grade *g) {
    Gradients got = gradients(false);
    grade_numbers(g, 4, "the lengths' gradient", got.m, COLS, TOLERANCE, lengths_by,
                  NULL, LENGTH_SLIPS, COUNT_OF(LENGTH_SLIPS));
}

static void check_slopes(Grade *g, int points, const char *what, bool constant) {
    Gradients got = gradients(constant);
    grade_numbers(g, points, what, got.v, SIZE, TOLERANCE, slopes_by, &constant,
                  SLOPE_SLIPS, COUNT_OF(SLOPE_SLIPS));
}
static void check_full(Grade *g) { check_slopes(g, 7, "the gradient of v", false); }
static void check_constant(Grade *g) {
    check_slopes(g, 4, "the gradient of v with constant norms", true);
}

// ---- adapters

static const double A[ROWS * RANK] = {1, 2, 0.5, -1, 0, 3},
                             B[RANK * COLS] = {2, -1, 0.5, 1.5}, S = 4;

typedef enum {
    ADAPTER_RIGHT,
    ADAPTER_NO_SCALE,
    ADAPTER_SQUARED_SCALE,
    ADAPTER_RANK,        // divided by the rank once more
    ADAPTER_TRANSPOSED,  // B for its transpose, and A
    ADAPTER_ADDED        // to what was there
} AdapterRule;
enum { BEFORE = 9 };

static double scale_by(int rule) {
    return rule == ADAPTER_NO_SCALE        ? 1
           : rule == ADAPTER_SQUARED_SCALE ? S * S
           : rule == ADAPTER_RANK          ? S / RANK
                                           : S;
}

static void a_by(int rule, const void *of, double *to) {
    (void)of;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < RANK; k++) {
            double sum = 0;
            for (int j = 0; j < COLS; j++)
                sum +=
                    DW[i * COLS + j]
                    * (rule == ADAPTER_TRANSPOSED ? B[j * COLS + k] : B[k * COLS + j]);
            to[i * RANK + k] = scale_by(rule) * sum + BEFORE * (rule == ADAPTER_ADDED);
        }
}

static void b_by(int rule, const void *of, double *to) {
    (void)of;
    for (int k = 0; k < RANK; k++)
        for (int j = 0; j < COLS; j++) {
            double sum = 0;
            for (int i = 0; i < ROWS; i++)
                sum +=
                    DW[i * COLS + j]
                    * (rule == ADAPTER_TRANSPOSED ? A[k * ROWS + i] : A[i * RANK + k]);
            to[k * COLS + j] = scale_by(rule) * sum + BEFORE * (rule == ADAPTER_ADDED);
        }
}

static const Slip ADAPTER_SLIPS[] = {
    {ADAPTER_NO_SCALE, "no-scale", "v = w0 + s a b: the factor s is missing"},
    {ADAPTER_SQUARED_SCALE, "scale-twice", "the factor s is there twice"},
    {ADAPTER_RANK, "rank", "s is alpha / r already: not divided by r once more"},
    {ADAPTER_TRANSPOSED, "transposed",
     "an index is exchanged: da = s dv b^T, db = s a^T dv"},
    {ADAPTER_ADDED, "added-to", "written, not added to what was there"},
};

static void adapters(double *da, double *db) {
    double nothing[SIZE] = {BEFORE, BEFORE, BEFORE, BEFORE, BEFORE, BEFORE};
    double *to_a = grade_guarded("da", nothing, sizeof A),
           *to_b = grade_guarded("db", nothing, sizeof B);
    dora_adapter_gradients(
        grade_guarded("dv", DW, sizeof DW), grade_guarded("a", A, sizeof A),
        grade_guarded("b", B, sizeof B), ROWS, COLS, RANK, S, to_a, to_b);
    for (int i = 0; i < ROWS * RANK; i++) da[i] = to_a[i];
    for (int i = 0; i < RANK * COLS; i++) db[i] = to_b[i];
}

static void check_a(Grade *g) {
    double da[ROWS * RANK], db[RANK * COLS];
    adapters(da, db);
    grade_numbers(g, 3, "the gradient of a", da, ROWS * RANK, TOLERANCE, a_by, NULL,
                  ADAPTER_SLIPS, COUNT_OF(ADAPTER_SLIPS));
}
static void check_b(Grade *g) {
    double da[ROWS * RANK], db[RANK * COLS];
    adapters(da, db);
    grade_numbers(g, 3, "the gradient of b", db, RANK * COLS, TOLERANCE, b_by, NULL,
                  ADAPTER_SLIPS, COUNT_OF(ADAPTER_SLIPS));
}

void check_dora(Grade *g) {
    grade_part(g, check_weights(g));
    grade_part(g, check_lengths(g));
    grade_part(g, check_full(g));
    grade_part(g, check_constant(g));
    grade_part(g, check_a(g));
    grade_part(g, check_b(g));
}
