// Problem 5: lengths and directions.
#include <math.h>
#include <string.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-9;

enum { ROWS = 3, COLS = 2, RANK = 4, SIZE = ROWS * COLS };
static const double BEFORE = 77.25;  // what is in an array that is to be written
// Neither rows nor runs of three have the columns' lengths.
#define COLUMNS \
    { 1, -2, 2, 0.75, -1.5, 0.5 }
#define UNIT_COLUMNS \
    { 0.6, 0, 0, 0.8, -0.8, 0.6 }
#define SLOPES \
    { 0.5, 1, -1, 2, 0.25, -0.75 }
typedef struct {
    double v[SIZE], m[COLS], dw[SIZE];
    bool constant;
} Layer;
static const Layer USUAL = {COLUMNS, {1.5, 0.5}, SLOPES, false},
                   CONSTANT = {COLUMNS, {1.5, 0.5}, SLOPES, true},
                   // simpler ones
    M_1 = {COLUMNS, {1, 1}, SLOPES, false},
                   M_1_CONSTANT = {COLUMNS, {1, 1}, SLOPES, true},
                   UNITS = {UNIT_COLUMNS, {1.5, 0.5}, SLOPES, false},
                   UNITS_CONSTANT = {UNIT_COLUMNS, {1.5, 0.5}, SLOPES, true},
                   M_ALIKE = {COLUMNS, {1.5, 1.5}, SLOPES, false},
                   COLUMNS_ALIKE = {{1, 1, 2, 2, -1.5, -1.5},
                                    {1.5, 0.5},
                                    SLOPES,
                                    false},
                   UNITS_M_1 = {UNIT_COLUMNS, {1, 1}, SLOPES, false},
                   LARGE = {
                       {1000, -2000, 2000, 750, -1500, 500}, {1.5, 0.5}, SLOPES, false};

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
static double norm_by(DoraRule rule, const Layer *l, int i, int j) {
    const double *v = l->v;
    double squares = 0, sum = 0, largest = 0, all = 0;
    int count = rule == DORA_ROWS ? COLS : ROWS;
    for (int k = 0; k < count; k++) {
        double x = rule == DORA_ROWS ? v[i * COLS + k] : v[k * COLS + j];
        if (rule == DORA_INDEX) x = v[j * ROWS + k];
        squares += x * x, sum += fabs(x), largest = fmax(largest, fabs(x));
    }
    for (int k = 0; k < SIZE && rule == DORA_RUNNING; k++)
        if (k % COLS < j) squares += v[k] * v[k];
    for (int k = 0; k < SIZE; k++) all += v[k] * v[k];
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
    const Layer *l = of;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++) {
            double norm = norm_by((DoraRule)rule, l, i, j),
                   m = rule == DORA_NO_M    ? 1
                       : rule == DORA_M_ROW ? l->m[i % COLS]
                                            : l->m[j],
                   v = l->v[i * COLS + j];
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

static int weights_of(const void *of, double *got) {
    const Layer *l = of;
    const double before[SIZE] = {BEFORE, BEFORE, BEFORE, BEFORE, BEFORE, BEFORE};
    double *w = grade_guarded("w", before, sizeof before);
    dora_weights(grade_guarded("v", l->v, sizeof l->v),
                 grade_guarded("m", l->m, sizeof l->m), ROWS, COLS, w);
    memcpy(got, w, sizeof before);
    return SIZE;
}

#define LAYER_CASES \
    {"only-m-1", "right where all m_j are 1: where does m stand?", &M_1}, \
        {"only-m-alike", \
         "right where all m_j are the same: which of them stands where?", &M_ALIKE}, \
        {"only-unit-columns", \
         "right where all columns of v have length 1: what is divided by |v_j|, and " \
         "how " \
         "often?", \
         &UNITS}, \
        {"only-columns-alike", \
         "right where all columns of v are the same: whose numbers are in a column's " \
         "length?", \
         &COLUMNS_ALIKE}, \
        {"only-large", \
         "right where v is 1000 times as large: is something added to the length, or " \
         "to " \
         "its square?", \
         &LARGE}, \
    { \
        "only-units", \
            "right where all columns of v have length 1 and all m_j are 1: where do " \
            "m and " \
            "|v_j| stand, and how often?", \
            &UNITS_M_1 \
    }

static void check_weights(Grade *g) {
    static const Simpler simpler[] = {LAYER_CASES};
    double got[SIZE];
    weights_of(&USUAL, got);
    grade_written(g, got, SIZE, TOLERANCE, weights_by, &USUAL, BEFORE);
    grade_numbers(g, 4, "the weights of a 3 x 2 layer", got, SIZE, TOLERANCE,
                  weights_by, &USUAL, WEIGHT_SLIPS, COUNT_OF(WEIGHT_SLIPS));
    grade_simpler(g, TOLERANCE, weights_of, weights_by, simpler, COUNT_OF(simpler));
}

// ---- gradients

// sum_i dw_ij v_ij / |v_j|
static double along_by(DoraRule rule, const Layer *l, int j) {
    double sum = 0;
    int end = rule == DORA_FIRST_ROW ? 1 : ROWS;
    for (int i = rule == DORA_LAST_ROW ? ROWS - 1 : 0; i < end; i++) {
        double v =
            rule == DORA_SUM_DW ? 1 : l->v[i * COLS + j] / norm_by(rule, l, i, j);
        sum += l->dw[i * COLS + j] * v;
    }
    if (rule == DORA_MEAN) sum /= ROWS;
    if (rule == DORA_BY_M) sum /= l->m[j];
    return rule == DORA_OF_W ? sum * l->m[j] : rule == DORA_SIGN ? -sum : sum;
}

static void lengths_by(int rule, const void *of, double *to) {
    const Layer *l = of;
    for (int j = 0; j < COLS; j++)
        to[j] = along_by((DoraRule)rule, l, j) + (rule == DORA_KEPT ? BEFORE : 0);
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
static double part_by(DoraRule rule, const Layer *l, int i, int j) {
    double norm = norm_by(DORA_RIGHT, l, 0, j), along = along_by(DORA_RIGHT, l, j),
           v = l->v[i * COLS + j];
    switch (rule) {
        case DORA_DV_PLUS: return -along * v / norm;
        case DORA_DV_UNIT: return along * v;
        case DORA_DV_TIMES: return along * v * norm;
        case DORA_DV_SQUARE: return along * v / (norm * norm);
        case DORA_DV_M: return along * l->m[j] * v / norm;
        case DORA_DV_PART: return along;
        case DORA_DV_DW: return along * l->dw[i * COLS + j] / norm;
        case DORA_DV_FEW: return along * v / norm / l->m[j];
        case DORA_DV_OWN: return l->dw[i * COLS + j] * v * v / (norm * norm);
        case DORA_DV_NO_V: return along / norm;
        case DORA_DV_UNTIL:
            along = 0;
            for (int k = 0; k <= i; k++)
                along += l->dw[k * COLS + j] * l->v[k * COLS + j];
            return along / norm * v / norm;
        default: return along * v / norm;
    }
}

static void slopes_by(int rule, const void *of, double *to) {
    const Layer *l = of;
    bool constant = l->constant != (rule == DORA_DV_OTHER);
    for (int j = 0; j < COLS; j++) {
        bool other = rule == DORA_INDEX || rule == DORA_RUNNING;
        double norm = norm_by(other ? (DoraRule)rule : DORA_RIGHT, l, 0, j),
               factor = l->m[j] / norm;
        if (rule == DORA_NO_M) factor = 1 / norm;
        if (rule == DORA_NO_NORM) factor = l->m[j];
        if (rule == DORA_SQUARED) factor = l->m[j] / (norm * norm);
        if (rule == DORA_TIMES) factor = l->m[j] * norm;
        if (rule == DORA_INVERSE) factor = norm / l->m[j];
        if (rule == DORA_DV_PLAIN) factor = 1;
        for (int i = 0; i < ROWS; i++) {
            if (rule == DORA_M_ROW) factor = l->m[i % COLS] / norm;
            double take = constant ? 0 : part_by((DoraRule)rule, l, i, j),
                   dw = rule == DORA_DV_ALONE ? 0 : l->dw[i * COLS + j];
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

// dm, then dv.
static void gradients(const Layer *l, double dm[COLS], double dv[SIZE]) {
    const double before[SIZE] = {BEFORE, BEFORE, BEFORE, BEFORE, BEFORE, BEFORE};
    double *m = grade_guarded("dm", before, COLS * sizeof *m),
           *v = grade_guarded("dv", before, sizeof before);
    dora_gradients(
        grade_guarded("v", l->v, sizeof l->v), grade_guarded("m", l->m, sizeof l->m),
        grade_guarded("dw", l->dw, sizeof l->dw), ROWS, COLS, l->constant, m, v);
    memcpy(dm, m, COLS * sizeof *m), memcpy(dv, v, sizeof before);
}
static int lengths_of(const void *of, double *got) {
    double dv[SIZE];
    gradients(of, got, dv);
    return COLS;
}
static int slopes_of(const void *of, double *got) {
    double dm[COLS];
    gradients(of, dm, got);
    return SIZE;
}

static void check_lengths(Grade *g) {
    static const Simpler simpler[] = {LAYER_CASES};
    double got[COLS];
    lengths_of(&USUAL, got);
    grade_written(g, got, COLS, TOLERANCE, lengths_by, &USUAL, BEFORE);
    grade_numbers(g, 4, "the lengths' gradient", got, COLS, TOLERANCE, lengths_by,
                  &USUAL, LENGTH_SLIPS, COUNT_OF(LENGTH_SLIPS));
    grade_simpler(g, TOLERANCE, lengths_of, lengths_by, simpler, COUNT_OF(simpler));
}

static void check_slopes(Grade *g, int points, const char *what, const Layer *l,
                         const Simpler *simpler, int count) {
    double got[SIZE];
    slopes_of(l, got);
    grade_written(g, got, SIZE, TOLERANCE, slopes_by, l, BEFORE);
    grade_numbers(g, points, what, got, SIZE, TOLERANCE, slopes_by, l, SLOPE_SLIPS,
                  COUNT_OF(SLOPE_SLIPS));
    grade_simpler(g, TOLERANCE, slopes_of, slopes_by, simpler, count);
}
static void check_full(Grade *g) {
    static const Simpler simpler[] = {LAYER_CASES,
                                      {"only-constant",
                                       "right with constant norms: what is taken away "
                                       "from dw_ij, where is m in it, and "
                                       "how often is it divided by |v_j|?",
                                       &CONSTANT}};
    check_slopes(g, 7, "the gradient of v", &USUAL, simpler, COUNT_OF(simpler));
}
static void check_constant(Grade *g) {
    static const Simpler simpler[] = {
        {"only-m-1", "right where all m_j are 1: where does m stand?", &M_1_CONSTANT},
        {"only-unit-columns",
         "right where all columns of v have length 1: what is divided by |v_j|, and "
         "how "
         "often?",
         &UNITS_CONSTANT},
        {"only-not-constant",
         "right where the norms are not constant: what is left out where they are?",
         &USUAL}};
    check_slopes(g, 4, "the gradient of v with constant norms", &CONSTANT, simpler,
                 COUNT_OF(simpler));
}

// ---- adapters

// A rank that is neither rows nor columns.
static const double A[ROWS * RANK] = {1, 2, 0.5, -1, 0, 3, -2, 0.25, 1.5, -0.5, 4, 1},
                             B[RANK * COLS] = {2, -1, 0.5, 1.5, -3, 0.75, 1, 0.25};
typedef struct {
    double s, dv[SIZE];
} Adapter;
static const Adapter TRIPLED = {3, SLOPES}, UNSCALED = {1, SLOPES},
                     DV_ALIKE = {3, {1, 1, 1, 1, 1, 1}},
                     ONE_DV = {3, {1, 0, 0, 0, 0, 0}};

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
    ADAPTER_OWN,         // a for b: [k * COLS + j]
    ADAPTER_OWN_ROW,     // a for b: [j * RANK + k]
} AdapterRule;

static double scale_by(int rule, double s) {
    return rule == ADAPTER_NO_SCALE        ? 1
           : rule == ADAPTER_SQUARED_SCALE ? s * s
           : rule == ADAPTER_RANK          ? s / RANK
           : rule == ADAPTER_BY_SCALE      ? 1 / s
                                           : s;
}

static void a_by(int rule, const void *of, double *to) {
    const Adapter *adapter = of;
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int k = 0; k < RANK; k++) {
            if (rule != ADAPTER_RUNNING) sum = 0;
            for (int j = rule == ADAPTER_LAST ? COLS - 1 : 0; j < COLS; j++)
                sum += adapter->dv[i * COLS + j]
                       * (rule == ADAPTER_TRANSPOSED ? B[j * RANK + k]
                          : rule == ADAPTER_OWN      ? A[k * COLS + j]
                          : rule == ADAPTER_OWN_ROW  ? A[j * RANK + k]
                                                     : B[k * COLS + j]);
            to[rule == ADAPTER_ACROSS ? k * ROWS + i : i * RANK + k] =
                scale_by(rule, adapter->s) * sum;
        }
    }
}

static void b_by(int rule, const void *of, double *to) {
    const Adapter *adapter = of;
    for (int k = 0; k < RANK; k++) {
        double sum = 0;
        for (int j = 0; j < COLS; j++) {
            if (rule != ADAPTER_RUNNING) sum = 0;
            for (int i = rule == ADAPTER_LAST ? ROWS - 1 : 0; i < ROWS; i++)
                sum +=
                    adapter->dv[i * COLS + j]
                    * (rule == ADAPTER_TRANSPOSED ? A[k * ROWS + i] : A[i * RANK + k]);
            to[rule == ADAPTER_ACROSS ? j * RANK + k : k * COLS + j] =
                scale_by(rule, adapter->s) * sum;
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
    {ADAPTER_OWN, "own-factor",
     "a stands where b belongs: in da is the other factor, da = s dv b^T"},
    {ADAPTER_OWN_ROW, "own-factor",
     "a stands where b belongs: in da is the other factor, da = s dv b^T"},
    {ADAPTER_ACROSS, "written-across",
     "written column after column: da has a's shape, db b's, row after row"},
};

static void adapters(const Adapter *adapter, double *da, double *db) {
    double before[ROWS * RANK];
    for (int i = 0; i < ROWS * RANK; i++) before[i] = BEFORE;
    double *to_a = grade_guarded("da", before, sizeof A),
           *to_b = grade_guarded("db", before, sizeof B);
    dora_adapter_gradients(grade_guarded("dv", adapter->dv, sizeof adapter->dv),
                           grade_guarded("a", A, sizeof A),
                           grade_guarded("b", B, sizeof B), ROWS, COLS, RANK,
                           adapter->s, to_a, to_b);
    memcpy(da, to_a, sizeof A), memcpy(db, to_b, sizeof B);
}
static int a_of(const void *of, double *got) {
    double db[RANK * COLS];
    adapters(of, got, db);
    return ROWS * RANK;
}
static int b_of(const void *of, double *got) {
    double da[ROWS * RANK];
    adapters(of, da, got);
    return RANK * COLS;
}

static void check_factor(Grade *g, const char *what,
                         int (*get)(const void *of, double *got),
                         void (*by)(int rule, const void *of, double *to)) {
    static const Simpler simpler[] = {
        {"only-s-1", "right where s is 1: where does s stand?", &UNSCALED},
        {"only-dv-alike",
         "right where all numbers of dv are the same: which of them is multiplied with "
         "which?",
         &DV_ALIKE},
        {"only-one-dv",
         "right where dv is 0 but in row 0, column 0: over which index is the sum, and "
         "does it begin with 0?",
         &ONE_DV}};
    double got[ROWS * RANK];
    int n = get(&TRIPLED, got);
    grade_written(g, got, n, TOLERANCE, by, &TRIPLED, BEFORE);
    grade_numbers(g, 3, what, got, n, TOLERANCE, by, &TRIPLED, ADAPTER_SLIPS,
                  COUNT_OF(ADAPTER_SLIPS));
    grade_simpler(g, TOLERANCE, get, by, simpler, COUNT_OF(simpler));
}
static void check_a(Grade *g) { check_factor(g, "the gradient of a", a_of, a_by); }
static void check_b(Grade *g) { check_factor(g, "the gradient of b", b_of, b_by); }

void check_dora(Grade *g) {
    grade_part(g, check_weights(g));
    grade_part(g, check_lengths(g));
    grade_part(g, check_full(g));
    grade_part(g, check_constant(g));
    grade_part(g, check_a(g));
    grade_part(g, check_b(g));
}
