// Problem 5: lengths and directions.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-9;

enum { ROWS = 3, COLS = 2, RANK = 4, SIZE = ROWS * COLS };
enum { BEFORE = 9 };  // what is in an array that is to be written
// Neither rows nor runs of three have the columns' lengths.
static const double V[SIZE] = {1, -2, 2, 0.75, -1.5, 0.5}, M[COLS] = {1.5, 0.5},
                    DW[SIZE] = {0.5, 1, -1, 2, 0.25, -0.75};

typedef enum {
    DORA_RIGHT,
    DORA_ROWS,       // rows' norms for columns'
    DORA_SQUARED,    // divided by |v|^2
    DORA_NO_NORM,    // not divided
    DORA_NO_M,       // lengths are not used
    DORA_SUM,        // the sum of absolute values for the norm
    DORA_OF_W,       // dm: against w, not against the direction
    DORA_DV_OTHER,   // the norm a constant where it is not, and the reverse
    DORA_DV_PLUS,    // what is along v is added
    DORA_DV_UNIT,    // v, not the direction, is taken away
    DORA_DV_PLAIN,   // dw
    DORA_ROOT_MEAN,  // the root of the mean square
    DORA_LARGEST,    // the largest size
    DORA_TIMES,      // times the norm
    DORA_INVERSE,    // norm / m
    DORA_WHOLE,      // one norm for the matrix
    DORA_ADDED,      // v / |v| + m
    DORA_M_ROW,      // the length of row i, or i modulo the columns
    DORA_SUM_DW,     // dm: the sum of dw
    DORA_MEAN,       // dm: a mean over rows
    DORA_BY_M,       // dm: divided by m
    DORA_SIGN,       // dm
    DORA_KEPT,       // dm, dv: added to what was there
    DORA_DV_TIMES,   // |v| where 1 / |v| belongs, in the part along v
    DORA_DV_SQUARE,  // one division by |v| too many there
    DORA_DV_M,       // m there once more
    DORA_DV_PART,    // the direction is missing there
    DORA_DV_ALONE,   // the part along v alone
    DORA_DV_DW,      // the part along dw
    DORA_INDEX,      // element (i, j) at [j * rows + i], in the norm
    DORA_RUNNING,    // squares of the columns before it too
    DORA_LAST_ROW,   // dm: only the last row's term
    DORA_FIRST_ROW,  // only the first row's
    DORA_DV_FEW,     // the part along v without m
    DORA_DV_OWN,     // dw_ij u_ij^2: not summed over the column
    DORA_DV_NO_V,    // along / |v|, v is missing
    DORA_DV_UNTIL,   // dw . u is summed up to row i only
} DoraRule;

// |v_j|, or what a mistake takes for it at (i, j).
static double norm_by(DoraRule rule, int i, int j) {
    double squares = 0, sum = 0, largest = 0, all = 0;
    int count = rule == DORA_ROWS ? COLS : ROWS;
    for (int k = 0; k < count; k++) {
        double x = rule == DORA_ROWS ? V[i * COLS + k] : V[k * COLS + j];
        if (rule == DORA_INDEX) x = V[j * ROWS + k];
        squares += x * x, sum += fabs(x), largest = fmax(largest, fabs(x));
    }
    for (int k = 0; k < SIZE && rule == DORA_RUNNING; k++)
        if (k % COLS < j) squares += V[k] * V[k];
    for (int k = 0; k < SIZE; k++) all += V[k] * V[k];
    switch (rule) {
        case DORA_SQUARED: return squares;
        case DORA_SUM: return sum;
        case DORA_NO_NORM: return 1;
        case DORA_ROOT_MEAN: return sqrt(squares / count);
        case DORA_LARGEST: return largest;
        case DORA_TIMES: return 1 / sqrt(squares);
        case DORA_WHOLE: return sqrt(all);
        default: return sqrt(squares);
    }
}

static void weights_by(int rule, const void *of, double *to) {
    (void)of;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++) {
            double norm = norm_by((DoraRule)rule, i, j),
                   m = rule == DORA_NO_M    ? 1
                       : rule == DORA_M_ROW ? M[i % COLS]
                                            : M[j],
                   v = V[i * COLS + j];
            to[i * COLS + j] = rule == DORA_INVERSE ? v * norm / m
                               : rule == DORA_ADDED ? v / norm + m
                               : rule == DORA_KEPT  ? BEFORE + m * v / norm
                                                    : m * v / norm;
        }
}

static const Slip WEIGHT_SLIPS[] = {
    {DORA_ROWS, "rows", "these are the rows' norms: a column makes an output"},
    {DORA_SQUARED, "squared", "divided by |v|^2: the root is missing"},
    {DORA_NO_NORM, "no-norm", "the columns are not divided by their lengths"},
    {DORA_NO_M, "no-lengths", "the lengths m are not used: all columns have length 1"},
    {DORA_SUM, "sum",
     "divided by a sum of absolute values: a length is the root of squares"},
    {DORA_ROOT_MEAN, "root-mean-square",
     "divided by the root of the mean square: a length is the root of the sum"},
    {DORA_LARGEST, "largest",
     "divided by the largest size in the column, not its length"},
    {DORA_TIMES, "times-norm", "multiplied by |v|: divided by it"},
    {DORA_INVERSE, "m-inverted", "|v| / m is upside down: m / |v|"},
    {DORA_WHOLE, "whole-matrix",
     "one length for the whole matrix: each column has its own"},
    {DORA_M_ROW, "m-by-row", "m[i] for m[j]: column j has the length m_j"},
    {DORA_INDEX, "norm-index",
     "the length is not that of a column: element (i, j) of v is v[i * cols + j]"},
    {DORA_RUNNING, "norm-not-begun-anew",
     "the columns before it are in the length too: its sum begins with 0 for each "
     "column"},
    {DORA_ADDED, "m-added", "m was added: it multiplies"},
    {DORA_KEPT, "added-to", "written, not added to what was there"},
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
    int end = rule == DORA_FIRST_ROW ? 1 : ROWS;
    for (int i = rule == DORA_LAST_ROW ? ROWS - 1 : 0; i < end; i++) {
        double v = rule == DORA_SUM_DW ? 1 : V[i * COLS + j] / norm_by(rule, i, j);
        sum += DW[i * COLS + j] * v;
    }
    if (rule == DORA_MEAN) sum /= ROWS;
    if (rule == DORA_BY_M) sum /= M[j];
    return rule == DORA_OF_W ? sum * M[j] : rule == DORA_SIGN ? -sum : sum;
}

static void lengths_by(int rule, const void *of, double *to) {
    (void)of;
    for (int j = 0; j < COLS; j++)
        to[j] = along_by((DoraRule)rule, j) + (rule == DORA_KEPT ? BEFORE : 0);
}

static const Slip LENGTH_SLIPS[] = {
    {DORA_OF_W, "against-w",
     "w moves with m along the direction v / |v|, not along w itself"},
    {DORA_NO_NORM, "dm-no-norm", "w moves with m along v / |v|, not along v"},
    {DORA_SQUARED, "dm-squared", "divided by |v|^2: the direction is v / |v|"},
    {DORA_ROWS, "dm-rows", "these are the rows' norms: a column makes an output"},
    {DORA_TIMES, "dm-times-norm",
     "multiplied by |v|: w moves with m along the direction v / |v|"},
    {DORA_SUM_DW, "dm-sum",
     "the column's gradients were added up: each counts with its part of the "
     "direction, "
     "v / |v|"},
    {DORA_MEAN, "dm-mean", "a mean over the rows: m moves them all, it is the sum"},
    {DORA_BY_M, "dm-by-m", "divided by m: w / m is the direction v / |v| already"},
    {DORA_SIGN, "dm-sign", "with the sign turned"},
    {DORA_FIRST_ROW, "dm-first-row",
     "only the first row's term is left: the terms of a column are added up"},
    {DORA_LAST_ROW, "dm-last-row",
     "only the last row's term is left: the terms of a column are added up"},
    {DORA_INDEX, "dm-norm-index",
     "the length is not that of a column: element (i, j) of v is v[i * cols + j]"},
    {DORA_RUNNING, "dm-not-begun-anew",
     "the columns before it are in the length too: its sum begins with 0 for each "
     "column"},
    {DORA_KEPT, "dm-added-to", "written, not added to what was there"},
};

// What is taken away from dw_ij: its part along v_j.
static double part_by(DoraRule rule, int i, int j) {
    double norm = norm_by(DORA_RIGHT, 0, j), along = along_by(DORA_RIGHT, j),
           v = V[i * COLS + j];
    switch (rule) {
        case DORA_DV_PLUS: return -along * v / norm;
        case DORA_DV_UNIT: return along * v;
        case DORA_DV_TIMES: return along * v * norm;
        case DORA_DV_SQUARE: return along * v / (norm * norm);
        case DORA_DV_M: return along * M[j] * v / norm;
        case DORA_DV_PART: return along;
        case DORA_DV_DW: return along * DW[i * COLS + j] / norm;
        case DORA_DV_FEW: return along * v / norm / M[j];
        case DORA_DV_OWN: return DW[i * COLS + j] * v * v / (norm * norm);
        case DORA_DV_NO_V: return along / norm;
        case DORA_DV_UNTIL:
            along = 0;
            for (int k = 0; k <= i; k++) along += DW[k * COLS + j] * V[k * COLS + j];
            return along / norm * v / norm;
        default: return along * v / norm;
    }
}

static void slopes_by(int rule, const void *of, double *to) {
    bool constant = *(const bool *)of != (rule == DORA_DV_OTHER);
    for (int j = 0; j < COLS; j++) {
        bool other = rule == DORA_INDEX || rule == DORA_RUNNING;
        double norm = norm_by(other ? (DoraRule)rule : DORA_RIGHT, 0, j),
               factor = M[j] / norm;
        if (rule == DORA_NO_M) factor = 1 / norm;
        if (rule == DORA_NO_NORM) factor = M[j];
        if (rule == DORA_SQUARED) factor = M[j] / (norm * norm);
        if (rule == DORA_TIMES) factor = M[j] * norm;
        if (rule == DORA_INVERSE) factor = norm / M[j];
        if (rule == DORA_DV_PLAIN) factor = 1;
        for (int i = 0; i < ROWS; i++) {
            if (rule == DORA_M_ROW) factor = M[i % COLS] / norm;
            double take = constant ? 0 : part_by((DoraRule)rule, i, j),
                   dw = rule == DORA_DV_ALONE ? 0 : DW[i * COLS + j];
            to[i * COLS + j] = factor * (dw - take) + (rule == DORA_KEPT ? BEFORE : 0);
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
    {DORA_SQUARED, "dv-squared", "dw / dv has the factor m / |v|, not m / |v|^2"},
    {DORA_TIMES, "dv-times-norm", "dw / dv has the factor m / |v|, not m |v|"},
    {DORA_INVERSE, "dv-inverted", "dw / dv has the factor m / |v|, not |v| / m"},
    {DORA_DV_TIMES, "along-times",
     "the part along v is (dw . u) u with u = v / |v|: divided by |v|, not multiplied"},
    {DORA_DV_SQUARE, "along-squared",
     "the part along v is (dw . u) u with u = v / |v|: one division by |v| too many"},
    {DORA_DV_M, "along-m",
     "the part along v is (dw . u) u: m is in the factor before it already"},
    {DORA_DV_PART, "along-no-direction",
     "the part along v is (dw . u) u: the vector u is missing"},
    {DORA_DV_ALONE, "along-alone",
     "the part along v alone: it is taken away from dw, which is missing"},
    {DORA_DV_DW, "along-dw", "the part is along v, not along dw: (dw . u) u"},
    {DORA_DV_FEW, "along-without-m",
     "what is taken away has the factor m / |v| too: m is missing there"},
    {DORA_DV_OWN, "along-not-summed",
     "dw . u is a sum over the whole column: here each element has its own term "
     "alone"},
    {DORA_DV_NO_V, "along-no-direction",
     "the part along v is (dw . u) u: in the second u, v / |v|, v is missing"},
    {DORA_DV_UNTIL, "along-not-complete",
     "dw . u was still being summed up when it was used: it needs a loop of its own, "
     "before"},
    {DORA_M_ROW, "dv-m-by-row", "m[i] for m[j]: column j has the length m_j"},
    {DORA_INDEX, "dv-norm-index",
     "the length is not that of a column: element (i, j) of v is v[i * cols + j]"},
    {DORA_RUNNING, "dv-not-begun-anew",
     "the columns before it are in the length too: its sum begins with 0 for each "
     "column"},
    {DORA_KEPT, "dv-added-to", "written, not added to what was there"},
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

// A rank that is neither rows nor columns.
static const double A[ROWS * RANK] = {1, 2, 0.5, -1, 0, 3, -2, 0.25, 1.5, -0.5, 4, 1},
                             B[RANK * COLS] = {2, -1, 0.5, 1.5, -3, 0.75, 1, 0.25},
                             S = 3;

typedef enum {
    ADAPTER_RIGHT,
    ADAPTER_NO_SCALE,
    ADAPTER_SQUARED_SCALE,
    ADAPTER_RANK,        // divided by the rank once more
    ADAPTER_TRANSPOSED,  // B for its transpose, and A
    ADAPTER_BY_SCALE,    // divided by s
    ADAPTER_LAST,        // = for +=
    ADAPTER_RUNNING,     // a row's sum goes on into its next number
    ADAPTER_ACROSS,      // written column after column
} AdapterRule;

static double scale_by(int rule) {
    return rule == ADAPTER_NO_SCALE        ? 1
           : rule == ADAPTER_SQUARED_SCALE ? S * S
           : rule == ADAPTER_RANK          ? S / RANK
           : rule == ADAPTER_BY_SCALE      ? 1 / S
                                           : S;
}

static void a_by(int rule, const void *of, double *to) {
    (void)of;
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int k = 0; k < RANK; k++) {
            if (rule != ADAPTER_RUNNING) sum = 0;
            for (int j = rule == ADAPTER_LAST ? COLS - 1 : 0; j < COLS; j++)
                sum +=
                    DW[i * COLS + j]
                    * (rule == ADAPTER_TRANSPOSED ? B[j * RANK + k] : B[k * COLS + j]);
            to[rule == ADAPTER_ACROSS ? k * ROWS + i : i * RANK + k] =
                scale_by(rule) * sum;
        }
    }
}

static void b_by(int rule, const void *of, double *to) {
    (void)of;
    for (int k = 0; k < RANK; k++) {
        double sum = 0;
        for (int j = 0; j < COLS; j++) {
            if (rule != ADAPTER_RUNNING) sum = 0;
            for (int i = rule == ADAPTER_LAST ? ROWS - 1 : 0; i < ROWS; i++)
                sum +=
                    DW[i * COLS + j]
                    * (rule == ADAPTER_TRANSPOSED ? A[k * ROWS + i] : A[i * RANK + k]);
            to[rule == ADAPTER_ACROSS ? j * RANK + k : k * COLS + j] =
                scale_by(rule) * sum;
        }
    }
}

static const Slip ADAPTER_SLIPS[] = {
    {ADAPTER_NO_SCALE, "no-scale", "v = w0 + s a b: the factor s is missing"},
    {ADAPTER_SQUARED_SCALE, "scale-twice", "the factor s is there twice"},
    {ADAPTER_RANK, "rank", "s is alpha / r already: not divided by r once more"},
    {ADAPTER_TRANSPOSED, "transposed",
     "an index is exchanged: da = s dv b^T, db = s a^T dv"},
    {ADAPTER_BY_SCALE, "divided-by-scale", "divided by s: v = w0 + s a b, so times s"},
    {ADAPTER_LAST, "last-term",
     "only the last term is left: each number is a sum of products, add them up"},
    {ADAPTER_RUNNING, "sum-not-begun-anew",
     "a sum goes on into the next number of its row: it begins with 0 for each"},
    {ADAPTER_ACROSS, "written-across",
     "written column after column: da has a's shape, db b's, row after row"},
};

static void adapters(double *da, double *db) {
    double nothing[ROWS * RANK];
    for (int i = 0; i < ROWS * RANK; i++) nothing[i] = BEFORE;
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
    grade_written(g, da, ROWS * RANK, TOLERANCE, a_by, NULL, BEFORE);
    grade_numbers(g, 3, "the gradient of a", da, ROWS * RANK, TOLERANCE, a_by, NULL,
                  ADAPTER_SLIPS, COUNT_OF(ADAPTER_SLIPS));
}
static void check_b(Grade *g) {
    double da[ROWS * RANK], db[RANK * COLS];
    adapters(da, db);
    grade_written(g, db, RANK * COLS, TOLERANCE, b_by, NULL, BEFORE);
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
