// Problem 5: a bounded error.
#include <math.h>

#include "ch06_flash/homework/grade.h"

static const double TOLERANCE = 1e-12;

// ---- a factor for each column

enum { ROWS = 3, COLS = 3 };
// No number is near a step or half of one: other ways to divide round alike.
static const double KEYS[ROWS * COLS] = {0.503, -20,   0.1, -1.27, 12.5,
                                         0.3,   0.807, 7,   -0.2},
                                ZEROS[ROWS * COLS] = {0.503, 0,     0.1, -1.27, 0,
                                                      0.3,   0.807, 0,   -0.2};

typedef enum {
    COLUMN_RIGHT,
    COLUMN_MIXED,   // row c's factor for column c
    COLUMN_ROWS,    // a factor for each row
    COLUMN_ONE,     // one for all
    COLUMN_128,     // largest / 128
    COLUMN_SIGNED,  // the largest number, not the largest size
    COLUMN_CUT,     // towards zero
    COLUMN_FLOOR,   // downwards
} ColumnRule;

static double largest_by(ColumnRule rule, const double *x, int c, int row) {
    double most = rule == COLUMN_SIGNED ? -INFINITY : 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++) {
            bool of_row = rule == COLUMN_ROWS || rule == COLUMN_MIXED;
            if (of_row ? i != row : rule != COLUMN_ONE && j != c) continue;
            double size = x[i * COLS + j];
            most = fmax(most, rule == COLUMN_SIGNED ? size : fabs(size));
        }
    return most;
}

// Factors, then codes.
static void columns_by(int rule, const void *of, double *to) {
    const double *x = of;
    for (int c = 0; c < COLS; c++)
        to[c] =
            largest_by((ColumnRule)rule, x, c, c) / (rule == COLUMN_128 ? 128 : 127);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < COLS; c++) {
            double factor = to[rule == COLUMN_ROWS ? i : c],
                   code = factor != 0 ? x[i * COLS + c] / factor : 0;
            to[COLS + i * COLS + c] = rule == COLUMN_CUT     ? trunc(code)
                                      : rule == COLUMN_FLOOR ? floor(code)
                                                             : rint(code);
            if (rule == COLUMN_128 || rule == COLUMN_SIGNED || rule == COLUMN_MIXED)
                to[COLS + i * COLS + c] = (signed char)(long)rint(code);
        }
}

static const Slip COLUMN_SLIPS[] = {
    {COLUMN_MIXED, "rows-read",
     "the factor of column c is made of row c: column c has x[i * cols + c]"},
    {COLUMN_ROWS, "by-row", "each row has a factor: each column should"},
    {COLUMN_ONE, "one-factor", "all columns have the same factor: each has its own"},
    {COLUMN_128, "by-128",
     "the codes go from -127 to 127: the factor is largest / 127"},
    {COLUMN_SIGNED, "signed-largest",
     "the largest size is wanted: -20 is larger than 12"},
    {COLUMN_CUT, "towards-zero",
     "a conversion to a whole number cuts its fraction off: round first"},
    {COLUMN_FLOOR, "downwards", "rounded down: to the nearest"},
};

static void columns(const double *x, double got[COLS + ROWS * COLS]) {
    signed char room[ROWS * COLS] = {7};
    double factors[COLS] = {7, 7, 7};
    signed char *codes = grade_guarded("codes", room, sizeof room);
    double *to = grade_guarded("factors", factors, sizeof factors);
    quantise_columns(grade_guarded("x", x, sizeof KEYS), ROWS, COLS, codes, to);
    for (int c = 0; c < COLS; c++) got[c] = to[c];
    for (int i = 0; i < ROWS * COLS; i++) got[COLS + i] = codes[i];
}

static void check_columns(Grade *g) {
    double got[COLS + ROWS * COLS];
    columns(KEYS, got);
    grade_numbers(g, 5, "3 factors and 9 codes", got, COLS + ROWS * COLS, TOLERANCE,
                  columns_by, KEYS, COLUMN_SLIPS, COUNT_OF(COLUMN_SLIPS));
}
static void check_zeros(Grade *g) {
    double got[COLS + ROWS * COLS];
    columns(ZEROS, got);
    grade_mistake(g, got[COLS + 1] != 0 || isnan(got[1]), "zero-column",
                  "a column of zeros: 0/0 is NaN, and its code anything");
    grade_numbers(g, 1, "a column of zeros: 3 factors and 9 codes", got,
                  COLS + ROWS * COLS, TOLERANCE, columns_by, ZEROS, COLUMN_SLIPS,
                  COUNT_OF(COLUMN_SLIPS));
}

// ---- from the least to the largest

enum { N = 6 };
static const double VALUES[N] = {2.5, 3.005, 7.6, 4.093, 5.274, 6.907},
                    EQUAL[N] = {-3.5, -3.5, -3.5, -3.5, -3.5, -3.5};

typedef enum {
    RANGE_RIGHT,
    RANGE_256,        // 256 steps
    RANGE_SYMMETRIC,  // from 0
    RANGE_CUT,        // fractions cut off
    RANGE_NO_LEAST,   // x / step
    RANGE_SIGNED,     // codes from -128
} RangeRule;

static void range_by(int rule, const void *of, double *to) {
    const double *x = of;
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < N; i++) least = fmin(least, x[i]), most = fmax(most, x[i]);
    if (rule == RANGE_SYMMETRIC) least = 0;
    double step = (most - least) / (rule == RANGE_256 ? 256 : 255);
    to[0] = least, to[1] = step;
    for (int i = 0; i < N; i++) {
        double code =
            step > 0 ? (x[i] - (rule == RANGE_NO_LEAST ? 0 : least)) / step : 0;
        code = rule == RANGE_CUT ? floor(code) : rint(code);
        if (rule == RANGE_SIGNED) code -= 128;
        to[2 + i] = (unsigned char)(long)code;
    }
}

static void check_range_of(Grade *g, int points, const char *what, const double *x) {
    static const Slip slips[] = {
        {RANGE_256, "steps-256", "256 codes have 255 steps between them"},
        {RANGE_SYMMETRIC, "from-zero",
         "the range begins at the least number, not at 0"},
        {RANGE_CUT, "range-cut", "the fraction was cut off: round to the nearest"},
        {RANGE_NO_LEAST, "least-not-subtracted",
         "codes count steps from the least number: subtract it"},
        {RANGE_SIGNED, "signed-codes", "codes begin at 0, not at -128"},
    };
    unsigned char room[N] = {7};
    unsigned char *codes = grade_guarded("codes", room, sizeof room);
    Scaling s = quantise_range(grade_guarded("x", x, sizeof VALUES), N, codes);
    double got[2 + N] = {s.least, s.step};
    for (int i = 0; i < N; i++) got[2 + i] = codes[i];
    grade_mistake(g, x == EQUAL && (got[1] != 0 || got[2] != 0), "equal-numbers",
                  "equal numbers: the step is 0, and 0/0 no code");
    grade_numbers(g, points, what, got, 2 + N, TOLERANCE, range_by, x, slips,
                  COUNT_OF(slips));
}

static void check_range(Grade *g) {
    check_range_of(g, 4, "least, step and 6 codes", VALUES);
}
static void check_equal(Grade *g) {
    check_range_of(g, 1, "six equal numbers: least, step and codes", EQUAL);
}

// ---- a score's error

static const double QUERY[] = {0.5, -2, 1.5, 0.25}, FACTORS[] = {0.01, 0.002, 0, 0.04},
                    SCALE = 0.25;

typedef enum {
    SCORE_RIGHT,
    SCORE_WHOLE_STEP,  // a step, not half of one
    SCORE_SIGNED,      // q_c, not |q_c|
    SCORE_ROOT,        // root of the sum of squares: typical, no bound
    SCORE_NO_SCALE,
    SCORE_LARGEST,  // the largest term
} ScoreRule;

static void score_by(int rule, const void *of, double *to) {
    (void)of;
    double sum = 0, squares = 0, most = 0;
    for (int c = 0; c < COUNT_OF(QUERY); c++) {
        double term = QUERY[c] * FACTORS[c] / (rule == SCORE_WHOLE_STEP ? 1 : 2);
        if (rule != SCORE_SIGNED) term = fabs(term);
        sum += term, squares += term * term, most = fmax(most, term);
    }
    *to = (rule == SCORE_NO_SCALE ? 1 : SCALE)
          * (rule == SCORE_ROOT      ? sqrt(squares)
             : rule == SCORE_LARGEST ? most
                                     : sum);
}

static void check_score(Grade *g) {
    static const Slip slips[] = {
        {SCORE_WHOLE_STEP, "whole-step", "rounding is off by half a step at most"},
        {SCORE_SIGNED, "signed-errors",
         "errors have any sign: at worst all push the same way, |q_c|"},
        {SCORE_ROOT, "root-of-squares",
         "a root of squares is what is usual, not the most that is possible"},
        {SCORE_NO_SCALE, "no-scale", "a score is scale q . k"},
        {SCORE_LARGEST, "largest-only", "the errors of all columns add up"},
    };
    double got = score_bound(grade_guarded("q", QUERY, sizeof QUERY),
                             grade_guarded("factors", FACTORS, sizeof FACTORS),
                             COUNT_OF(QUERY), SCALE);
    grade_numbers(g, 4, "the bound of a score's error", &got, 1, TOLERANCE, score_by,
                  NULL, slips, COUNT_OF(slips));
}

// ---- an output's

static const double P[] = {0.5, 0.25, 0.125, 0.125}, V[] = {1, -3, 2, 0.5};

typedef struct {
    double off, value_off;
} Errors;

typedef enum {
    OUTPUT_RIGHT,
    OUTPUT_ONCE,       // e^off - 1: the row's sum moves too
    OUTPUT_LINEAR,     // 2 off: to first order, no bound
    OUTPUT_FROM_ZERO,  // |v_j|, not |v_j - o|
    OUTPUT_SIGNED,     // without the absolute value: 0
    OUTPUT_PLAIN,      // not weighted
    OUTPUT_INSIDE,     // value_off is multiplied too
    OUTPUT_EXP,        // e^(2 off), without - 1
    OUTPUT_NO_VALUE,   // value_off forgotten
} OutputRule;

static void output_by(int rule, const void *of, double *to) {
    const Errors *e = of;
    double o = 0, spread = 0;
    for (int j = 0; j < COUNT_OF(P); j++) o += P[j] * V[j];
    for (int j = 0; j < COUNT_OF(P); j++) {
        double away = V[j] - (rule == OUTPUT_FROM_ZERO ? 0 : o);
        if (rule != OUTPUT_SIGNED) away = fabs(away);
        spread += (rule == OUTPUT_PLAIN ? 1 : P[j]) * away;
    }
    double factor = expm1((rule == OUTPUT_ONCE ? 1 : 2) * e->off);
    if (rule == OUTPUT_LINEAR) factor = 2 * e->off;
    if (rule == OUTPUT_EXP) factor++;
    if (rule == OUTPUT_INSIDE) spread += e->value_off, spread -= e->value_off / factor;
    *to = factor * spread + (rule == OUTPUT_NO_VALUE ? 0 : e->value_off);
}

static double output_of(Errors e) {
    return output_bound(grade_guarded("p", P, sizeof P),
                        grade_guarded("v", V, sizeof V), COUNT_OF(P), e.off,
                        e.value_off);
}

static void check_output(Grade *g) {
    static const Slip slips[] = {
        {OUTPUT_ONCE, "off-once",
         "e^s may grow by e^off while the sum shrinks by it: e^(2 off)"},
        {OUTPUT_LINEAR, "first-order",
         "2 off is e^(2 off) - 1 to first order: no bound"},
        {OUTPUT_FROM_ZERO, "from-zero-value",
         "what all weights share cancels: distances are from o, not from 0"},
        {OUTPUT_SIGNED, "spread-zero",
         "sum p (v - o) is 0: the distances' absolute values are summed"},
        {OUTPUT_PLAIN, "not-weighted", "a distance counts with its weight p_j"},
        {OUTPUT_INSIDE, "value-multiplied",
         "value_off is added as it is: weights that sum to 1 do not enlarge it"},
        {OUTPUT_EXP, "no-minus-one",
         "exact scores have no error: the factor is e^(2 off) - 1"},
        {OUTPUT_NO_VALUE, "no-value-error",
         "the values are off too: value_off is added"},
    };
    Errors e = {0.125, 0.0625};
    double got = output_of(e);
    grade_numbers(g, 4, "the bound of an output's error", &got, 1, TOLERANCE, output_by,
                  &e, slips, COUNT_OF(slips));
}

static void check_output_small(Grade *g) {
    Errors e = {1e-14, 0};
    double got = output_of(e), want;
    output_by(OUTPUT_RIGHT, &e, &want);
    bool good = fabs(got - want) <= 1e-11 * want;
    grade_mistake(g, !good && fabs(got - want) < 0.005 * want, "cancels",
                  "e^x - 1 loses all digits where x is small: C has a function for it");
    grade_expect(g, 1, good, "with off = 1e-14 the bound is %.9g, should be %.9g", got,
                 want);
}

void check_bounds(Grade *g) {
    grade_part(g, check_columns(g));
    grade_part(g, check_zeros(g));
    grade_part(g, check_range(g));
    grade_part(g, check_equal(g));
    grade_part(g, check_score(g));
    grade_part(g, check_output(g));
    grade_part(g, check_output_small(g));
}
