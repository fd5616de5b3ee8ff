// Problem 1: parts of a softmax.
#include <math.h>

#include "ch06_flash/homework/grade.h"

static const double TOLERANCE = 1e-12,  // sums of a few numbers near 1
    BEFORE = 7;                         // what is in an array that is to be written

enum { PARTS = 3, D = 2 };
typedef struct {
    double lses[PARTS], outs[PARTS * D], shift;  // L_s + shift
    bool no_entropy;                             // within the parts
} Cut;

static double entropy_within(const Cut *c, int s) {
    static const double entropies[PARTS] = {1.5, 0.75, 2};
    return c->no_entropy ? 0 : entropies[s];
}

static const Cut ORDINARY = {{0.5, 2, 1.25}, {1, -2, 0.5, 3, -1, 0.25}, 0, false},
                 HIGH = {{0.5, 2, 1.25}, {1, -2, 0.5, 3, -1, 0.25}, 1000, false},
                 LOW = {{0.5, 2, 1.25}, {1, -2, 0.5, 3, -1, 0.25}, -1000, false},
                 FAR = {{1000, -1000, 999}, {1, -2, 0.5, 3, -1, 0.25}, 0, false},
                 HOLE = {{0.5, -INFINITY, 1.25}, {1, -2, NAN, NAN, -1, 0.25}, 0, false},
                 HOLE_FIRST = {{-INFINITY, 0.5, 1.25},
                               {NAN, NAN, 1, -2, -1, 0.25},
                               0,
                               false},
                 NOTHING = {{-INFINITY, -INFINITY, -INFINITY},
                            {NAN, NAN, NAN, NAN, NAN, NAN},
                            0,
                            false};

typedef enum {
    MERGE_RIGHT,
    MERGE_MEAN,        // all parts weigh the same
    MERGE_MAXIMUM,     // e^(L_s - the largest), not divided by their sum
    MERGE_LINEAR,      // L_s itself as the weight
    MERGE_BASE_TWO,    // 2^L_s
    MERGE_PLAIN,       // e^L_s, not divided
    MERGE_COLUMNS,     // outs read column after column
    MERGE_SUM,         // not weighed
    MERGE_INVERSE,     // e^(L - L_s)
    MERGE_BY_L,        // L_s / L
    MERGE_BY_PARTS,    // a mean of what is weighed
    MERGE_LAST,        // = for +=
    MERGE_REST,        // begins with part 1
    MERGE_SHORT,       // ends before the last part
    MERGE_FROM_FIRST,  // e^(L_s - L_0), not divided by their sum
    MERGE_LARGEST,     // the part with the largest L alone
    // the sum that is divided by
    MERGE_SUM_REST,     // without part 0
    MERGE_SUM_SHORT,    // without the last part
    MERGE_RUNNING,      // each e^(L_s - the largest until then), never rescaled
    MERGE_OUT_RUNNING,  // the outputs so, divided by the right sum
} MergeRule;

// The sum of e^(L_s - the largest), or what a mistake takes for it.
static double sum_by(MergeRule rule, const Cut *c, double most) {
    double sum = 0, until = -INFINITY;
    for (int s = 0; s < PARTS; s++) {
        until = fmax(until, c->lses[s]);
        bool out = (rule == MERGE_SUM_REST && s == 0)
                   || (rule == MERGE_SUM_SHORT && s + 1 == PARTS);
        if (c->lses[s] > -INFINITY && !out)
            sum += exp(c->lses[s] - (rule == MERGE_RUNNING ? until : most));
    }
    return sum;
}

static double weight_by(MergeRule rule, const Cut *c, int s) {
    double all = 0, most = -INFINITY, by = rule == MERGE_BASE_TWO ? log(2) : 1;
    for (int p = 0; p < PARTS; p++) most = fmax(most, c->lses[p]);
    if (most == -INFINITY) return 0;
    if (rule == MERGE_SUM) return 1;
    if (rule == MERGE_LARGEST) return c->lses[s] == most;
    if (rule == MERGE_LAST && s + 1 < PARTS) return 0;
    if ((rule == MERGE_REST && s == 0) || (rule == MERGE_SHORT && s + 1 == PARTS))
        return 0;
    if (rule == MERGE_MEAN) return 1.0 / PARTS;
    if (rule == MERGE_PLAIN) return exp(c->lses[s] + c->shift);
    for (int p = 0; p < PARTS; p++)
        all += rule == MERGE_LINEAR ? c->lses[p] : exp(by * (c->lses[p] - most));
    if (rule == MERGE_LINEAR) return c->lses[s] / all;
    if (rule == MERGE_BY_L)
        return (c->lses[s] + c->shift) / (most + log(all) + c->shift);
    if (rule == MERGE_INVERSE) return all / exp(c->lses[s] - most);
    if (rule == MERGE_FROM_FIRST) return exp(c->lses[s] - c->lses[0]);
    if (rule == MERGE_BY_PARTS) all *= PARTS;
    if (rule >= MERGE_SUM_REST) all = sum_by(rule, c, most);
    if (rule == MERGE_OUT_RUNNING) {
        most = -INFINITY;
        for (int p = 0; p <= s; p++) most = fmax(most, c->lses[p]);
    }
    return exp(by * (c->lses[s] - most)) / (rule == MERGE_MAXIMUM ? 1 : all);
}

static void out_by(int rule, const void *of, double *to) {
    const Cut *c = of;
    for (int i = 0; i < D; i++) to[i] = 0;
    for (int s = 0; s < PARTS; s++)
        for (int i = 0; i < D && c->lses[s] > -INFINITY; i++)
            to[i] += weight_by((MergeRule)rule, c, s)
                     * c->outs[rule == MERGE_COLUMNS ? i * PARTS + s : s * D + i];
}

typedef enum {
    LSE_RIGHT,
    LSE_SUM,
    LSE_MAXIMUM,
    LSE_MEAN,
    LSE_NOT_ADDED,
    LSE_SUBTRACTED,  // the largest less ln of the sum
    LSE_NO_LOG,      // the largest and the sum
    LSE_BITS,        // log2 of the sum
    LSE_PRODUCT,     // the largest times ln of the sum
    LSE_EXP,         // the sum itself
    LSE_AVERAGE,     // the mean of L
    LSE_WEIGHTED,    // the mean of L, weighed
    LSE_REST,        // without part 0
    LSE_SHORT,       // without the last part
    LSE_RUNNING,     // each with the largest until then, never rescaled
} LseRule;

static void lse_by(int rule, const void *of, double *to) {
    const Cut *c = of;
    double most = -INFINITY, sum = 0, plain = 0;
    for (int s = 0; s < PARTS; s++)
        most = fmax(most, c->lses[s]), plain += c->lses[s] + c->shift;
    for (int s = 0; s < PARTS && most > -INFINITY; s++) sum += exp(c->lses[s] - most);
    double top = most + c->shift, weighted = 0;
    for (int s = 0; s < PARTS && most > -INFINITY; s++)
        if (c->lses[s] > -INFINITY)
            weighted += weight_by(MERGE_RIGHT, c, s) * (c->lses[s] + c->shift);
    const double by[] = {
        [LSE_RIGHT] = top + log(sum),
        [LSE_SUM] = plain,
        [LSE_MAXIMUM] = top,
        [LSE_MEAN] = top + log(sum) - log(PARTS),
        [LSE_NOT_ADDED] = log(sum),
        [LSE_SUBTRACTED] = top - log(sum),
        [LSE_NO_LOG] = top + sum,
        [LSE_BITS] = top + log2(sum),
        [LSE_PRODUCT] = top * log(sum),
        [LSE_EXP] = exp(top + log(sum)),
        [LSE_AVERAGE] = plain / PARTS,
        [LSE_WEIGHTED] = weighted,
        [LSE_REST] = top + log(sum_by(MERGE_SUM_REST, c, most)),
        [LSE_SHORT] = top + log(sum_by(MERGE_SUM_SHORT, c, most)),
        [LSE_RUNNING] = top + log(sum_by(MERGE_RUNNING, c, most)),
    };
    *to = most == -INFINITY ? most : by[rule];
}

static double merged_into(const Cut *c, double before, double out[D]) {
    double lses[PARTS], room[D] = {before, before};
    for (int s = 0; s < PARTS; s++) lses[s] = c->lses[s] + c->shift;
    double *to = grade_guarded("out", room, sizeof room);
    double lse = parts_merge(grade_guarded("outs", c->outs, sizeof c->outs),
                             grade_guarded("lses", lses, sizeof lses), PARTS, D, to);
    for (int i = 0; i < D; i++) out[i] = to[i];
    return lse;
}
static double merged(const Cut *c, double out[D]) {
    return merged_into(c, BEFORE, out);
}
static int out_of(const void *of, double *got) {
    merged(of, got);
    return D;
}
static int lse_of(const void *of, double *got) {
    double out[D];
    *got = merged(of, out);
    return 1;
}

// The parts in order of L, rising and falling; with the same L; one alone, among such
// as saw nothing.
static const Cut RISING = {{0.5, 1.25, 2}, {1, -2, -1, 0.25, 0.5, 3}, 0, false},
                 FALLING = {{2, 1.25, 0.5}, {0.5, 3, -1, 0.25, 1, -2}, 0, false},
                 LEVEL = {{1.25, 1.25, 1.25}, {1, -2, 0.5, 3, -1, 0.25}, 0, false},
                 LEVEL_0 = {{0, 0, 0}, {1, -2, 0.5, 3, -1, 0.25}, 0, false},
                 OUTS_ALIKE = {{0.5, 2, 1.25}, {1, -2, 1, -2, 1, -2}, 0, false},
                 ONES = {{0.5, 2, 1.25}, {1, 1, 1, 1, 1, 1}, 0, false};
static const Simpler MERGE_CASES[] = {
    {"only-falling",
     "right where the largest L_s comes first: what happens to what was summed up so "
     "far "
     "where a larger one comes?",
     &FALLING},
    {"only-rising",
     "right where each L_s is larger than those before it: what happens where one is "
     "smaller?",
     &RISING},
    {"only-level", "right where all L_s are the same: what does a part weigh?", &LEVEL},
    {"only-level-0", "right where all L_s are 0: where does L_s stand, and where L?",
     &LEVEL_0},
    {"only-outs-alike",
     "right where all parts have the same output: which row of outs is part s, and "
     "which "
     "L_s belongs to it?",
     &OUTS_ALIKE},
    {"only-ones",
     "right where all outputs are 1: where in outs is number c of part s, and where in "
     "out?",
     &ONES}};

static const Slip MERGE_SLIPS[] = {
    {MERGE_MEAN, "mean", "all parts weigh the same: part s has the weight e^(L_s - L)"},
    {MERGE_MAXIMUM, "not-normalised",
     "the weights e^(L_s - largest) were not divided by their sum"},
    {MERGE_FROM_FIRST, "not-normalised",
     "the weights e^(L_s - L_0) were not divided by their sum"},
    {MERGE_LINEAR, "linear", "L is a logarithm: the weights are e^L_s, not L_s"},
    {MERGE_PLAIN, "weights-plain",
     "the weights e^L_s were not divided by their sum: e^(L_s - L)"},
    {MERGE_COLUMNS, "by-column", "outs lies row after row: part s has outs[s * d + c]"},
    {MERGE_BASE_TWO, "base-two", "L is a natural logarithm: e^L_s, not 2^L_s"},
    {MERGE_SUM, "not-weighed",
     "the outputs were added as they are: part s has the weight e^(L_s - L)"},
    {MERGE_INVERSE, "merge-inverse", "the weight is e^(L_s - L), not e^(L - L_s)"},
    {MERGE_BY_L, "linear",
     "L is a logarithm: the weights are e^(L_s - L), not L_s / L"},
    {MERGE_BY_PARTS, "divided-by-parts",
     "divided by how many parts there are: the weights sum to 1 already"},
    {MERGE_LAST, "last-part",
     "each part overwrites the one before: their weighted outputs are added up"},
    {MERGE_REST, "first-missing", "part 0 is missing"},
    {MERGE_SHORT, "last-missing", "the last part is missing"},
    {MERGE_LARGEST, "largest-part",
     "this is the part with the largest L alone: all have a share"},
    {MERGE_SUM_REST, "sum-without-first",
     "the sum that the weights are divided by lacks part 0"},
    {MERGE_SUM_SHORT, "sum-without-last",
     "the sum that the weights are divided by lacks the last part"},
    {MERGE_OUT_RUNNING, "out-not-rescaled",
     "where a larger L_s comes, the output so far is multiplied by e^(old - new) as "
     "the sum is"},
    {MERGE_RUNNING, "not-rescaled",
     "where a larger L_s comes, what was summed up so far still has the old largest: "
     "multiply it by e^(old - new), or find the largest first"},
};
static const Slip LSE_SLIPS[] = {
    {LSE_SUM, "sum-of-logs", "the exponentials add up, not their logarithms"},
    {LSE_MAXIMUM, "lse-maximum", "this is the largest L_s: ln of the sum is missing"},
    {LSE_MEAN, "lse-mean", "this is the logarithm of a mean: L is that of the sum"},
    {LSE_NOT_ADDED, "lse-shifted",
     "what was subtracted in the exponents was not added to L again"},
    {LSE_SUBTRACTED, "lse-sign",
     "ln of the sum is added to the largest, not subtracted"},
    {LSE_NO_LOG, "lse-no-log", "the logarithm of the sum is missing: largest + ln sum"},
    {LSE_BITS, "lse-base-two", "a logarithm to base 2: L is a natural one"},
    {LSE_PRODUCT, "lse-product", "largest + ln sum, not their product"},
    {LSE_EXP, "lse-exponential", "this is the sum itself: L is its logarithm"},
    {LSE_AVERAGE, "lse-average", "a mean of the L: L is ln of the sum of e^L_s"},
    {LSE_WEIGHTED, "lse-weighted",
     "the outputs' weights were used for L too: L is ln of the sum of e^L_s"},
    {LSE_REST, "lse-without-first", "part 0 is missing in L's sum"},
    {LSE_SHORT, "lse-without-last", "the last part is missing in L's sum"},
    {LSE_RUNNING, "lse-not-rescaled",
     "where a larger L_s comes, what was summed up so far still has the old largest: "
     "multiply it by e^(old - new), or find the largest first"},
};

static void check_out(Grade *g, int points, const char *what, const Cut *c) {
    double got[D];
    double lse = merged(c, got);
    grade_mistake(g, c->shift != 0 && (!isfinite(got[0]) || !isfinite(lse)), "overflow",
                  "e^1000 is infinite in C and e^-1000 is 0: subtract the largest L_s "
                  "first");
    grade_mistake(g, c->lses[1] == -INFINITY && isnan(got[0]), "empty-nan",
                  "a part that saw nothing: 0 x NaN and -inf - -inf are NaN, pass it "
                  "over");
    double want[D];
    out_by(MERGE_RIGHT, c, want);
    grade_mistake(g, fabs(got[0] - BEFORE - want[0]) < TOLERANCE, "not-cleared",
                  "`out` is written, not added to: it may hold anything before");
    grade_numbers(g, points, what, got, D, TOLERANCE, out_by, c, MERGE_SLIPS,
                  COUNT_OF(MERGE_SLIPS));
    double want_lse;
    lse_by(LSE_RIGHT, c, &want_lse);
    grade_contrast(
        g, fabs(got[0] * exp(lse - want_lse) - want[0]) < TOLERANCE, "only-with-l",
        "with the weights e^(L_s - L) the output is right but for L, which is "
        "%.6g and should be %.6g: mend L first",
        lse, want_lse);
    if (c == &ORDINARY)
        grade_simpler(g, TOLERANCE, out_of, out_by, MERGE_CASES, COUNT_OF(MERGE_CASES));
    static const Simpler whole[] = {
        {"only-all-saw",
         "right where all parts saw something: what does one with L = -inf do to the "
         "largest, to the sum, to the output?",
         &ORDINARY}};
    if (c != &ORDINARY) grade_simpler(g, TOLERANCE, out_of, out_by, whole, 1);
}

static void check_merge(Grade *g) {
    check_out(g, 4, "the output of three parts", &ORDINARY);
}
static void check_lse(Grade *g) {
    double out[D], got = merged(&ORDINARY, out);
    grade_numbers(g, 2, "L of three parts", &got, 1, TOLERANCE, lse_by, &ORDINARY,
                  LSE_SLIPS, COUNT_OF(LSE_SLIPS));
    grade_simpler(g, TOLERANCE, lse_of, lse_by, MERGE_CASES, COUNT_OF(MERGE_CASES));
}
static void check_large(Grade *g) {
    double out[D], high = merged(&HIGH, out), low = merged(&LOW, out);
    double usual = merged(&ORDINARY, out);
    grade_mistake(g, isfinite(high) && !isfinite(low), "maximum-from-zero",
                  "where all L_s are near -1000 every e^(L_s - largest) is 0: the "
                  "largest was looked for from 0 on. Begin with -INFINITY, or with the "
                  "first that saw something");
    grade_mistake(g, isfinite(usual) && (!isfinite(high) || !isfinite(low)), "overflow",
                  "e^1000 is infinite in C and e^-1000 is 0: subtract the largest L_s "
                  "first");
    double want, want_low;
    lse_by(LSE_RIGHT, &HIGH, &want), lse_by(LSE_RIGHT, &LOW, &want_low);
    grade_expect(g, 2, fabs(high - want) < 1e-9 && fabs(low - want_low) < 1e-9,
                 "L of parts near 1000 and -1000 is %.8g and %.8g, should be %.8g and "
                 "%.8g",
                 high, low, want, want_low);
    double right;
    lse_by(LSE_RIGHT, &ORDINARY, &right);
    grade_contrast(
        g, fabs(usual - right) < TOLERANCE, "only-small-l",
        "right for L_s near 1: which number becomes too large or too small, or "
        "loses its digits, on the way?");
}
// L and the output are both right.
static bool merges_right(const Cut *c) {
    double got[D], want[D], lse = merged(c, got), want_lse;
    out_by(MERGE_RIGHT, c, want), lse_by(LSE_RIGHT, c, &want_lse);
    return fabs(got[0] - want[0]) < TOLERANCE && fabs(lse - want_lse) < TOLERANCE;
}

static void check_hole(Grade *g) {
    if (grade_mistake(
            g, merges_right(&HOLE) && !merges_right(&HOLE_FIRST), "first-saw-nothing",
            "right where part 1 saw nothing, but not where part 0 did: its L is "
            "-inf, and need not be the largest"))
        grade_expect(g, 0, false,
                     "the output and L where part 0 saw nothing: they are not those of "
                     "the others");
    check_out(g, 1, "the output where part 1 saw nothing", &HOLE);
    double got[D], lse = merged(&NOTHING, got);
    bool zeros = got[0] == 0 && got[1] == 0;
    double in_zeros[D];
    merged_into(&NOTHING, 0, in_zeros);
    grade_mistake(
        g, !zeros && in_zeros[0] == 0 && in_zeros[1] == 0, "nothing-not-written",
        "nobody saw anything: `out` is 0, which has to be written, it may hold "
        "anything before. If it is merged into part by part, set it to 0 first");
    grade_mistake(g, zeros && isnan(lse), "nothing-nan",
                  "nobody saw anything: -inf - -inf is NaN. Where the largest L_s is "
                  "-inf, L is so too");
    grade_mistake(g, zeros && isfinite(lse), "nothing-lse",
                  "nobody saw anything: L is the logarithm of a sum of nothing, -inf");
    grade_expect(g, 1, got[0] == 0 && got[1] == 0 && lse == -INFINITY,
                 "nobody saw anything: O is %g, L is %g, should be 0 and -inf", got[0],
                 lse);
}

// ---- a part less

typedef enum {
    REMOVE_RIGHT,
    REMOVE_PLAIN,          // O - w O_s, not divided
    REMOVE_NO_WEIGHT,      // O - O_s
    REMOVE_OTHER_WEIGHT,   // the share of the others where the part's belongs
    REMOVE_INVERSE,        // e^(L - L_s)
    REMOVE_ADDED,          // merged once more
    REMOVE_BY_SHARE,       // divided by w
    REMOVE_TIMES,          // multiplied by 1 - w
    REMOVE_PART_WHOLE,     // (O - O_s) / (1 - w)
    REMOVE_PLUS,           // (O + w O_s) / (1 - w)
    REMOVE_WHOLE_WEIGHED,  // ((1 - w) O - w O_s)
    REMOVE_NOTHING,        // O as it was
    REMOVE_NEW_WEIGHT,     // e^(L_s - what is left of L)
    REMOVE_BY_MORE,        // divided by 1 + w
    REMOVE_SHORT,          // the last number is not changed
} RemoveRule;

// The whole, part 1, and what is left.
static void removed_by(int rule, const void *of, double *to) {
    const Cut *c = of;
    double w = weight_by(MERGE_RIGHT, c, 1), whole[D];
    out_by(MERGE_RIGHT, c, whole);
    for (int i = 0; i < D; i++) {
        double part = c->outs[D + i];
        if (c->lses[1] == -INFINITY) {
            to[i] = whole[i];
            continue;
        }
        const double by[] = {
            [REMOVE_RIGHT] = (whole[i] - w * part) / (1 - w),
            [REMOVE_PLAIN] = whole[i] - w * part,
            [REMOVE_NO_WEIGHT] = whole[i] - part,
            [REMOVE_OTHER_WEIGHT] = (whole[i] - (1 - w) * part) / w,
            [REMOVE_INVERSE] = (whole[i] - part / w) / (1 - 1 / w),
            [REMOVE_ADDED] = (whole[i] + w * part) / (1 + w),
            [REMOVE_BY_SHARE] = (whole[i] - w * part) / w,
            [REMOVE_TIMES] = (whole[i] - w * part) * (1 - w),
            [REMOVE_PART_WHOLE] = (whole[i] - part) / (1 - w),
            [REMOVE_PLUS] = (whole[i] + w * part) / (1 - w),
            [REMOVE_WHOLE_WEIGHED] = (1 - w) * whole[i] - w * part,
            [REMOVE_NOTHING] = whole[i],
            [REMOVE_NEW_WEIGHT] = (whole[i] - w / (1 - w) * part) / (1 - w / (1 - w)),
            [REMOVE_BY_MORE] = (whole[i] - w * part) / (1 + w),
            [REMOVE_SHORT] = i + 1 < D ? (whole[i] - w * part) / (1 - w) : whole[i],
        };
        to[i] = by[rule];
    }
}

static double removed(const Cut *c, double out[D]) {
    double lse;
    out_by(MERGE_RIGHT, c, out), lse_by(LSE_RIGHT, c, &lse);
    double *at = grade_guarded("out", out, D * sizeof *out);
    double left =
        part_remove(at, lse, grade_guarded("part_out", c->outs + D, D * sizeof(double)),
                    c->lses[1] + c->shift, D);
    for (int i = 0; i < D; i++) out[i] = at[i];
    return left;
}

static double left_lse(const Cut *c) {
    return c->lses[0] + log(1 + exp(c->lses[2] - c->lses[0])) + c->shift;
}

typedef enum {
    LEFT_RIGHT,
    LEFT_PLUS,        // L + ln(1 + w)
    LEFT_GROWS,       // L - ln(1 - w)
    LEFT_SUBTRACTED,  // L - L_s
    LEFT_SHARE,       // L - w
    LEFT_TIMES,       // L (1 - w)
    LEFT_ALONE,       // ln(1 - w)
    LEFT_SAME,
    LEFT_PART,
} LeftRule;

static void left_by(int rule, const void *of, double *to) {
    const Cut *c = of;
    double all, w = weight_by(MERGE_RIGHT, c, 1), part = c->lses[1] + c->shift;
    lse_by(LSE_RIGHT, c, &all);
    const double by[] = {[LEFT_RIGHT] = left_lse(c),
                         [LEFT_PLUS] = all + log1p(w),
                         [LEFT_GROWS] = all - log1p(-w),
                         [LEFT_SUBTRACTED] = all - part,
                         [LEFT_SHARE] = all - w,
                         [LEFT_TIMES] = all * (1 - w),
                         [LEFT_ALONE] = log1p(-w),
                         [LEFT_SAME] = all,
                         [LEFT_PART] = part};
    *to = by[rule];
}

static const Slip REMOVE_SLIPS[] = {
    {REMOVE_PLAIN, "not-divided", "the others' weights sum to 1 - w: divide by it"},
    {REMOVE_NO_WEIGHT, "no-weight",
     "the part's output counts with its weight w = e^(L_s - L)"},
    {REMOVE_OTHER_WEIGHT, "other-weight", "w = e^(L_s - L) is the part's own"},
    {REMOVE_ADDED, "added-again", "the part was merged once more, not taken away"},
    {REMOVE_INVERSE, "inverse-weight", "w = e^(L_s - L), which is less than 1"},
    {REMOVE_BY_SHARE, "divided-by-share",
     "divided by the part's share w: the others' weights sum to 1 - w"},
    {REMOVE_TIMES, "not-divided",
     "multiplied by 1 - w: the others' weights sum to 1 - w, divide by it"},
    {REMOVE_PART_WHOLE, "no-weight",
     "the part's output counts with its weight w = e^(L_s - L)"},
    {REMOVE_PLUS, "part-added", "w O_s is subtracted, not added"},
    {REMOVE_WHOLE_WEIGHED, "whole-weighed",
     "O is the whole already: O - w O_s, then divided by 1 - w"},
    {REMOVE_NEW_WEIGHT, "weight-of-rest",
     "the part's weight is e^(L_s - L) with the L of all keys: here L was changed "
     "first"},
    {REMOVE_NOTHING, "not-removed", "out is as it was: the part is still in it"},
    {REMOVE_BY_MORE, "not-divided",
     "divided by 1 + w: the others' weights sum to 1 - w"},
    {REMOVE_SHORT, "last-column",
     "the last of the d numbers is as it was: the loop ends too early"},
};

static int removed_of(const void *of, double *got) {
    removed(of, got);
    return D;
}
static int left_of(const void *of, double *got) {
    double out[D];
    *got = removed(of, out);
    return 1;
}

static const Simpler REMOVE_CASES[] = {
    {"only-level",
     "right where all L_s are the same: which L is that of all keys, and "
     "which the part's?",
     &LEVEL},
    {"only-level-0", "right where all L_s are 0: where does L_s stand, and where L?",
     &LEVEL_0},
    {"only-outs-alike",
     "right where all parts have the same output: with which weight is the part's "
     "taken "
     "away, and what is the rest divided by?",
     &OUTS_ALIKE}};

static void check_remove(Grade *g) {
    static const Slip lse_slips[] = {
        {LEFT_PLUS, "lse-plus", "a sum becomes smaller when a part is taken away"},
        {LEFT_GROWS, "lse-plus", "a sum becomes smaller when a part is taken away"},
        {LEFT_SUBTRACTED, "lse-subtracted",
         "the exponentials are subtracted, not their logarithms"},
        {LEFT_SHARE, "lse-less-share",
         "1 - w is a factor of the sum: L + ln(1 - w), not L - w"},
        {LEFT_TIMES, "lse-times",
         "1 - w is a factor of the sum: L + ln(1 - w), not L (1 - w)"},
        {LEFT_ALONE, "lse-only-log", "ln(1 - w) is to be added to L"},
        {LEFT_SAME, "lse-unchanged",
         "this is the L of all keys: the part is still in it"},
        {LEFT_PART, "lse-of-part", "this is the L of the part that is taken away"},
    };
    double got[D], left = removed(&ORDINARY, got);
    grade_numbers(g, 2, "the output without part 1", got, D, TOLERANCE, removed_by,
                  &ORDINARY, REMOVE_SLIPS, COUNT_OF(REMOVE_SLIPS));
    grade_simpler(g, TOLERANCE, removed_of, removed_by, REMOVE_CASES,
                  COUNT_OF(REMOVE_CASES));
    grade_numbers(g, 1, "L without part 1", &left, 1, TOLERANCE, left_by, &ORDINARY,
                  lse_slips, COUNT_OF(lse_slips));
    grade_simpler(g, TOLERANCE, left_of, left_by, REMOVE_CASES, COUNT_OF(REMOVE_CASES));
}

static void check_remove_edges(Grade *g) {
    double got[D], high = removed(&HIGH, got), hole[D], same = removed(&HOLE, hole),
                   want[D];
    removed_by(REMOVE_RIGHT, &HOLE, want);
    double ordinary = removed(&ORDINARY, got);
    bool finite = isfinite(ordinary) && isfinite(got[0]);
    grade_mistake(g, finite && !isfinite(high), "overflow",
                  "e^1000 is infinite in C and e^-1000 is 0: subtract the largest L_s "
                  "first");
    grade_mistake(g, finite && isnan(hole[0]), "empty-nan",
                  "a part that saw nothing: 0 x NaN and -inf - -inf are NaN, pass it "
                  "over");
    grade_expect(g, 1, fabs(high - left_lse(&HIGH)) < 1e-9,
                 "with L near 1000, L without part 1 is %.8g, should be %.8g", high,
                 left_lse(&HIGH));
    grade_contrast(g, fabs(ordinary - left_lse(&ORDINARY)) < TOLERANCE, "only-small-l",
                   "right for L near 1: which number becomes too large, or loses its "
                   "digits, on the way?");
    bool as_before = hole[0] == want[0] && hole[1] == want[1];
    grade_mistake(g, as_before && same != left_lse(&HOLE), "nothing-removed-lse",
                  "a part that saw nothing was taken away: the L of the others is "
                  "that of all, `lse`");
    grade_mistake(g, hole[0] == 0 && hole[1] == 0, "nothing-removed-zero",
                  "a part that saw nothing was taken away: then nothing changes, and "
                  "`out` stays as it is");
    grade_expect(g, 1, as_before && same == left_lse(&HOLE),
                 "a part that saw nothing was taken away: O is %g, should be %g, L is "
                 "%g, should be %g",
                 hole[0], want[0], same, left_lse(&HOLE));
    grade_contrast(g, fabs(ordinary - left_lse(&ORDINARY)) < TOLERANCE, "only-saw",
                   "right for a part that saw something: what is e^(L_s - L) for L_s = "
                   "-inf, and what is multiplied by it?");
}

// ---- entropy

typedef enum {
    ENTROPY_RIGHT,
    ENTROPY_MEAN,     // of the parts' entropies, plain
    ENTROPY_WITHIN,   // weighted, without that of the weights
    ENTROPY_BETWEEN,  // of the weights alone
    ENTROPY_SIGN,     // that of the weights subtracted
    ENTROPY_PLAIN_L,  // - L_s for - (L_s - L)
    ENTROPY_TWICE,    // the weight twice in that of the weights
    ENTROPY_BITS,     // that of the weights in bits
    ENTROPY_SUM,      // the parts' entropies added, not weighed
    ENTROPY_SUM_ALONE,
    ENTROPY_PLUS_L,     // + L: as if H were of scores
    ENTROPY_UNWEIGHED,  // - ln w added, not weighed
    ENTROPY_PER_PART,   // divided by how many parts there are
    ENTROPY_PRODUCTS,   // - w H ln w
} EntropyRule;

static void entropy_by(int rule, const void *of, double *to) {
    const Cut *c = of;
    double within = 0, between = 0, mean = 0, plain = 0, twice = 0, logs = 0,
           products = 0, all;
    lse_by(LSE_RIGHT, c, &all);
    for (int s = 0; s < PARTS; s++) {
        double w = weight_by(MERGE_RIGHT, c, s);
        mean += entropy_within(c, s) / PARTS;
        if (w == 0) continue;
        within += w * entropy_within(c, s), between -= w * log(w),
            twice -= w * w * log(w);
        plain -= w * (c->lses[s] + c->shift), logs -= log(w);
        products -= w * entropy_within(c, s) * log(w);
    }
    const double by[] = {
        [ENTROPY_RIGHT] = within + between,
        [ENTROPY_MEAN] = mean,
        [ENTROPY_WITHIN] = within,
        [ENTROPY_BETWEEN] = between,
        [ENTROPY_SIGN] = within - between,
        [ENTROPY_PLAIN_L] = within + plain,
        [ENTROPY_TWICE] = within + twice,
        [ENTROPY_BITS] = within + between / log(2),
        [ENTROPY_SUM] = PARTS * mean + between,
        [ENTROPY_SUM_ALONE] = PARTS * mean,
        [ENTROPY_PLUS_L] = within + all,
        [ENTROPY_UNWEIGHED] = within + logs,
        [ENTROPY_PER_PART] = (within + between) / PARTS,
        [ENTROPY_PRODUCTS] = products,
    };
    *to = by[rule];
}

static double entropy_of(const Cut *c) {
    double entropies[PARTS], lses[PARTS];
    for (int s = 0; s < PARTS; s++) {
        lses[s] = c->lses[s] + c->shift;
        entropies[s] = lses[s] > -INFINITY ? entropy_within(c, s) : 0;
    }
    return parts_entropy(grade_guarded("entropies", entropies, sizeof entropies),
                         grade_guarded("lses", lses, sizeof lses), PARTS);
}

static int entropies_of(const void *of, double *got) {
    *got = entropy_of(of);
    return 1;
}

static void check_entropy(Grade *g) {
    static const Cut single_keys = {{0.5, 2, 1.25}, {0}, 0, true};
    static const Simpler simpler[] = {
        {"only-level-0",
         "right where all L_s are 0: where does L_s stand, and where L?", &LEVEL_0},
        {"only-level", "right where all L_s are the same: what does a part weigh?",
         &LEVEL},
        {"only-no-entropy",
         "right where all H_s are 0: with which weight does a part's own H_s come in?",
         &single_keys}};
    static const Slip slips[] = {
        {ENTROPY_MEAN, "entropy-mean", "a part's entropy counts with its weight"},
        {ENTROPY_WITHIN, "entropy-within",
         "which part a key is in is uncertain too: the entropy of the weights is "
         "missing"},
        {ENTROPY_BETWEEN, "entropy-between",
         "this is the entropy of the weights: that within the parts is missing"},
        {ENTROPY_SIGN, "entropy-sign", "-ln w is positive: it is added"},
        {ENTROPY_PLAIN_L, "entropy-no-whole",
         "ln w is L_s - L: L of the whole is missing"},
        {ENTROPY_TWICE, "entropy-weight-twice", "the weight is there twice: - w ln w"},
        {ENTROPY_BITS, "entropy-bits",
         "-w ln w is in bits: nats, as the parts' entropies"},
        {ENTROPY_SUM, "entropy-not-weighed", "a part's entropy counts with its weight"},
        {ENTROPY_SUM_ALONE, "entropy-sum",
         "the parts' entropies were added up: each has its weight, and that of the "
         "weights is missing"},
        {ENTROPY_PLUS_L, "entropy-plus-l",
         "L was added: what is missing is the entropy of the weights w = e^(L_s - L)"},
        {ENTROPY_UNWEIGHED, "entropy-logs", "-ln w counts with its weight: - w ln w"},
        {ENTROPY_PER_PART, "entropy-per-part",
         "divided by how many parts there are: the weights sum to 1 already"},
        {ENTROPY_PRODUCTS, "entropy-product",
         "H_s times -ln w: they are added up, w (H_s - ln w)"},
    };
    double got = entropy_of(&ORDINARY);
    grade_numbers(g, 4, "the entropy of three parts", &got, 1, TOLERANCE, entropy_by,
                  &ORDINARY, slips, COUNT_OF(slips));
    grade_simpler(g, TOLERANCE, entropies_of, entropy_by, simpler, COUNT_OF(simpler));
}

static void check_entropy_hole(Grade *g) {
    double got = entropy_of(&HOLE), want, whole, high = entropy_of(&HIGH),
           low = entropy_of(&LOW), far = entropy_of(&FAR), want_far;
    entropy_by(ENTROPY_RIGHT, &FAR, &want_far);
    entropy_by(ENTROPY_RIGHT, &HOLE, &want);
    entropy_by(ENTROPY_RIGHT, &ORDINARY, &whole);
    grade_mistake(g, isnan(got), "entropy-nan",
                  "0 ln 0 is NaN in C: a part that saw nothing adds nothing");
    grade_mistake(g, isfinite(high) && !isfinite(low), "entropy-maximum-from-zero",
                  "where all L_s are near -1000 every e^(L_s - largest) is 0: the "
                  "largest was looked for from 0 on");
    grade_mistake(g, !isfinite(high) || !isfinite(low), "entropy-overflow",
                  "e^1000 is infinite in C and e^-1000 is 0: subtract the largest L_s "
                  "first");
    grade_mistake(
        g, isnan(far), "entropy-logarithm-of-0",
        "next to an L_s of 1000 the weight of one of -1000 is 0 in C, and 0 ln "
        "0 is NaN: ln w is L_s - L itself");
    Reading all[] = {{"where part 1 saw nothing", got, want, TOLERANCE},
                     {"with L_s of 1000, -1000 and 999", far, want_far, 1e-9},
                     {"with L_s near 1000", high, whole, 1e-9},
                     {"with L_s near -1000", low, whole, 1e-9}};
    grade_readings(g, 1, "the entropy of three parts", all, 4);
}

void check_parts(Grade *g) {
    grade_part(g, check_merge(g));
    grade_part(g, check_lse(g));
    grade_part(g, check_large(g));
    grade_part(g, check_hole(g));
    grade_part(g, check_remove(g));
    grade_part(g, check_remove_edges(g));
    grade_part(g, check_entropy(g));
    grade_part(g, check_entropy_hole(g));
}
