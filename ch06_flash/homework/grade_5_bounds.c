// Problem 5: a bounded error.
#include <math.h>
#include <string.h>

#include "ch06_flash/homework/grade.h"

static const double TOLERANCE = 1e-12;

// ---- a factor for each column

enum { ROWS = 3, COLS = 3 };
enum { BEFORE = 7 };  // what is in an array that is to be written
// No number is near a step or half of one: other ways to divide round alike. The
// largest of a column is once in the first row, once in the second, once in the last.
static const double KEYS[ROWS * COLS] = {0.503, -20,   0.1, -1.27, 12.5,
                                         0.2,   0.807, 7,   -0.3},
                                ZEROS[ROWS * COLS] = {0.503, 0,     0.1, -1.27, 0,
                                                      0.2,   0.807, 0,   -0.3};

// Simpler ones: numbers that are codes times the factor, such whose largest is
// positive, and columns that are all the same.
static const double WHOLE_KEYS[ROWS * COLS] = {50, -127, 12.7, -127, 20,
                                               3,  80,   7,    -0.1},
                                      POSITIVE_KEYS[ROWS * COLS] = {0.503, 20,   0.1,
                                                                    1.27,  12.5, 0.2,
                                                                    0.807, 7,    0.3},
                                      KEYS_ALIKE[ROWS * COLS] = {0.503, 0.503, 0.503,
                                                                 -1.27, -1.27, -1.27,
                                                                 0.807, 0.807, 0.807};

typedef enum {
    COLUMN_RIGHT,
    COLUMN_MIXED,   // row c's factor for column c
    COLUMN_ROWS,    // a factor for each row
    COLUMN_ONE,     // one for all
    COLUMN_128,     // largest / 128
    COLUMN_SIGNED,  // the largest number, not the largest size
    COLUMN_CUT,     // towards zero
    COLUMN_FLOOR,   // downwards
    COLUMN_CEIL,
    COLUMN_255,
    COLUMN_256,
    COLUMN_PLAIN,          // the largest itself
    COLUMN_MEAN,           // the mean size
    COLUMN_ROOT,           // the root of the mean square
    COLUMN_LENGTH,         // of the sum
    COLUMN_HALF,           // + 1/2, then towards zero
    COLUMN_TIMES,          // x times the factor
    COLUMN_LEAST,          // the least size
    COLUMN_RANGE,          // from the least to the largest
    COLUMN_ACROSS,         // codes column after column
    COLUMN_INVERSE,        // 127 / largest, and x divided by it
    COLUMN_WHOLE_FACTOR,   // the largest itself, the codes are right
    COLUMN_CODES_128,      // codes up to 128
    COLUMN_CUT_LATE,       // 127 x / largest, towards zero
    COLUMN_BEFORE,         // what the factors held before counts
    COLUMN_INVERSE_TIMES,  // the same, x multiplied
    COLUMN_FIRST,          // the first row's number
    COLUMN_NOT_LAST,       // the last row is not looked at
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

// What a column's factor is made of, if not of its largest size.
static double size_by(ColumnRule rule, const double *x, int c) {
    double sum = 0, squares = 0, least = INFINITY, low = INFINITY, high = -INFINITY;
    for (int i = 0; i < ROWS; i++) {
        double v = x[i * COLS + c];
        sum += fabs(v), squares += v * v, least = fmin(least, fabs(v));
        low = fmin(low, v), high = fmax(high, v);
    }
    switch (rule) {
        case COLUMN_FIRST: return fabs(x[c]);
        case COLUMN_NOT_LAST: return fmax(fabs(x[c]), fabs(x[COLS + c]));
        case COLUMN_MEAN: return sum / ROWS;
        case COLUMN_ROOT: return sqrt(squares / ROWS);
        case COLUMN_LENGTH: return sqrt(squares);
        case COLUMN_LEAST: return least;
        case COLUMN_RANGE: return high - low;
        case COLUMN_BEFORE: return fmax(BEFORE, largest_by(rule, x, c, c));
        default: return largest_by(rule, x, c, c);
    }
}

static double divisor_by(ColumnRule rule) {
    return rule == COLUMN_128     ? 128
           : rule == COLUMN_255   ? 255
           : rule == COLUMN_256   ? 256
           : rule == COLUMN_PLAIN ? 1
                                  : 127;
}

// A code is kept in a byte: what does not fit comes back at the other end.
static double code_by(ColumnRule rule, double code) {
    bool cut = rule == COLUMN_CUT || rule == COLUMN_CUT_LATE;
    double whole = cut                    ? trunc(code)
                   : rule == COLUMN_FLOOR ? floor(code)
                   : rule == COLUMN_CEIL  ? ceil(code)
                   : rule == COLUMN_HALF  ? trunc(code + 0.5)
                                          : rint(code);
    return (signed char)(long)whole;
}

// Factors, then codes.
static void columns_by(int rule, const void *of, double *to) {
    const double *x = of;
    double whole[COLS];
    for (int c = 0; c < COLS; c++)
        to[c] = size_by((ColumnRule)rule, x, c) / divisor_by((ColumnRule)rule);
    for (int c = 0; c < COLS; c++)
        whole[c] = rule == COLUMN_WHOLE_FACTOR ? 127 * to[c] : to[c];
    bool inverse = rule == COLUMN_INVERSE || rule == COLUMN_INVERSE_TIMES;
    for (int c = 0; c < COLS; c++)
        if (inverse && to[c] > 0) to[c] = 1 / to[c];
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < COLS; c++) {
            double factor = to[rule == COLUMN_ROWS ? i : c],
                   code = factor != 0 ? x[i * COLS + c] / factor : 0;
            if (rule == COLUMN_TIMES || rule == COLUMN_INVERSE_TIMES)
                code = x[i * COLS + c] * factor;
            double most = size_by(COLUMN_RIGHT, x, c);
            if (rule == COLUMN_CODES_128 && most > 0)
                code = x[i * COLS + c] * 128 / most;
            if (rule == COLUMN_CUT_LATE && most > 0)
                code = x[i * COLS + c] * 127 / most;
            int place = rule == COLUMN_ACROSS ? c * ROWS + i : i * COLS + c;
            to[COLS + place] = code_by((ColumnRule)rule, code);
        }
    for (int c = 0; c < COLS && rule == COLUMN_WHOLE_FACTOR; c++) to[c] = whole[c];
}

static const Slip COLUMN_SLIPS[] = {
    {COLUMN_MIXED, "rows-read",
     "the factor of column c is made of row c: column c has x[i * cols + c]"},
    {COLUMN_ROWS, "by-row", "each row has a factor: each column should"},
    {COLUMN_ONE, "one-factor", "all columns have the same factor: each has its own"},
    {COLUMN_FIRST, "first-row",
     "the factor is made of the first row alone: of the largest size in the column"},
    {COLUMN_NOT_LAST, "last-row-missing",
     "the last row is not looked at where the largest size is searched"},
    {COLUMN_128, "by-128",
     "the codes go from -127 to 127: the factor is largest / 127"},
    {COLUMN_SIGNED, "signed-largest",
     "the largest size is wanted: -20 is larger than 12"},
    {COLUMN_CUT, "towards-zero",
     "a conversion to a whole number cuts its fraction off: round first"},
    {COLUMN_FLOOR, "downwards", "rounded down: to the nearest"},
    {COLUMN_CEIL, "upwards", "rounded up: to the nearest"},
    {COLUMN_255, "by-255",
     "the codes go from -127 to 127: the factor is largest / 127"},
    {COLUMN_256, "by-256",
     "the codes go from -127 to 127: the factor is largest / 127"},
    {COLUMN_PLAIN, "not-by-127",
     "the factor is the largest itself: divided by 127, so that it becomes code 127"},
    {COLUMN_MEAN, "mean-size", "the mean size: the largest one has to fit"},
    {COLUMN_ROOT, "root-mean-square",
     "a root of a mean square: the largest size has to fit"},
    {COLUMN_LENGTH, "length", "the column's length: the largest size is asked for"},
    {COLUMN_HALF, "half-towards-zero",
     "1/2 was added and the fraction cut off, which rounds negative numbers the wrong "
     "way"},
    {COLUMN_TIMES, "times-factor", "x times the factor: a code is x divided by it"},
    {COLUMN_LEAST, "least-size", "the least size: the largest one has to fit"},
    {COLUMN_RANGE, "range", "from the least to the largest: here codes lie around 0"},
    {COLUMN_ACROSS, "codes-across", "the codes lie row after row, as x does"},
    {COLUMN_INVERSE, "factor-inverse",
     "the factor is upside down: largest / 127, so that x is about code times factor"},
    {COLUMN_WHOLE_FACTOR, "factor-whole",
     "the codes are right, but the factor is the largest itself: divided by 127, so "
     "that x is about code times factor"},
    {COLUMN_CODES_128, "by-128",
     "codes go up to 127, not 128: x is divided by factors[c]"},
    {COLUMN_CUT_LATE, "towards-zero",
     "a conversion to a whole number cuts its fraction off: round first"},
    {COLUMN_BEFORE, "factors-not-begun",
     "factors[] held something before, and the largest was looked for from there on: "
     "begin with 0"},
    {COLUMN_INVERSE_TIMES, "factor-inverse",
     "the codes are right, but the factor is upside down: largest / 127, so that x is "
     "about code times factor"},
};

static void columns(const double *x, double got[COLS + ROWS * COLS]) {
    signed char room[ROWS * COLS];
    double factors[COLS] = {7, 7, 7};
    memset(room, BEFORE, sizeof room);
    signed char *codes = grade_guarded("codes", room, sizeof room);
    double *to = grade_guarded("factors", factors, sizeof factors);
    quantise_columns(grade_guarded("x", x, sizeof KEYS), ROWS, COLS, codes, to);
    for (int c = 0; c < COLS; c++) got[c] = to[c];
    for (int i = 0; i < ROWS * COLS; i++) got[COLS + i] = codes[i];
}

static int columns_of(const void *of, double *got) {
    columns(of, got);
    return COLS + ROWS * COLS;
}

static void check_columns(Grade *g) {
    static const Simpler simpler[] = {
        {"only-whole",
         "right where each x / factor is a whole number: how is one rounded that is "
         "not, "
         "above 0 and below?",
         WHOLE_KEYS},
        {"only-positive",
         "right where all numbers are above 0: what is done with a "
         "negative one, in the factor and in its code?",
         POSITIVE_KEYS},
        {"only-columns-alike",
         "right where all columns are the same: which numbers and which factor belong "
         "to "
         "a column, and where is it in x and in codes?",
         KEYS_ALIKE}};
    double got[COLS + ROWS * COLS], want[COLS + ROWS * COLS];
    grade_numbers(g, 5, "3 factors and 9 codes", got, columns_of(KEYS, got), TOLERANCE,
                  columns_by, KEYS, COLUMN_SLIPS, COUNT_OF(COLUMN_SLIPS));
    columns_by(COLUMN_RIGHT, KEYS, want);
    grade_simpler(g, TOLERANCE, columns_of, columns_by, simpler, COUNT_OF(simpler));
    grade_contrast(
        g, memcmp(got + COLS, want + COLS, sizeof want - COLS * sizeof *want) == 0,
        "only-codes",
        "the codes are right, the factors are not: x is about "
        "code times factor");
    bool factors = true;
    for (int c = 0; c < COLS; c++) factors &= fabs(got[c] - want[c]) < TOLERANCE;
    grade_contrast(
        g, factors, "only-factors",
        "the factors are right, the codes are not: what is divided by what, how "
        "is it rounded, and where is it written?");
}
static void check_zeros(Grade *g) {
    double got[COLS + ROWS * COLS];
    columns(ZEROS, got);
    grade_mistake(g, got[1] == 0 && got[COLS + 1] == BEFORE, "zero-not-written",
                  "the codes of a column of zeros were left as they were: they are "
                  "written too, 0");
    grade_mistake(g, got[1] == BEFORE, "zero-not-written",
                  "the factor of a column of zeros was left as it was: it is 0");
    grade_mistake(g, got[1] == 1 && got[COLS + 1] == 0, "zero-factor",
                  "the factor of a column of zeros is 0, as largest / 127 says, not 1");
    grade_mistake(g, got[COLS + 1] != 0 || isnan(got[1]), "zero-column",
                  "a column of zeros: 0/0 is NaN, and its code anything");
    grade_numbers(g, 1, "a column of zeros: 3 factors and 9 codes", got,
                  COLS + ROWS * COLS, TOLERANCE, columns_by, ZEROS, COLUMN_SLIPS,
                  COUNT_OF(COLUMN_SLIPS));
    static const Simpler simpler[] = {
        {"only-no-zeros",
         "right without a column of zeros: what is done with one, and with the columns "
         "after it?",
         KEYS}};
    grade_simpler(g, TOLERANCE, columns_of, columns_by, simpler, 1);
}

// ---- from the least to the largest

enum { N = 6 };
static const double VALUES[N] = {2.5, 3.005, 7.6, 4.093, 5.274, 6.907},
                    FALLING[N] = {7.6, 6.907, 5.274, 4.093, 3.005, 2.5},
                    EQUAL[N] = {-3.5, -3.5, -3.5, -3.5, -3.5, -3.5},
                    FROM_0[N] = {0, 0.505, 5.1, 1.593, 2.774, 4.407},
                    STEPS_OF_1[N] = {3, 10, 258, 77, 130, 200};

typedef enum {
    RANGE_RIGHT,
    RANGE_256,        // 256 steps
    RANGE_SYMMETRIC,  // from 0
    RANGE_CUT,        // fractions cut off
    RANGE_NO_LEAST,   // x / step
    RANGE_SIGNED,     // codes from -128
    RANGE_254,
    RANGE_127,
    RANGE_PLAIN,       // the step is the whole range
    RANGE_LARGEST,     // largest / 255
    RANGE_TOP,         // codes from the largest down
    RANGE_UP,          // rounded up
    RANGE_ZERO,        // least and largest begin at 0
    RANGE_MOST,        // `least` is the largest
    RANGE_AROUND,      // from - the largest size to it
    RANGE_TIMES,       // (x - least) step
    RANGE_FIELDS,      // least and step exchanged
    RANGE_WHOLE,       // the step is the whole range, the codes are right
    RANGE_CODES_256,   // codes up to 256
    RANGE_LEAST_ZERO,  // `least` is 0, the codes are right
} RangeRule;

static void range_by(int rule, const void *of, double *to) {
    const double *x = of;
    double least = INFINITY, most = -INFINITY;
    if (rule == RANGE_ZERO) least = most = 0;
    for (int i = 0; i < N; i++) least = fmin(least, x[i]), most = fmax(most, x[i]);
    if (rule == RANGE_SYMMETRIC) least = 0;
    double steps = rule == RANGE_256     ? 256
                   : rule == RANGE_254   ? 254
                   : rule == RANGE_127   ? 127
                   : rule == RANGE_PLAIN ? 1
                                         : 255;
    if (rule == RANGE_AROUND) most = fmax(most, -least), least = -most;
    double step = (rule == RANGE_LARGEST ? most : most - least) / steps,
           from = rule == RANGE_NO_LEAST ? 0 : least;
    to[0] = rule == RANGE_MOST ? most : least, to[1] = step;
    if (rule == RANGE_WHOLE) to[1] = 255 * step;
    if (rule == RANGE_LEAST_ZERO) to[0] = 0;
    if (rule == RANGE_FIELDS) to[0] = step, to[1] = least;
    for (int i = 0; i < N; i++) {
        double code = step > 0 ? (x[i] - from) / step : 0;
        if (rule == RANGE_TIMES) code = (x[i] - from) * step;
        if (rule == RANGE_CODES_256) code = floor(code * 256 / 255 + 0.5);
        if (rule == RANGE_TOP && step > 0) code = (most - x[i]) / step;
        code = rule == RANGE_CUT  ? floor(code)
               : rule == RANGE_UP ? ceil(code)
                                  : rint(code);
        if (rule == RANGE_SIGNED) code -= 128;
        to[2 + i] = (unsigned char)(long)code;
    }
}

static void ranged(const double *x, double got[2 + N]) {
    unsigned char room[N];
    memset(room, BEFORE, sizeof room);
    unsigned char *codes = grade_guarded("codes", room, sizeof room);
    Scaling s = quantise_range(grade_guarded("x", x, sizeof VALUES), N, codes);
    got[0] = s.least, got[1] = s.step;
    for (int i = 0; i < N; i++) got[2 + i] = codes[i];
}

static int ranged_of(const void *of, double *got) {
    ranged(of, got);
    return 2 + N;
}

// Least and step alone.
static bool is_range(const double *x) {
    double got[2 + N], want[2 + N];
    ranged(x, got), range_by(RANGE_RIGHT, x, want);
    return fabs(got[0] - want[0]) < TOLERANCE && fabs(got[1] - want[1]) < TOLERANCE;
}

static const Slip RANGE_SLIPS[] = {
    {RANGE_256, "steps-256", "256 codes have 255 steps between them"},
    {RANGE_SYMMETRIC, "from-zero",
     "the range begins at 0, not at the least number. If that was looked for from "
     "0 "
     "on: begin with x[0], or with infinities"},
    {RANGE_CUT, "range-cut", "the fraction was cut off: round to the nearest"},
    {RANGE_NO_LEAST, "least-not-subtracted",
     "codes count steps from the least number: subtract it"},
    {RANGE_SIGNED, "signed-codes", "codes begin at 0, not at -128"},
    {RANGE_254, "steps-254", "256 codes have 255 steps between them"},
    {RANGE_127, "steps-127", "codes go from 0 to 255: 255 steps, not 127"},
    {RANGE_PLAIN, "step-whole", "the step is the whole range: divided by 255"},
    {RANGE_LARGEST, "step-of-largest", "the step is (largest - least) / 255"},
    {RANGE_TOP, "from-the-top",
     "codes count steps from the least number, not from the largest"},
    {RANGE_UP, "range-up", "rounded up: to the nearest"},
    {RANGE_ZERO, "from-zero",
     "the least and the largest were looked for from 0 on: begin with x[0], or "
     "with infinities"},
    {RANGE_MOST, "least-is-largest", "`least` is the largest number"},
    {RANGE_AROUND, "range-symmetric",
     "a range around 0, with the largest size at both ends: from the least number "
     "to the largest"},
    {RANGE_WHOLE, "step-whole",
     "the codes are right, but the step is the whole range: divided by 255"},
    {RANGE_CODES_256, "steps-256", "256 codes have 255 steps between them"},
    {RANGE_LEAST_ZERO, "least-zero",
     "the codes are right, but `least` is 0: the least number is asked for"},
    {RANGE_TIMES, "range-times-step", "(x - least) times the step: divided by it"},
    {RANGE_FIELDS, "fields-exchanged",
     "`least` and `step` are exchanged: a Scaling is {least, step}"},
};

static void check_range_of(Grade *g, int points, const char *what, const double *x) {
    double got[2 + N];
    ranged(x, got);
    bool usual = x == VALUES && is_range(x);
    double falling[2 + N];
    ranged(FALLING, falling);
    if (grade_mistake(g, usual && falling[0] != FALLING[N - 1], "last-number",
                      "the last number is not looked at")
        || grade_mistake(g, usual && !is_range(FALLING), "else-if",
                         "where the largest number is the first it is not found: each "
                         "number is compared with both, without an else"))
        grade_expect(g, 0, false,
                     "six numbers that fall: least or step are others than of the same "
                     "numbers in another order");
    grade_mistake(g, x == EQUAL && fabs(got[1] - 3.5 / 255) < TOLERANCE, "from-zero",
                  "all numbers are below 0, and the largest was looked for from 0 on: "
                  "begin with x[0], or with -INFINITY");
    grade_mistake(g, x == EQUAL && is_range(VALUES) && (got[1] != 0 || got[2] != 0),
                  "equal-numbers", "equal numbers: the step is 0, and 0/0 no code");
    grade_numbers(g, points, what, got, 2 + N, TOLERANCE, range_by, x, RANGE_SLIPS,
                  COUNT_OF(RANGE_SLIPS));
    static const Simpler simpler[] = {
        {"only-steps-of-1",
         "right where the step is 1 and all numbers are whole: what is divided by the "
         "step, and how is it rounded?",
         STEPS_OF_1},
        {"only-from-0",
         "right where the least number is 0: where does `least` come in?", FROM_0},
        {"only-falling",
         "right where the largest number comes first and the least last: how are they "
         "looked for?",
         FALLING}};
    if (x == EQUAL)
        grade_contrast(
            g, is_range(VALUES), "only-different",
            "least and step are right where the numbers are not all the same: "
            "what is divided by a step of 0?");
    else grade_simpler(g, TOLERANCE, ranged_of, range_by, simpler, COUNT_OF(simpler));
    grade_contrast(
        g, is_range(x), "only-range",
        "least and step are right, the codes are not: from where, and in which "
        "unit, are they counted, how are they rounded?");
}

static void check_range(Grade *g) {
    check_range_of(g, 4, "least, step and 6 codes", VALUES);
}
static void check_equal(Grade *g) {
    check_range_of(g, 1, "six equal numbers: least, step and codes", EQUAL);
}

// ---- a score's error

enum { WIDTH = 5 };
typedef struct {
    double q[WIDTH], factors[WIDTH], scale;
} Score;
#define QUERY \
    { 0.5, -2, 1.5, 0.25, 0.75 }
#define FACTORS \
    { 0.01, 0.002, 0, 0.04, 0.03 }
static const Score USUAL = {QUERY, FACTORS, 0.375},
                   // simpler
    UNSCALED = {QUERY, FACTORS, 1},
                   POSITIVE = {{0.5, 2, 1.5, 0.25, 0.75}, FACTORS, 0.375},
                   FACTORS_ALIKE = {QUERY, {0.02, 0.02, 0.02, 0.02, 0.02}, 0.375},
                   ONES = {{1, 1, 1, 1, 1}, FACTORS, 0.375},
                   ONE_COLUMN = {QUERY, {0.01}, 0.375};

typedef enum {
    SCORE_RIGHT,
    SCORE_WHOLE_STEP,  // a step, not half of one
    SCORE_SIGNED,      // q_c, not |q_c|
    SCORE_ROOT,        // root of the sum of squares: typical, no bound
    SCORE_NO_SCALE,
    SCORE_LARGEST,  // the largest term
    SCORE_FACTORS_SQUARED,
    SCORE_QUERY_SQUARED,
    SCORE_NO_QUERY,
    SCORE_NO_FACTORS,
    SCORE_RANGE,     // 127 factors
    SCORE_MEAN,      // divided by d
    SCORE_BY_SCALE,  // divided by the scale
    SCORE_SCALE_SQUARED,
    SCORE_ONE_FACTOR,  // the largest factor for all
    SCORE_QUARTER,     // a quarter of a step
    SCORE_SUMS,        // of sums, not of products
    SCORE_LENGTHS,     // |q| |factors|
    SCORE_USUAL,       // the root of what rounding's variances sum to
    SCORE_HALF_RANGE,  // 127 / 2 factors
    SCORE_NOTHING,     // 1 / 2 of integers
    SCORE_BY_ROOT,     // divided by the root of d
    SCORE_TIMES_D,     // times d
} ScoreRule;

static double term_by(ScoreRule rule, const Score *k, int c) {
    double q = k->q[c], factor = k->factors[c], half = 0.5;
    if (rule == SCORE_FACTORS_SQUARED) factor *= factor;
    if (rule == SCORE_QUERY_SQUARED) q *= q;
    if (rule == SCORE_NO_QUERY) q = 1;
    if (rule == SCORE_NO_FACTORS) factor = 1;
    if (rule == SCORE_WHOLE_STEP) half = 1;
    if (rule == SCORE_QUARTER) half = 0.25;
    if (rule == SCORE_RANGE) half = 127;
    if (rule == SCORE_HALF_RANGE) half = 63.5;
    if (rule == SCORE_USUAL) half = sqrt(1.0 / 12);
    if (rule == SCORE_NOTHING) half = 0;
    for (int i = 0; i < WIDTH && rule == SCORE_ONE_FACTOR; i++)
        factor = fmax(factor, k->factors[i]);
    return (rule == SCORE_SIGNED ? q : fabs(q)) * factor * half;
}

static void score_by(int rule, const void *of, double *to) {
    const Score *k = of;
    double sum = 0, squares = 0, most = 0, scale = k->scale, queries = 0, factors = 0,
           lengths[2] = {0};
    for (int c = 0; c < WIDTH; c++) {
        double term = term_by((ScoreRule)rule, k, c), q = k->q[c], f = k->factors[c];
        sum += term, squares += term * term, most = fmax(most, term);
        queries += fabs(q), factors += f, lengths[0] += q * q, lengths[1] += f * f;
    }
    if (rule == SCORE_SUMS) sum = queries * factors / 2;
    if (rule == SCORE_LENGTHS) sum = sqrt(lengths[0] * lengths[1]) / 2;
    if (rule == SCORE_NO_SCALE) scale = 1;
    if (rule == SCORE_BY_SCALE) scale = 1 / scale;
    if (rule == SCORE_SCALE_SQUARED) scale *= scale;
    if (rule == SCORE_MEAN) sum /= WIDTH;
    if (rule == SCORE_TIMES_D) sum *= WIDTH;
    if (rule == SCORE_BY_ROOT) sum /= sqrt(WIDTH);
    *to = scale
          * (rule == SCORE_ROOT || rule == SCORE_USUAL ? sqrt(squares)
             : rule == SCORE_LARGEST                   ? most
                                                       : sum);
}

static const Slip SCORE_SLIPS[] = {
    {SCORE_WHOLE_STEP, "whole-step", "rounding is off by half a step at most"},
    {SCORE_SIGNED, "signed-errors",
     "errors have any sign: at worst all push the same way, |q_c|"},
    {SCORE_ROOT, "root-of-squares",
     "a root of squares is what is usual, not the most that is possible"},
    {SCORE_NO_SCALE, "no-scale", "a score is scale q . k"},
    {SCORE_LARGEST, "largest-only", "the errors of all columns add up"},
    {SCORE_FACTORS_SQUARED, "factors-squared",
     "the factors are squared: a key's number is off by half of its factor"},
    {SCORE_QUERY_SQUARED, "query-squared", "|q_c|, not its square"},
    {SCORE_NO_QUERY, "no-query", "a key's error is multiplied by |q_c|"},
    {SCORE_NO_FACTORS, "no-factors", "a step of column c is factors[c]"},
    {SCORE_RANGE, "whole-range",
     "127 factors are the largest key: rounding is off by half of one at most"},
    {SCORE_MEAN, "divided-by-d", "divided by d: the errors of all columns add up"},
    {SCORE_BY_SCALE, "divided-by-scale",
     "divided by the scale: a score is scale q . k"},
    {SCORE_SCALE_SQUARED, "scale-twice", "the scale came in twice"},
    {SCORE_ONE_FACTOR, "one-factor-for-all",
     "the largest factor for all columns is a bound, but not the least: each has "
     "its own"},
    {SCORE_SUMS, "sum-times-sum",
     "a product of two sums: the products |q_c| factors[c] are added up"},
    {SCORE_LENGTHS, "product-of-lengths",
     "a product of two lengths is a bound, but not the least: the products |q_c| "
     "factors[c] are added up"},
    {SCORE_QUARTER, "quarter-step",
     "rounding is off by half a step at most, not a quarter"},
    {SCORE_USUAL, "usual-error",
     "this is the usual error, from a step's variance, 1/12: the most that is "
     "possible is asked for"},
    {SCORE_HALF_RANGE, "half-range",
     "127 / 2 factors are half of the largest key: rounding is off by half of one "
     "factor at most"},
    {SCORE_NOTHING, "half-of-integers",
     "it is 0: 1 / 2 is a quotient of integers, which is 0 in C"},
    {SCORE_TIMES_D, "times-d", "times d: the sum is over the d columns already"},
    {SCORE_BY_ROOT, "divided-by-root-d",
     "divided by the root of d: `scale` is all that a score is multiplied by"},
};

static int score_of(const void *of, double *got) {
    const Score *k = of;
    *got = score_bound(grade_guarded("q", k->q, sizeof k->q),
                       grade_guarded("factors", k->factors, sizeof k->factors), WIDTH,
                       k->scale);
    return 1;
}

static void check_score(Grade *g) {
    static const Simpler simpler[] = {
        {"only-scale-1", "right where scale is 1: where does scale stand?", &UNSCALED},
        {"only-positive",
         "right where all q are above 0: what does a negative one do at worst?",
         &POSITIVE},
        {"only-factors-alike",
         "right where all factors are the same: which factor goes with which q?",
         &FACTORS_ALIKE},
        {"only-ones", "right where all q are 1: what is a key's error multiplied by?",
         &ONES},
        {"only-one-column",
         "right where one column alone has a factor: how do the errors of several come "
         "together?",
         &ONE_COLUMN}};
    double got;
    score_of(&USUAL, &got);
    grade_numbers(g, 4, "the bound of a score's error", &got, 1, TOLERANCE, score_by,
                  &USUAL, SCORE_SLIPS, COUNT_OF(SCORE_SLIPS));
    grade_simpler(g, TOLERANCE, score_of, score_by, simpler, COUNT_OF(simpler));
}

// ---- an output's

enum { SEEN = 4 };
// The spread is no plain multiple of the largest distance.
#define WEIGHTS \
    { 0.4, 0.3, 0.2, 0.1 }
#define SEEN_VALUES \
    { 1.5, -3, 2, 0.7 }
typedef struct {
    double p[SEEN], v[SEEN], off, value_off;
} Errors;

typedef enum {
    OUTPUT_RIGHT,
    OUTPUT_ONCE,           // e^off - 1: the row's sum moves too
    OUTPUT_LINEAR,         // 2 off: to first order, no bound
    OUTPUT_FROM_ZERO,      // |v_j|, not |v_j - o|
    OUTPUT_SIGNED,         // without the absolute value: 0
    OUTPUT_PLAIN,          // not weighted
    OUTPUT_INSIDE,         // value_off is multiplied too
    OUTPUT_EXP,            // e^(2 off), without - 1
    OUTPUT_NO_VALUE,       // value_off forgotten
    OUTPUT_TWICE,          // 2 (e^off - 1)
    OUTPUT_TIMES,          // times value_off
    OUTPUT_MINUS,          // less value_off
    OUTPUT_TWO_VALUES,     // twice value_off
    OUTPUT_SQUARES,        // the variance
    OUTPUT_ROOT,           // its root
    OUTPUT_LARGEST,        // the largest distance
    OUTPUT_MEAN_O,         // o is the mean of the values
    OUTPUT_SUM_O,          // their sum
    OUTPUT_ALL_MEAN,       // both are plain means
    OUTPUT_FOUR,           // e^(4 off)
    OUTPUT_AROUND_SUM,     // |sum p v|: of the output
    OUTPUT_SQUARED_OFF,    // e^(off^2)
    OUTPUT_LARGEST_VALUE,  // the largest |v_j|
    OUTPUT_SPAN,           // from the least to the largest
    OUTPUT_RUNNING,        // distances from what o is until then
    OUTPUT_PRODUCTS,       // |p_j v_j - o|
    OUTPUT_N_VALUES,       // n times value_off
    OUTPUT_LARGEST_TERM,   // the largest p_j |v_j - o|
    OUTPUT_EVEN,           // distances weigh 1 / n, o is right
    OUTPUT_EXP_LESS,       // e^(2 off - 1)
} OutputRule;

// How far the values are from the output.
static double spread_of(OutputRule rule, const Errors *e) {
    const double *p = e->p, *v = e->v;
    double o = 0, spread = 0, largest = 0, n = SEEN, size = 0, least = v[0],
           most = v[0];
    bool mean = rule == OUTPUT_MEAN_O || rule == OUTPUT_ALL_MEAN;
    for (int j = 0; j < SEEN; j++)
        o += (mean ? 1 / n : rule == OUTPUT_SUM_O ? 1 : p[j]) * v[j];
    if (rule == OUTPUT_AROUND_SUM) return fabs(o);
    if (rule == OUTPUT_RUNNING) o = 0;
    for (int j = 0; j < SEEN; j++) {
        if (rule == OUTPUT_RUNNING) o += p[j] * v[j];
        size = fmax(size, fabs(v[j])), least = fmin(least, v[j]),
        most = fmax(most, v[j]);
        double away = v[j] - (rule == OUTPUT_FROM_ZERO ? 0 : o);
        if (rule == OUTPUT_PRODUCTS) away = p[j] * v[j] - o;
        if (rule != OUTPUT_SIGNED) away = fabs(away);
        if (rule == OUTPUT_SQUARES || rule == OUTPUT_ROOT) away *= away;
        largest = fmax(largest, away * (rule == OUTPUT_LARGEST_TERM ? p[j] : 1));
        bool plain = rule == OUTPUT_PLAIN || rule == OUTPUT_EVEN;
        spread += (plain ? 1 : rule == OUTPUT_ALL_MEAN ? 1 / n : p[j]) * away;
    }
    if (rule == OUTPUT_LARGEST_VALUE) return size;
    if (rule == OUTPUT_SPAN) return most - least;
    if (rule == OUTPUT_LARGEST || rule == OUTPUT_LARGEST_TERM) return largest;
    if (rule == OUTPUT_EVEN) return spread / n;
    return rule == OUTPUT_ROOT ? sqrt(spread) : spread;
}

static double growth_by(OutputRule rule, double off) {
    switch (rule) {
        case OUTPUT_ONCE: return expm1(off);
        case OUTPUT_TWICE: return 2 * expm1(off);
        case OUTPUT_FOUR: return expm1(4 * off);
        case OUTPUT_LINEAR: return 2 * off;
        case OUTPUT_EXP: return exp(2 * off);
        case OUTPUT_SQUARED_OFF: return expm1(off * off);
        case OUTPUT_EXP_LESS: return exp(2 * off - 1);
        default: return expm1(2 * off);
    }
}

static void output_by(int rule, const void *of, double *to) {
    const Errors *e = of;
    double inner = growth_by((OutputRule)rule, e->off) * spread_of((OutputRule)rule, e),
           value = e->value_off;
    if (rule == OUTPUT_INSIDE) value *= growth_by(OUTPUT_RIGHT, e->off);
    if (rule == OUTPUT_NO_VALUE) value = 0;
    if (rule == OUTPUT_MINUS) value = -value;
    if (rule == OUTPUT_TWO_VALUES) value *= 2;
    if (rule == OUTPUT_N_VALUES) value *= SEEN;
    *to = rule == OUTPUT_TIMES ? inner * value : inner + value;
}

static int output_of(const void *of, double *got) {
    const Errors *e = of;
    *got =
        output_bound(grade_guarded("p", e->p, sizeof e->p),
                     grade_guarded("v", e->v, sizeof e->v), SEEN, e->off, e->value_off);
    return 1;
}

static const Slip OUTPUT_SLIPS[] = {
    {OUTPUT_ONCE, "off-once",
     "e^s may grow by e^off while the sum shrinks by it: e^(2 off)"},
    {OUTPUT_LINEAR, "first-order", "2 off is e^(2 off) - 1 to first order: no bound"},
    {OUTPUT_FROM_ZERO, "from-zero-value",
     "what all weights share cancels: distances are from o, not from 0"},
    {OUTPUT_SIGNED, "spread-zero",
     "sum p (v - o) is 0: the distances' absolute values are summed"},
    {OUTPUT_PLAIN, "not-weighted", "a distance counts with its weight p_j"},
    {OUTPUT_INSIDE, "value-multiplied",
     "value_off is added as it is: weights that sum to 1 do not enlarge it"},
    {OUTPUT_EXP, "no-minus-one",
     "exact scores have no error: the factor is e^(2 off) - 1"},
    {OUTPUT_NO_VALUE, "no-value-error", "the values are off too: value_off is added"},
    {OUTPUT_TWICE, "off-not-in-exponent",
     "2 (e^off - 1): the 2 is in the exponent, e^(2 off) - 1"},
    {OUTPUT_TIMES, "value-multiplied", "value_off is added, not multiplied"},
    {OUTPUT_MINUS, "value-subtracted", "errors add up: value_off is added"},
    {OUTPUT_TWO_VALUES, "value-twice", "value_off is added once"},
    {OUTPUT_SQUARES, "squares", "squares of distances: |v_j - o| is asked for"},
    {OUTPUT_ROOT, "deviation", "a standard deviation: the mean of |v_j - o|"},
    {OUTPUT_LARGEST, "largest-distance",
     "the largest distance: their mean with the weights p is enough"},
    {OUTPUT_LARGEST_VALUE, "largest-value",
     "the largest |v_j|: the mean of |v_j - o| with the weights p"},
    {OUTPUT_SPAN, "span",
     "from the least to the largest value: the mean of |v_j - o| with the weights "
     "p"},
    {OUTPUT_MEAN_O, "plain-mean", "o has the weights p: it is the output"},
    {OUTPUT_SUM_O, "plain-sum", "o has the weights p: it is the output"},
    {OUTPUT_ALL_MEAN, "plain-mean", "o and the distances have the weights p"},
    {OUTPUT_FOUR, "off-four-times", "e^(2 off), not e^(4 off)"},
    {OUTPUT_AROUND_SUM, "of-output", "distances |v_j - o| are summed, not |o|"},
    {OUTPUT_SQUARED_OFF, "off-squared", "e^(2 off), not e^(off^2)"},
    {OUTPUT_RUNNING, "o-not-complete",
     "o was still being summed up when distances from it were taken: it needs a loop "
     "of its own, before"},
    {OUTPUT_PRODUCTS, "products-less-o",
     "|p_j v_j - o| is no distance from the output: |v_j - o|, times p_j"},
    {OUTPUT_N_VALUES, "value-n-times", "value_off is added once: the weights sum to 1"},
    {OUTPUT_LARGEST_TERM, "largest-term",
     "the largest p_j |v_j - o| alone: all of them are added up"},
    {OUTPUT_EVEN, "plain-mean", "the distances have the weights p, not 1 / n"},
    {OUTPUT_EXP_LESS, "one-in-exponent", "the 1 is outside: e^(2 off) - 1"},
};

static const Errors ORDINARY = {WEIGHTS, SEEN_VALUES, 0.125, 0.0625};

static void check_output(Grade *g) {
    static const Errors exact = {WEIGHTS, SEEN_VALUES, 0.125, 0},
                        even = {{0.25, 0.25, 0.25, 0.25}, SEEN_VALUES, 0.125, 0.0625},
                        around = {WEIGHTS, {1.5, -3, 2, -1}, 0.125, 0.0625},
                        level = {WEIGHTS, {1.5, 1.5, 1.5, 1.5}, 0.125, 0.0625},
                        no_off = {WEIGHTS, SEEN_VALUES, 0, 0.0625};
    static const Simpler simpler[] = {
        {"only-exact-values",
         "right where value_off is 0: where does value_off come in, and how often?",
         &exact},
        {"only-even",
         "right where all weights are the same: where do the weights p stand?", &even},
        {"only-around-0",
         "right where the output is 0: from where are the distances of the values?",
         &around},
        {"only-level",
         "right where all values are the same: what is summed over the values, and "
         "what "
         "is it multiplied by?",
         &level},
        {"only-no-off",
         "right where off is 0: what does `off` multiply, and is the 2 in the "
         "exponent?",
         &no_off}};
    double got;
    output_of(&ORDINARY, &got);
    grade_numbers(g, 4, "the bound of an output's error", &got, 1, TOLERANCE, output_by,
                  &ORDINARY, OUTPUT_SLIPS, COUNT_OF(OUTPUT_SLIPS));
    grade_simpler(g, TOLERANCE, output_of, output_by, simpler, COUNT_OF(simpler));
}

static void check_output_small(Grade *g) {
    static const Errors small = {WEIGHTS, SEEN_VALUES, 1e-14, 0};
    double got, usual, want;
    output_of(&small, &got), output_by(OUTPUT_RIGHT, &small, &want);
    bool good = fabs(got - want) <= 1e-11 * want;
    grade_mistake(g, !good && fabs(got - want) < 0.005 * want, "cancels",
                  "e^x - 1 loses all digits where x is small: C has a function for it");
    grade_expect(g, 1, good, "with off = 1e-14 the bound is %.9g, should be %.9g", got,
                 want);
    output_of(&ORDINARY, &usual), output_by(OUTPUT_RIGHT, &ORDINARY, &want);
    grade_contrast(g, fabs(usual - want) < TOLERANCE, "only-usual-off",
                   "right with off = 1/8: which number is too small to be seen beside "
                   "another one that it is added to?");
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
