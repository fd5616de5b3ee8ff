// Problem 5: the noise of gradients.
#include <math.h>

#include "ch04_pretrain/homework/grade.h"

static const double TOLERANCE = 1e-9;  // a few dozen operations on numbers of about 1

// ---- squared lengths

enum { PARTS = 3, NUMBERS = 2 };
static const double G[PARTS * NUMBERS] = {1, 2, 3, -1, -0.5, 4};

typedef struct {
    const double *g;
    int parts;
} Parts;

typedef enum {
    SQUARES_RIGHT,
    SQUARES_SUM,      // over the parts
    SQUARES_LENGTHS,  // not squared
    SQUARES_MEAN,     // over the numbers of a gradient
    SQUARES_FIRST,    // of the first part alone
    SQUARES_LAYOUT,   // gradients read across
    SQUARES_LAST,     // of the last part alone
    SQUARES_PARTS,    // times the number of parts
    SQUARES_PARTS_SQUARED,
    SQUARES_OF_MEAN,     // the square of the mean length
    SQUARES_OF_SUM,      // the square of the sum of lengths
    SQUARES_SET,         // = for +=: the last part's share
    SQUARES_ABSOLUTE,    // sums of absolute values, squared
    SQUARES_OF_NUMBERS,  // the square of the sum of a gradient's numbers
    SQUARES_LESS_ONE,    // divided by parts - 1
    SQUARES_SIZES,       // the mean of absolute values, squared
    SQUARES_KEPT,        // the sum of a number goes on in the next
} SquaresRule;

static double number_at(SquaresRule rule, const Parts *p, int k, int i) {
    return rule == SQUARES_LAYOUT ? p->g[i * p->parts + k] : p->g[k * NUMBERS + i];
}

static double size_by(SquaresRule rule, double square) {
    if (rule == SQUARES_LENGTHS) return sqrt(square);
    return rule == SQUARES_MEAN ? square / NUMBERS : square;
}

static void small_by(int rule, const void *of, double *to) {
    const Parts *p = of;
    int from = rule == SQUARES_LAST ? p->parts - 1 : 0,
        until = rule == SQUARES_FIRST ? 1 : p->parts, parts = until - from;
    double lengths = 0;
    *to = 0;
    for (int k = from; k < until; k++) {
        double square = 0, sizes = 0, sum = 0;
        for (int i = 0; i < NUMBERS; i++) {
            double x = number_at((SquaresRule)rule, p, k, i);
            square += x * x, sizes += fabs(x), sum += x;
        }
        lengths += sqrt(square);
        if (rule == SQUARES_ABSOLUTE) square = sizes * sizes;
        if (rule == SQUARES_OF_NUMBERS) square = sum * sum;
        if (rule == SQUARES_SET) *to = 0;
        *to += size_by((SquaresRule)rule, square) / (rule == SQUARES_SUM ? 1 : parts);
    }
    if (rule == SQUARES_LESS_ONE) *to *= (double)parts / (parts - 1);
    if (rule == SQUARES_OF_SUM) *to = lengths * lengths;
    if (rule == SQUARES_SIZES) {
        double sizes = 0;
        for (int i = 0; i < p->parts * NUMBERS; i++) sizes += fabs(p->g[i]) / p->parts;
        *to = sizes * sizes;
    }
    if (rule == SQUARES_OF_MEAN) *to = lengths * lengths / (parts * parts);
}

static void big_by(int rule, const void *of, double *to) {
    const Parts *p = of;
    double square = 0, sizes = 0, all = 0, sum = 0;
    for (int i = 0; i < NUMBERS; i++) {
        if (rule != SQUARES_KEPT) sum = 0;
        for (int k = 0; k < p->parts; k++) {
            if (rule == SQUARES_SET || rule == SQUARES_LAST) sum = 0;
            sum += number_at((SquaresRule)rule, p, k, i);
        }
        if (rule == SQUARES_LAST) sum *= p->parts;
        double mean = sum / (rule == SQUARES_SUM ? 1 : p->parts);
        square += mean * mean, sizes += fabs(mean), all += mean;
    }
    if (rule == SQUARES_ABSOLUTE) square = sizes * sizes;
    if (rule == SQUARES_OF_NUMBERS) square = all * all;
    if (rule == SQUARES_PARTS) square *= p->parts;
    if (rule == SQUARES_PARTS_SQUARED) square /= p->parts;
    *to = size_by((SquaresRule)rule, square);
}

static Squares run_squares(int parts) {
    return squares_of_parts(
        grade_guarded("gradients", G, (size_t)(parts * NUMBERS) * sizeof *G), parts,
        NUMBERS);
}

// By the definition, of the first numbers of G.
static bool squares_right(int parts, int n, bool of_big) {
    double small = 0, big = 0;
    for (int i = 0; i < n; i++) {
        double mean = 0;
        for (int k = 0; k < parts; k++) {
            double x = G[k * n + i];
            small += x * x / parts, mean += x / parts;
        }
        big += mean * mean;
    }
    Squares got = squares_of_parts(
        grade_guarded("gradients", G, (size_t)(parts * n) * sizeof *G), parts, n);
    return fabs(of_big ? got.big - big : got.small - small) < TOLERANCE;
}

// After a step that may have failed.
static void contrast_squares(Grade *g, bool of_big) {
    const char *what = of_big ? "big" : "small";
    grade_contrast(
        g, squares_right(1, NUMBERS, of_big), "only-one-part",
        "%s: right for a single gradient: where does the next one begin, and "
        "what is divided by `parts`, how often?",
        what);
    grade_contrast(g, squares_right(PARTS, 1, of_big), "only-one-number",
                   "%s: right where a gradient has one number: what is added up over "
                   "its numbers, and squared before or after?",
                   what);
}

// What small and big are, exchanged.
static void recognise_exchanged(Grade *g) {
    Parts p = {G, PARTS};
    Squares got = run_squares(PARTS);
    double small, big;
    small_by(0, &p, &small), big_by(0, &p, &big);
    grade_mistake(
        g, fabs(got.small - big) < TOLERANCE && fabs(got.big - small) < TOLERANCE,
        "small-and-big",
        "small and big are exchanged: the mean of the parts' squared lengths "
        "is small, and the mean gradient's is big");
}

static void check_small(Grade *g) {
    static const Slip slips[] = {
        {SQUARES_SUM, "small-sum", "the sum over the parts: their mean is wanted"},
        {SQUARES_LENGTHS, "small-length", "lengths, or their mean, not their squares"},
        {SQUARES_MEAN, "small-per-number",
         "divided by n: a squared length is a sum over its numbers"},
        {SQUARES_FIRST, "small-first", "of the first part alone"},
        {SQUARES_LAST, "small-last", "of the last part alone: the mean over the parts"},
        {SQUARES_OF_MEAN, "small-of-mean",
         "the mean of the lengths, squared: first the squares, then their mean"},
        {SQUARES_OF_SUM, "small-of-mean",
         "the sum of the lengths, squared: the mean of their squares"},
        {SQUARES_SET, "small-set",
         "each part overwrites the one before it: the mean adds them up"},
        {SQUARES_ABSOLUTE, "small-absolute",
         "sums of absolute values: a length is the root of a sum of squares"},
        {SQUARES_OF_NUMBERS, "small-of-numbers",
         "the square of a sum: each number is squared first"},
        {SQUARES_LAYOUT, "small-layout",
         "part k begins at number k n: the gradients lie one after another"},
        {SQUARES_LESS_ONE, "small-less-one",
         "divided by parts - 1, as a variance is: this is a mean over the parts"},
        {SQUARES_SIZES, "small-absolute",
         "absolute values were added and then squared: each number is squared first"},
    };
    Parts p = {G, PARTS};
    recognise_exchanged(g);
    double got = run_squares(PARTS).small;
    grade_numbers(g, 3, "small, of three gradients", &got, 1, TOLERANCE, small_by, &p,
                  slips, COUNT_OF(slips));
    contrast_squares(g, false);
}

static void check_big(Grade *g) {
    static const Slip slips[] = {
        {SQUARES_SUM, "big-sum",
         "the squared length of the sum: the gradient of all rows is the mean of the "
         "parts'"},
        {SQUARES_LENGTHS, "big-length", "the length, not its square"},
        {SQUARES_MEAN, "big-per-number",
         "divided by n: a squared length is a sum over its numbers"},
        {SQUARES_LAYOUT, "big-layout",
         "part k begins at number k n: the gradients lie one after another"},
        {SQUARES_PARTS, "big-times-parts",
         "the square of the sum was divided by the parts once: the mean is squared, so "
         "twice"},
        {SQUARES_PARTS_SQUARED, "big-divided-again",
         "divided by the number of parts once too often: the mean's square"},
        {SQUARES_ABSOLUTE, "big-of-numbers",
         "a gradient's numbers were added up and then squared: each is squared first"},
        {SQUARES_OF_NUMBERS, "big-of-numbers",
         "a gradient's numbers were added up and then squared: each is squared first"},
        {SQUARES_SET, "big-set",
         "each part overwrites the one before it: the mean adds them up"},
        {SQUARES_LAST, "big-last", "of the last part alone: of the mean of all"},
        {SQUARES_KEPT, "big-kept",
         "the sum of one number goes on in the next: it begins with 0 for each"},
    };
    Parts p = {G, PARTS};
    recognise_exchanged(g);
    double got = run_squares(PARTS).big, small;
    small_by(0, &p, &small);
    grade_mistake(g, fabs(got - small) < TOLERANCE, "big-mean-of-squares",
                  "the mean of squared lengths again: first the mean, then its square");
    grade_numbers(g, 3, "big, of three gradients", &got, 1, TOLERANCE, big_by, &p,
                  slips, COUNT_OF(slips));
    contrast_squares(g, true);
    Squares one = run_squares(1);
    Reading both[] = {{"small", one.small, 5, TOLERANCE},
                      {"big", one.big, 5, TOLERANCE}};
    grade_readings(g, 1, "one part, (1, 2)", both, 2);
}

// ---- from two sizes of batches

typedef struct {
    const Squares *s;
    int count;
    double b, B;
} Measured;

typedef enum {
    NOISE_RIGHT,
    NOISE_BIG_IS_TRUE,  // |G|^2 = big
    NOISE_DIFFERENCE,   // trace = small - big
    NOISE_ROWS,         // divided by B - b
    NOISE_SIGN,         // 1/B - 1/b
    NOISE_SWAPPED,      // b and B exchanged in |G|^2
    NOISE_BIG_EXACT,    // trace = b (small - big)
    NOISE_TIMES,        // times (1/b - 1/B)
    NOISE_OTHER_TERM,   // |G|^2 = big - trace / b
    NOISE_OTHER_SIZE,   // |G|^2 = small - trace / B
    NOISE_NEGATIVE,     // |G|^2 with the sign turned
    NOISE_EXCHANGED,    // small and big exchanged in |G|^2
    NOISE_PLUS,         // B + b
    NOISE_NOT_DIVIDED,  // by B - b
    NOISE_SMALL,        // |G|^2 = small
    NOISE_MIXED,        // (b big - B small) / (B - b)
    NOISE_PRODUCT,      // trace = (small - big) b B
    NOISE_HARMONIC,     // 1/b + 1/B
    NOISE_ROWS_SIGN,    // b - B
    NOISE_ROWS_TIMES,   // times B - b
    NOISE_SUM,          // small + big
    NOISE_LARGE,        // B (small - big)
    NOISE_PLUS_TRACE,   // |G|^2 = big + trace / B
    NOISE_WHOLE_TRACE,  // |G|^2 = big - trace
    NOISE_SMALL_TRACE,  // |G|^2 = small - trace
    NOISE_TIMES_ROWS,   // |G|^2 = big - B trace
    NOISE_FIELDS,       // trace and |G|^2 exchanged
    NOISE_PER_LARGE,    // trace / B
    NOISE_PER_SMALL,    // trace / b
} NoiseRule;

static double square_of(NoiseRule rule, Squares s, double b, double B) {
    double right = (B * s.big - b * s.small) / (B - b),
           trace = (s.small - s.big) / (1 / b - 1 / B);
    switch (rule) {
        case NOISE_BIG_IS_TRUE: return s.big;
        case NOISE_SMALL: return s.small;
        case NOISE_SWAPPED: return (b * s.big - B * s.small) / (b - B);
        case NOISE_MIXED: return (b * s.big - B * s.small) / (B - b);
        case NOISE_OTHER_TERM: return s.big - trace / b;
        case NOISE_OTHER_SIZE: return s.small - trace / B;
        case NOISE_PLUS_TRACE: return s.big + trace / B;
        case NOISE_WHOLE_TRACE: return s.big - trace;
        case NOISE_SMALL_TRACE: return s.small - trace;
        case NOISE_TIMES_ROWS: return s.big - B * trace;
        case NOISE_FIELDS: return trace;
        case NOISE_NEGATIVE: return -right;
        case NOISE_EXCHANGED: return (B * s.small - b * s.big) / (B - b);
        case NOISE_PLUS: return (B * s.big + b * s.small) / (B + b);
        case NOISE_NOT_DIVIDED: return right * (B - b);
        default: return right;
    }
}

static double trace_of(NoiseRule rule, Squares s, double b, double B) {
    double off = s.small - s.big, right = off / (1 / b - 1 / B);
    switch (rule) {
        case NOISE_DIFFERENCE: return off;
        case NOISE_ROWS: return off / (B - b);
        case NOISE_ROWS_SIGN: return off / (b - B);
        case NOISE_ROWS_TIMES: return off * (B - b);
        case NOISE_SIGN: return -right;
        case NOISE_TIMES: return off * (1 / b - 1 / B);
        case NOISE_BIG_EXACT: return b * off;
        case NOISE_LARGE: return B * off;
        case NOISE_PRODUCT: return off * b * B;
        case NOISE_HARMONIC: return off / (1 / b + 1 / B);
        case NOISE_SUM: return (s.small + s.big) / (1 / b - 1 / B);
        case NOISE_FIELDS: return square_of(NOISE_RIGHT, s, b, B);
        case NOISE_PER_LARGE: return right / B;
        case NOISE_PER_SMALL: return right / b;
        default: return right;
    }
}

static Noise noise_by(NoiseRule rule, Squares s, double b, double B) {
    return (Noise){square_of(rule, s, b, B), trace_of(rule, s, b, B)};
}

static void square_by(int rule, const void *of, double *to) {
    const Measured *m = of;
    *to = noise_by((NoiseRule)rule, m->s[0], m->b, m->B).square;
}
static void trace_by(int rule, const void *of, double *to) {
    const Measured *m = of;
    *to = noise_by((NoiseRule)rule, m->s[0], m->b, m->B).trace;
}

static const Squares SAMPLES[] = {{8, 5}, {5.5, 3.2}, {9.25, 7}, {4, 2.6}};
static const Squares FLAT[] = {{8, 1.5}, {6, 1.25}};

// A trace of the other sign, from which |G|^2 was made.
static void recognise_sign(Grade *g) {
    Noise got = noise_of(SAMPLES[0], 4, 32),
          right = noise_by(NOISE_RIGHT, SAMPLES[0], 4, 32);
    grade_mistake(g,
                  fabs(got.trace + right.trace) < TOLERANCE
                      && fabs(got.square - right.square) > TOLERANCE,
                  "negative",
                  "a variance below 0: the trace is (small - big) / (1/b - 1/B), and "
                  "1/b is larger than 1/B");
}

// Neither of the two is kept above 0: on average they are right as they come out.
static void recognise_clamped(Grade *g, const char *what, bool clamped) {
    grade_mistake(g, clamped, "clamped",
                  "%s that comes out below 0 was made 0: values that are right on "
                  "average are now and then below",
                  what);
    grade_expect(g, 0, !clamped, "%s is 0 where it should be below", what);
}

static const Slip SQUARE_SLIPS[] = {
    {NOISE_BIG_IS_TRUE, "biased",
     "the squared length of the large batch's gradient is |G|^2 + trace / B, too "
     "long on average"},
    {NOISE_SWAPPED, "swapped", "b and B are exchanged: big goes with B"},
    {NOISE_OTHER_TERM, "other-term", "from big trace / B is to be taken away"},
    {NOISE_OTHER_SIZE, "other-term",
     "from small trace / b is to be taken away: trace / B belongs to big"},
    {NOISE_PLUS_TRACE, "plus-trace", "trace / B is taken away from big, not added"},
    {NOISE_WHOLE_TRACE, "trace-not-divided",
     "the trace is one row's: from big, of B rows, trace / B is to be taken away"},
    {NOISE_SMALL_TRACE, "trace-not-divided",
     "the trace is one row's: from small, of b rows, trace / b is to be taken "
     "away"},
    {NOISE_NEGATIVE, "square-negative",
     "the sign is turned: (B big - b small) / (B - b)"},
    {NOISE_EXCHANGED, "small-and-big", "small and big are exchanged: big goes with B"},
    {NOISE_MIXED, "swapped", "b and B are exchanged: big goes with B"},
    {NOISE_PLUS, "square-plus", "both signs are minus: (B big - b small) / (B - b)"},
    {NOISE_NOT_DIVIDED, "square-not-divided", "not divided by B - b"},
    {NOISE_TIMES_ROWS, "trace-times-rows",
     "from big trace / B is to be taken away, not trace x B"},
    {NOISE_FIELDS, "fields-exchanged",
     "square and trace are exchanged: the result's first is |G|^2"},
    {NOISE_SMALL, "biased",
     "the squared length of the small batch's gradient is |G|^2 + trace / b, too "
     "long "
     "on average"},
};

// After a step that may have failed: |G|^2 or the trace.
static void contrast_noise(Grade *g, bool of_trace) {
    static const struct {
        Squares s;
        double b, B;
        const char *code, *says;
    } cases[] = {
        {{8, 5}, 1, 32, "only-b-1", "right where b is 1: where does b stand?"},
        {{8, 5},
         4,
         8,
         "only-twice",
         "right where B is twice b: which of b, B and B - b stands where?"},
        {{5, 5},
         4,
         32,
         "only-equal",
         "right where small and big are equal, without noise: with which sign and "
         "weight comes their difference in?"},
        {{0, 5},
         4,
         32,
         "only-big",
         "right where small is 0: what is small multiplied by?"},
        {{8, 0},
         4,
         32,
         "only-small",
         "right where big is 0: what is big multiplied "
         "by?"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        Noise want = noise_by(NOISE_RIGHT, cases[i].s, cases[i].b, cases[i].B),
              got = noise_of(cases[i].s, cases[i].b, cases[i].B);
        double off = of_trace ? got.trace - want.trace : got.square - want.square;
        grade_contrast(g, fabs(off) < TOLERANCE, cases[i].code, "%s: %s",
                       of_trace ? "the trace" : "|G|^2", cases[i].says);
    }
}

static void check_square(Grade *g) {
    Measured m = {SAMPLES, 1, 4, 32};
    double got = noise_of(SAMPLES[0], 4, 32).square;
    recognise_sign(g);
    Noise flat = noise_of(FLAT[0], 4, 16);
    grade_slip(g, "|G|^2", &got, 1, TOLERANCE, square_by, &m, SQUARE_SLIPS,
               COUNT_OF(SQUARE_SLIPS));
    recognise_clamped(g, "a |G|^2", flat.square == 0);
    grade_numbers(g, 3, "|G|^2 from 8 (b = 4) and 5 (B = 32)", &got, 1, TOLERANCE,
                  square_by, &m, NULL, 0);
    contrast_noise(g, false);
}

static void check_trace(Grade *g) {
    static const Slip slips[] = {
        {NOISE_DIFFERENCE, "only-difference",
         "small - big is trace (1/b - 1/B): it is still to be divided"},
        {NOISE_TIMES, "times", "small - big is trace (1/b - 1/B): to be divided"},
        {NOISE_ROWS, "rows", "divided by B - b: by 1/b - 1/B"},
        {NOISE_SIGN, "negative", "a variance below 0: 1/b is larger than 1/B"},
        {NOISE_BIG_EXACT, "big-exact",
         "b (small - big) takes the large batch's gradient for the true one"},
        {NOISE_LARGE, "large-rows", "B (small - big): divided by 1/b - 1/B"},
        {NOISE_PRODUCT, "trace-product",
         "1/b - 1/B is (B - b) / (b B): B - b is missing"},
        {NOISE_HARMONIC, "trace-plus", "1/b - 1/B, not 1/b + 1/B"},
        {NOISE_ROWS_SIGN, "rows", "divided by b - B: by 1/b - 1/B"},
        {NOISE_ROWS_TIMES, "rows-times", "multiplied by B - b: divided by 1/b - 1/B"},
        {NOISE_SUM, "trace-sum", "small - big is divided, not their sum"},
        {NOISE_FIELDS, "fields-exchanged",
         "square and trace are exchanged: the result's first is |G|^2"},
        {NOISE_PER_LARGE, "trace-of-batch",
         "the trace was divided by B: it is the variance of one row's gradient"},
        {NOISE_PER_SMALL, "trace-of-batch",
         "the trace was divided by b: it is the variance of one row's gradient"},
    };
    Measured m = {SAMPLES, 1, 4, 32};
    double got = noise_of(SAMPLES[0], 4, 32).trace;
    Noise steep = noise_of((Squares){2, 3}, 4, 32);
    grade_slip(g, "the trace", &got, 1, TOLERANCE, trace_by, &m, slips,
               COUNT_OF(slips));
    recognise_clamped(g, "a trace", steep.trace == 0);
    grade_numbers(g, 3, "the trace from 8 (b = 4) and 5 (B = 32)", &got, 1, TOLERANCE,
                  trace_by, &m, NULL, 0);
    contrast_noise(g, true);
}

// ---- the scale

typedef enum {
    SCALE_RIGHT,
    SCALE_MEAN_OF_RATIOS,
    SCALE_INVERSE,
    SCALE_FIRST,
    SCALE_ROOT,
    SCALE_LAST,
    SCALE_BY_COUNT,  // one of the two is a mean, the other a sum
    SCALE_TIMES_COUNT,
    SCALE_INVERSE_RATIOS,  // 1 / the mean of |G|^2 / trace
    SCALE_REST,            // without the first
    SCALE_OF_BIG,          // the squared lengths for |G|^2
    SCALE_OF_SMALL,
    SCALE_LENGTHS,    // small / big
    SCALE_EXCHANGED,  // b and B exchanged
    SCALE_SKIPS,      // measurements with |G|^2 below 0 left out
    SCALE_CLAMPS,     // their |G|^2 is 0
    SCALE_SKIPS_RATIOS,
    SCALE_SIZES,  // their |G|^2 is made positive
    SCALE_LESS_LAST,
    SCALE_PER_ROW,  // divided by B
} ScaleRule;

static void scale_by(int rule, const void *of, double *to) {
    const Measured *m = of;
    double square = 0, trace = 0, ratios = 0, inverse = 0, small = 0, big = 0;
    int count = rule == SCALE_FIRST ? 1 : m->count - (rule == SCALE_LESS_LAST),
        good = 0;
    int from = rule == SCALE_LAST ? count - 1 : rule == SCALE_REST ? 1 : 0;
    for (int i = from; i < count; i++) {
        bool other = rule == SCALE_EXCHANGED;
        Noise n =
            noise_by(NOISE_RIGHT, m->s[i], other ? m->B : m->b, other ? m->b : m->B);
        bool skips = rule == SCALE_SKIPS || rule == SCALE_SKIPS_RATIOS;
        if (skips && n.square <= 0) continue;
        if (rule == SCALE_CLAMPS) n.square = fmax(n.square, 0);
        if (rule == SCALE_SIZES) n.square = fabs(n.square);
        small += m->s[i].small, big += m->s[i].big, good++;
        square += n.square, trace += n.trace, ratios += n.trace / n.square / count;
        inverse += n.square / n.trace / count;
        if (rule == SCALE_OF_BIG) square += m->s[i].big - n.square;
        if (rule == SCALE_OF_SMALL) square += m->s[i].small - n.square;
    }
    *to = square > 0 ? trace / square : INFINITY;
    if (rule == SCALE_MEAN_OF_RATIOS) *to = ratios;
    if (rule == SCALE_PER_ROW) *to /= m->B;
    if (rule == SCALE_SKIPS_RATIOS) *to = ratios * count / good;
    if (rule == SCALE_LENGTHS) *to = small / big;
    if (rule == SCALE_INVERSE_RATIOS) *to = 1 / inverse;
    if (rule == SCALE_INVERSE) *to = square / trace;
    if (rule == SCALE_ROOT) *to = sqrt(trace / square);
    if (rule == SCALE_BY_COUNT) *to /= count;
    if (rule == SCALE_TIMES_COUNT) *to *= count;
}

// Three measurements; that of the second gives a |G|^2 below 0, as noise will.
static void contrast_scale(Grade *g);
static void recognise_selection(Grade *g) {
    static const Squares noisy[] = {{8, 5}, {6, 0.5}, {9.25, 7}};
    static const Slip slips[] = {
        {SCALE_SKIPS, "leaves-out",
         "a measurement whose |G|^2 is below 0 was left out: the mean is over all, or "
         "it is too large"},
        {SCALE_CLAMPS, "clamps",
         "a measurement's |G|^2 below 0 was made 0: the mean is over what came out, or "
         "it is too large"},
        {SCALE_SIZES, "clamps",
         "a measurement's |G|^2 below 0 was made positive: the mean is over what came "
         "out, or it is too large"},
        {SCALE_SKIPS_RATIOS, "mean-of-ratios",
         "the mean of quotients, without those below 0: average both first"},
    };
    Measured m = {noisy, COUNT_OF(noisy), 4, 32};
    double got = noise_scale(grade_guarded("s", noisy, sizeof noisy), m.count, 4, 32);
    grade_slip(g, "the noise scale", &got, 1, TOLERANCE, scale_by, &m, slips,
               COUNT_OF(slips));
    grade_mistake(g, got == INFINITY, "one-below-0",
                  "one measurement of three has a |G|^2 below 0, and the result is "
                  "INFINITY: only where their mean is not above 0");
    double want;
    scale_by(SCALE_RIGHT, &m, &want);
    grade_expect(
        g, 0, fabs(got - want) <= TOLERANCE * want,
        "the noise scale of (8, 5), (6, 0.5), (9.25, 7) is %.8g, should be %.8g", got,
        want);
    contrast_scale(g);
}

static bool scale_right(const Squares *s, int count) {
    Measured m = {s, count, 4, 32};
    double want, got = noise_scale(grade_guarded("s", s, (size_t)count * sizeof *s),
                                   count, m.b, m.B);
    scale_by(SCALE_RIGHT, &m, &want);
    return fabs(got - want) <= TOLERANCE * want;
}

// After a step that may have failed.
static void contrast_scale(Grade *g) {
    static const Squares same[] = {{8, 5}, {8, 5}, {8, 5}};
    grade_contrast(
        g, scale_right(same, 3), "only-equal",
        "the noise scale: right where all measurements are equal: of what is "
        "the mean taken where they differ?");
    grade_contrast(g, scale_right(SAMPLES, 1), "only-one",
                   "the noise scale: right for one measurement: how are several put "
                   "together?");
}

static void check_scale(Grade *g) {
    static const Slip slips[] = {
        {SCALE_MEAN_OF_RATIOS, "mean-of-ratios",
         "the mean of quotients: small |G|^2 blow it up; average both first"},
        {SCALE_INVERSE, "inverse", "|G|^2 / trace is its inverse"},
        {SCALE_FIRST, "first-only", "the first measurement alone"},
        {SCALE_ROOT, "root", "the root of it: lengths are squared here"},
        {SCALE_LAST, "last-only", "the last measurement alone: add up over all"},
        {SCALE_BY_COUNT, "by-count",
         "one of the two is a mean, the other a sum: divided by the count once too "
         "often"},
        {SCALE_TIMES_COUNT, "by-count", "one of the two is a mean, the other a sum"},
        {SCALE_REST, "first-missing", "the first measurement is missing"},
        {SCALE_OF_BIG, "biased-scale",
         "the trace was divided by the mean of `big`: by that of |G|^2"},
        {SCALE_OF_SMALL, "biased-scale",
         "the trace was divided by the mean of `small`: by that of |G|^2"},
        {SCALE_INVERSE_RATIOS, "mean-of-ratios",
         "a mean of quotients: average both first"},
        {SCALE_LESS_LAST, "last-missing", "the last measurement is missing"},
        {SCALE_PER_ROW, "per-row", "divided by B: the scale is trace / |G|^2 itself"},
        {SCALE_LENGTHS, "ratio-of-lengths",
         "a quotient of the two lengths: of trace and |G|^2, which follow from them"},
        {SCALE_EXCHANGED, "rows-exchanged",
         "b and B are exchanged: small goes with b, big with B"},
    };
    Measured m = {SAMPLES, COUNT_OF(SAMPLES), 4, 32};
    double got =
        noise_scale(grade_guarded("s", SAMPLES, sizeof SAMPLES), m.count, m.b, m.B);
    grade_slip(g, "the noise scale", &got, 1, TOLERANCE, scale_by, &m, slips,
               COUNT_OF(slips));
    recognise_selection(g);
    grade_numbers(g, 5, "the noise scale of four measurements", &got, 1, TOLERANCE,
                  scale_by, &m, NULL, 0);
    contrast_scale(g);
}

static void check_no_signal(Grade *g) {
    double got =
        noise_scale(grade_guarded("s", FLAT, sizeof FLAT), COUNT_OF(FLAT), 4, 16);
    Noise own = noise_of(FLAT[0], 4, 16), right = noise_by(NOISE_RIGHT, FLAT[0], 4, 16);
    Measured m = {SAMPLES, COUNT_OF(SAMPLES), 4, 32};
    double scale;
    scale_by(SCALE_RIGHT, &m, &scale);
    double usual =
        noise_scale(grade_guarded("s", SAMPLES, sizeof SAMPLES), m.count, m.b, m.B);
    bool measured = fabs(own.square - right.square) <= TOLERANCE
                    && fabs(own.trace - right.trace) <= TOLERANCE
                    && fabs(usual - scale) <= TOLERANCE;
    grade_mistake(g, measured && got < 0, "negative-scale",
                  "a mean |G|^2 below 0 says that noise is all there is to see");
    grade_mistake(
        g, measured && (got == 0 || isnan(got)), "no-signal",
        "where the mean |G|^2 is not above 0 noise is all there is to see, and "
        "the scale INFINITY");
    grade_mistake(g, measured && isfinite(got) && got > 0, "no-signal-positive",
                  "a mean |G|^2 below 0 was made positive: noise is all there is to "
                  "see, and the scale INFINITY");
    grade_expect(g, 1, got == INFINITY,
                 "the noise scale of two measurements is %.6g, should be INFINITY",
                 got);
}

// ---- what it is good for

typedef struct {
    double least, scale, x;
} Run5;

typedef enum {
    STEPS_RIGHT,
    STEPS_INVERSE,
    STEPS_ROWS,
    STEPS_NO_ONE,
    STEPS_SUM,
    STEPS_DIVIDED,
    STEPS_MINUS,
    STEPS_TIMES,
    STEPS_LEAST,
    STEPS_ROOT,
    STEPS_WHOLE,  // a whole number
    STEPS_BRACKETS,
    STEPS_SCALE,
} StepsRule;

static void steps_by(int rule, const void *of, double *to) {
    const Run5 *r = of;
    *to = r->least * (1 + r->scale / r->x);
    if (rule == STEPS_INVERSE) *to = r->least * (1 + r->x / r->scale);
    if (rule == STEPS_ROWS) *to *= r->x;
    if (rule == STEPS_SUM) *to = r->least + r->scale / r->x;
    if (rule == STEPS_NO_ONE) *to = r->least * r->scale / r->x;
    if (rule == STEPS_DIVIDED) *to = r->least / (1 + r->scale / r->x);
    if (rule == STEPS_MINUS) *to = r->least * (1 - r->scale / r->x);
    if (rule == STEPS_TIMES) *to = r->least * (1 + r->scale * r->x);
    if (rule == STEPS_LEAST) *to = r->least;
    if (rule == STEPS_BRACKETS) *to = r->least * (1 + r->scale) / r->x;
    if (rule == STEPS_SCALE) *to = r->least + r->scale;
    if (rule == STEPS_WHOLE) *to = ceil(*to);
    if (rule == STEPS_ROOT) *to = r->least * sqrt(1 + r->scale / r->x);
}

typedef struct {
    Run5 run;
    const char *code, *says;
} SimplerRun;

// After a step that may have failed.
static void contrast_run(Grade *g, double (*of)(const Run5 *),
                         void (*by)(int rule, const void *of, double *to),
                         const SimplerRun *cases, int count) {
    for (int i = 0; i < count; i++) {
        double want;
        by(0, &cases[i].run, &want);
        grade_contrast(g, fabs(of(&cases[i].run) - want) < TOLERANCE, cases[i].code,
                       "%s", cases[i].says);
    }
}

static double steps_of(const Run5 *r) { return steps_with(r->least, r->scale, r->x); }

static void check_steps(Grade *g) {
    static const Slip slips[] = {
        {STEPS_INVERSE, "steps-inverse", "larger batches take fewer steps: scale / B"},
        {STEPS_ROWS, "steps-rows", "these are rows: steps x B"},
        {STEPS_SUM, "steps-sum", "`least` is a factor of both terms"},
        {STEPS_NO_ONE, "steps-no-least",
         "without the 1: however large the batch, `least` steps remain"},
        {STEPS_DIVIDED, "steps-divided",
         "divided by 1 + scale / B: noise takes more steps, not fewer"},
        {STEPS_MINUS, "steps-minus",
         "1 + scale / B: noise takes more steps, not fewer"},
        {STEPS_TIMES, "steps-times",
         "scale / B, not scale x B: larger batches take fewer"},
        {STEPS_LEAST, "steps-least", "this is `least` alone: noise takes more"},
        {STEPS_ROOT, "steps-root", "1 + scale / B itself, not its root"},
        {STEPS_BRACKETS, "steps-brackets",
         "1 is divided by B too: least x (1 + scale / B)"},
        {STEPS_SCALE, "steps-sum", "`least` is a factor of both terms"},
        {STEPS_WHOLE, "steps-rounded", "rounded up: the number as it comes out"},
    };
    Run5 r = {1000, 47, 32};
    static const SimplerRun simpler[] = {
        {{1, 47, 32}, "only-least-1", "right where `least` is 1: where does it stand?"},
        {{1000, 1, 32},
         "only-scale-1",
         "right where the scale is 1: where does it stand?"},
        {{1000, 47, 1}, "only-batch-1", "right where B is 1: where does it stand?"},
        {{1000, 0, 32},
         "only-no-noise",
         "right where the scale is 0, without noise: what does noise add?"},
    };
    double got = steps_of(&r);
    grade_numbers(g, 3, "steps with least 1000, scale 47, B 32", &got, 1, TOLERANCE,
                  steps_by, &r, slips, COUNT_OF(slips));
    contrast_run(g, steps_of, steps_by, simpler, COUNT_OF(simpler));
}

typedef enum {
    ROWS_RIGHT,
    ROWS_TIMES,
    ROWS_STEPS,
    ROWS_INVERSE,
    ROWS_PLUS,
    ROWS_SIGN,
    ROWS_DIVIDED,
    ROWS_SHARE,
    ROWS_LESS_ONE,
    ROWS_WHOLE,  // a whole number
    ROWS_SCALE,
    ROWS_ROOT,
    ROWS_SUM,
} RowsRule;

static void rows_by(int rule, const void *of, double *to) {
    const Run5 *r = of;
    *to = r->scale * (r->x - 1);
    if (rule == ROWS_TIMES) *to = r->scale * r->x;
    if (rule == ROWS_STEPS) *to = r->scale / (r->x - 1);
    if (rule == ROWS_INVERSE) *to = (r->x - 1) / r->scale;
    if (rule == ROWS_PLUS) *to = r->scale * (r->x + 1);
    if (rule == ROWS_SIGN) *to = r->scale * (1 - r->x);
    if (rule == ROWS_DIVIDED) *to = r->scale / r->x;
    if (rule == ROWS_SHARE) *to = r->scale * (1 - 1 / r->x);
    if (rule == ROWS_LESS_ONE) *to = r->scale * r->x - 1;
    if (rule == ROWS_WHOLE) *to = floor(*to);
    if (rule == ROWS_SCALE) *to = r->scale;
    if (rule == ROWS_ROOT) *to = r->scale * sqrt(r->x - 1);
    if (rule == ROWS_SUM) *to = r->scale + r->x - 1;
}

static double rows_of(const Run5 *r) { return batch_for_rows(r->scale, r->x); }

static void check_rows(Grade *g) {
    static const Slip slips[] = {
        {ROWS_TIMES, "rows-one",
         "at B = scale twice the fewest rows are read, at B = 0 once"},
        {ROWS_STEPS, "rows-steps",
         "this batch takes `times` as many *steps* as needed: rows are asked for"},
        {ROWS_INVERSE, "rows-inverse", "divided by the scale: B is in its units"},
        {ROWS_PLUS, "rows-plus", "times - 1: the fewest rows are once"},
        {ROWS_SIGN, "rows-sign", "times - 1, not 1 - times: a batch is above 0"},
        {ROWS_DIVIDED, "rows-divided",
         "scale / times: rows are steps x B = least (B + scale), `times` of least "
         "scale"},
        {ROWS_SHARE, "rows-share",
         "1 - 1 / times: rows are `times` as many as the fewest, so B + scale = times "
         "scale"},
        {ROWS_LESS_ONE, "rows-less-one", "scale (times - 1), not scale times - 1"},
        {ROWS_WHOLE, "rows-rounded", "rounded down: the number as it comes out"},
        {ROWS_SCALE, "rows-scale",
         "this is the noise scale itself, at which twice the fewest rows are read"},
        {ROWS_ROOT, "rows-root",
         "rows grow with B itself, least (B + scale): there is no root"},
        {ROWS_SUM, "rows-sum", "times - 1 multiplies the scale"},
    };
    Run5 r = {0, 47, 1.25};
    static const SimplerRun simpler[] = {
        {{0, 1, 1.25},
         "only-scale-1",
         "right where the scale is 1: where does it stand?"},
        {{0, 47, 2},
         "only-twice",
         "right for twice the rows: how does it go with `times`?"},
    };
    double got = rows_of(&r);
    grade_numbers(g, 3, "the batch for 1.25 times the rows, scale 47", &got, 1,
                  TOLERANCE, rows_by, &r, slips, COUNT_OF(slips));
    contrast_run(g, rows_of, rows_by, simpler, COUNT_OF(simpler));
}

void check_noise(Grade *g) {
    grade_part(g, check_small(g));
    grade_part(g, check_big(g));
    grade_part(g, check_square(g));
    grade_part(g, check_trace(g));
    grade_part(g, check_scale(g));
    grade_part(g, check_no_signal(g));
    grade_part(g, check_steps(g));
    grade_part(g, check_rows(g));
}
