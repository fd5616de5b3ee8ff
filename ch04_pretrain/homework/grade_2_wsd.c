// Problem 2: warm-up, stable, decay.
#include <math.h>
#include <string.h>

#include "ch04_pretrain/homework/grade.h"

enum { TOTAL = 50, WARMUP = 8, DECAY = 10, START = TOTAL - DECAY };
static const Wsd LINEAR = {3e-3, 6e-4, WARMUP, DECAY, TOTAL, WSD_LINEAR},
                 ROOT = {3e-3, 6e-4, WARMUP, DECAY, TOTAL, WSD_ROOT};

typedef enum {
    WSD_RIGHT,
    // the warm-up
    WSD_STEP_EARLY,  // steps from 0
    WSD_STEP_LATE,
    WSD_FROM_LAST,
    WSD_OF_TOTAL,   // t / total; u too
    WSD_INTEGERS,   // a quotient of integers; the decay too
    WSD_PLUS_ONE,   // t / (warmup + 1)
    WSD_BY_DECAY,   // t / decay
    WSD_WARM_ROOT,  // sqrt(t / warmup)
    WSD_COLD,       // none
    // the decay
    WSD_NO_STABLE,     // begins after the warm-up
    WSD_COSINE,        // so too, and is a cosine
    WSD_TO_ZERO,       // (last is forgotten)
    WSD_DECAY_LATE,    // by one step
    WSD_ROOT_OF_REST,  // sqrt(1 - u) for 1 - sqrt(u)
    WSD_ALWAYS_LINEAR,
    WSD_DECAY_EARLY,   // by one step
    WSD_BEGINS_EARLY,  // so too, and step total - decay is the first of it
    WSD_OF_ALL_STEPS,  // u = step / total
    WSD_RISES,         // u counts backwards
    WSD_ROOT_RISES,    // sqrt(u)
    WSD_SQUARE,        // (1 - u)^2
    WSD_SHAPES,        // exchanged
    WSD_WHOLE_PEAK,    // last + peak f
    WSD_ABOVE,         // peak + (peak - last) f
    WSD_EXPONENTIAL,   // peak (last / peak)^u
    WSD_HELD,          // peak f, and last at least
    WSD_CIRCLE,        // sqrt(1 - u^2) for 1 - sqrt(u)
    WSD_PARABOLA,      // 1 - u^2
    WSD_ROOT_SQUARED,  // (1 - sqrt(u))^2
    WSD_COSINE_END,    // a cosine in the decay
    WSD_NOT_ON_LAST,   // (peak - last) f
    WSD_LESS_ONE,      // u = done / (decay - 1)
    WSD_FROM_WARMUP,   // begins after the warm-up, and takes `decay` steps
    WSD_FROM_DECAY,    // begins at step `decay`
    WSD_WARMUP_TOO,    // begins at total - decay - warmup
    WSD_NO_FLAT,       // u below 0 before the decay
    WSD_EARLY_END,     // last at step total - 1
    WSD_DROPS,         // last in the whole decay
    WSD_ROOT_OF_LEFT,  // sqrt(f)
    WSD_CUBE_ROOT,     // 1 - cbrt(u)
} WsdRule;

static double warm(const Wsd *s, WsdRule rule, long long step) {
    double length = (double)(rule == WSD_OF_TOTAL ? s->total : s->warmup),
           t = (double)step;
    if (rule == WSD_STEP_EARLY) t--;
    if (rule == WSD_STEP_LATE) t++;
    if (rule == WSD_INTEGERS) t = 0;
    if (rule == WSD_PLUS_ONE) length++;
    if (rule == WSD_BY_DECAY) length = (double)s->decay;
    if (rule == WSD_WARM_ROOT) return s->peak * sqrt(t / length);
    double from = rule == WSD_FROM_LAST ? s->last : rule == WSD_COLD ? s->peak : 0;
    return fmin(s->peak, from + (s->peak - from) * t / length);
}

static double left_by(const Wsd *s, WsdRule rule, double u) {
    bool linear = (s->shape == WSD_LINEAR) != (rule == WSD_SHAPES);
    if (rule == WSD_COSINE || rule == WSD_COSINE_END) return (1 + cos(M_PI * u)) / 2;
    if (rule == WSD_RISES) u = 1 - u;
    if (rule == WSD_DROPS) return 0;
    if (rule == WSD_CUBE_ROOT && !linear) return 1 - cbrt(u);
    if (rule == WSD_ROOT_OF_LEFT) return sqrt(linear ? 1 - u : 1 - sqrt(u));
    if (linear || rule == WSD_ALWAYS_LINEAR) return 1 - u;
    if (rule == WSD_ROOT_RISES) return sqrt(u);
    if (rule == WSD_SQUARE) return (1 - u) * (1 - u);
    if (rule == WSD_CIRCLE) return sqrt(1 - u * u);
    if (rule == WSD_PARABOLA) return 1 - u * u;
    if (rule == WSD_ROOT_SQUARED) return pow(1 - sqrt(u), 2);
    return rule == WSD_ROOT_OF_REST ? sqrt(1 - u) : 1 - sqrt(u);
}

// `left` of the way from last to the peak.
static double between(const Wsd *s, WsdRule rule, double left) {
    double last = rule == WSD_TO_ZERO ? 0 : s->last;
    if (rule == WSD_WHOLE_PEAK) return last + s->peak * left;
    if (rule == WSD_NOT_ON_LAST) return (s->peak - last) * left;
    if (rule == WSD_HELD) return fmax(last, s->peak * left);
    if (rule == WSD_ABOVE) return s->peak + (s->peak - last) * left;
    if (rule == WSD_EXPONENTIAL) return s->peak * pow(s->last / s->peak, 1 - left);
    return last + (s->peak - last) * left;
}

// After which step the decay begins.
static long long start_by(const Wsd *s, WsdRule rule) {
    switch (rule) {
        case WSD_NO_STABLE:
        case WSD_COSINE:
        case WSD_FROM_WARMUP: return s->warmup;
        case WSD_FROM_DECAY: return s->decay;
        case WSD_WARMUP_TOO: return s->total - s->decay - s->warmup;
        default: return s->total - s->decay;
    }
}

static double rate_by(const Wsd *s, WsdRule rule, long long step) {
    bool all_the_way = rule == WSD_NO_STABLE || rule == WSD_COSINE;
    long long start = start_by(s, rule);
    if (step < s->warmup) return warm(s, rule, step);
    if (rule == WSD_EARLY_END && step == s->total - 1) return s->last;
    if (step >= s->total && rule != WSD_DECAY_LATE)
        return rule == WSD_TO_ZERO ? 0 : s->last;
    long long done = step - start - (rule == WSD_DECAY_LATE);
    if (done > 0 && rule == WSD_DECAY_EARLY) done++;
    if (rule == WSD_BEGINS_EARLY) done++;
    if ((done <= 0 && rule != WSD_NO_FLAT) || rule == WSD_INTEGERS) return s->peak;
    long long length = rule == WSD_OF_TOTAL ? s->total
                       : all_the_way        ? s->total - start
                                            : s->decay - (rule == WSD_LESS_ONE);
    if (rule == WSD_OF_ALL_STEPS) done = step, length = s->total;
    return between(s, rule, left_by(s, rule, (double)done / (double)length));
}

// A few roundings of numbers no larger than the peak; typical errors change a rate by a
// hundredth of it and more.
static double rate_tolerance(const Wsd *s) { return 1e-12 * s->peak; }

typedef struct {
    WsdRule rule;
    const char *code, *says;
} WsdMistake;

// Of all steps of a schedule.
static bool rates_right(const Wsd *s, long long from, long long to) {
    for (long long t = from; t <= to; t++)
        if (!(fabs(wsd_rate(s, t) - rate_by(s, WSD_RIGHT, t)) <= rate_tolerance(s)))
            return false;
    return true;
}

// s with one thing simpler.
typedef enum { LAST_ZERO, PEAK_ONE, LINE, NO_WARMUP, NO_FLAT, WAYS } SimplerWsd;

static Wsd simpler_wsd(Wsd s, SimplerWsd way) {
    if (way == LAST_ZERO) s.last = 0;
    if (way == PEAK_ONE) s.peak = 1;
    if (way == LINE) s.shape = WSD_LINEAR;
    if (way == NO_WARMUP) s.warmup = 0;
    if (way == NO_FLAT) s.warmup = s.total - s.decay;
    return s;
}

// What a schedule has that a simpler one has not.
static const struct {
    const char *code, *says;
} WSD_CONTRASTS[WAYS] = {
    [LAST_ZERO] = {"only-last-0", "right where last is 0: what is its part in it?"},
    [PEAK_ONE] = {"only-peak-1", "right where the peak is 1: where does it come in?"},
    [LINE] = {"only-line", "right with a linear decay: where does the shape come in?"},
    [NO_WARMUP] = {"only-no-warm-up",
                   "right where there is no warm-up: what do its steps give, and what "
                   "do they move?"},
    [NO_FLAT] = {"only-no-flat-part",
                 "right where the decay follows the warm-up at once: which steps are "
                 "between the two?"},
};

// After a step that failed: of the rates of some steps.
static void contrast_rates(Grade *g, const Wsd *s, long long from, long long to) {
    for (int way = 0; way < WAYS; way++) {
        Wsd simple = simpler_wsd(*s, (SimplerWsd)way);
        bool other = simple.shape != s->shape || simple.last != s->last
                     || simple.peak != s->peak;
        grade_contrast(g, other && rates_right(&simple, from, to),
                       WSD_CONTRASTS[way].code, "%s", WSD_CONTRASTS[way].says);
    }
}

static void check_steps(Grade *g, int points, const char *what, const Wsd *s,
                        long long from, long long to, const WsdMistake *mistakes) {
    double got[TOTAL + 1], want[TOTAL + 1], slip[TOTAL + 1];
    int n = (int)(to - from + 1), off = 0;
    for (int i = 0; i < n; i++) {
        got[i] = wsd_rate(s, from + i), want[i] = rate_by(s, WSD_RIGHT, from + i);
    }
    double tolerance = rate_tolerance(s);
    bool good = near_array(got, want, n, tolerance);
    for (const WsdMistake *m = mistakes; m->code; m++) {
        for (int i = 0; i < n; i++) slip[i] = rate_by(s, m->rule, from + i);
        grade_mistake(g, !good && near_array(got, slip, n, tolerance), m->code, "%s",
                      m->says);
    }
    while (off < n - 1 && fabs(got[off] - want[off]) <= tolerance) off++;
    grade_expect(g, points, good, "%s: the rate of step %lld is %.6g, should be %.6g",
                 what, from + off, got[off], want[off]);
    if (!good) contrast_rates(g, s, from, to);
}

static void check_warmup(Grade *g) {
    static const WsdMistake mistakes[] = {
        {WSD_STEP_EARLY, "step-from-0",
         "the first step has the rate 0 and changes nothing: steps count from 1"},
        {WSD_STEP_LATE, "step-late", "steps count from 1: step t has peak t / warmup"},
        {WSD_OF_TOTAL, "of-total",
         "the warm-up takes `warmup` steps, not all: t / warmup"},
        {WSD_FROM_LAST, "from-last", "the warm-up begins at 0, not at last"},
        {WSD_INTEGERS, "integer-division",
         "step / warmup is a quotient of integers, 0 until the end: make one a double"},
        {WSD_PLUS_ONE, "warm-up-late",
         "divided by warmup + 1: the peak is reached at step warmup, t / warmup"},
        {WSD_BY_DECAY, "warm-up-by-decay", "divided by `decay`: t / warmup"},
        {WSD_WARM_ROOT, "warm-up-root", "a root of t / warmup: the warm-up is a line"},
        {WSD_COLD, "no-warm-up",
         "the rate is the peak from the start: up to step warmup it is peak t / "
         "warmup"},
        {0},
    };
    check_steps(g, 4, "warm-up", &LINEAR, 1, WARMUP - 1, mistakes);
}

static const WsdMistake DECAY_MISTAKES[] = {
    {WSD_NO_STABLE, "no-stable",
     "the decay begins after the warm-up: only the last `decay` steps decay"},
    {WSD_COSINE, "cosine",
     "this is the chapter's cosine: here the rate stays at the peak until `decay` "
     "steps "
     "are left"},
    {WSD_OF_TOTAL, "of-total",
     "the decay takes `decay` steps: u is done / decay, not done / total"},
    {WSD_TO_ZERO, "to-zero", "the decay goes to 0: it ends at last"},
    {WSD_DECAY_LATE, "decay-late",
     "the decay is one step late, so that last is not reached at step total"},
    {WSD_ROOT_OF_REST, "root-of-rest",
     "sqrt(1 - u) falls slowly first, 1 - sqrt(u) fast first"},
    {WSD_ALWAYS_LINEAR, "always-linear", "the shape was ignored: 1 - sqrt(u) here"},
    {WSD_DECAY_EARLY, "decay-early",
     "the decay is one step early: step total - decay has the peak yet"},
    {WSD_BEGINS_EARLY, "decay-early",
     "the decay is one step early: step total - decay has the peak yet"},
    {WSD_OF_ALL_STEPS, "of-all-steps",
     "u is step / total: it is the steps done of the decay, divided by `decay`"},
    {WSD_RISES, "rises",
     "u counts backwards: it is 0 where the decay begins, 1 at the end"},
    {WSD_ROOT_RISES, "root-rises", "sqrt(u) rises: f is 1 - sqrt(u)"},
    {WSD_SQUARE, "square", "f is 1 - sqrt(u), not (1 - u)^2"},
    {WSD_CIRCLE, "circle", "f is 1 - sqrt(u), not sqrt(1 - u^2)"},
    {WSD_PARABOLA, "parabola", "f is 1 - sqrt(u), not 1 - u^2"},
    {WSD_ROOT_SQUARED, "root-squared", "f is 1 - sqrt(u), not its square"},
    {WSD_SHAPES, "shapes-exchanged", "the two shapes are exchanged"},
    {WSD_WHOLE_PEAK, "whole-peak",
     "last + peak f: the way from the peak to last is peak - last long"},
    {WSD_ABOVE, "above-the-peak",
     "the decay begins above the peak: last + (peak - last) f"},
    {WSD_EXPONENTIAL, "exponential", "a geometric decay: last + (peak - last) f"},
    {WSD_HELD, "held-at-last",
     "the rate falls towards 0 and is held at last: it falls to last, last + (peak - "
     "last) f"},
    {WSD_INTEGERS, "integer-division",
     "the rate stays at the peak: is u a quotient of integers, 0 until the end?"},
    {WSD_COSINE_END, "cosine-end",
     "the decay is a cosine: f is 1 - u or, as the shape says, 1 - sqrt(u)"},
    {WSD_NOT_ON_LAST, "last-not-added",
     "(peak - last) f falls to 0: last is added to it"},
    {WSD_LESS_ONE, "less-one",
     "u is divided by decay - 1, so that last is reached a step early: by decay"},
    {WSD_EARLY_END, "early-end",
     "last is reached a step early, at step total - 1: at step total"},
    {WSD_DROPS, "drops",
     "the rate drops to last where the decay begins: it falls there"},
    {WSD_ROOT_OF_LEFT, "root-of-f", "the root of f: last + (peak - last) f"},
    {WSD_CUBE_ROOT, "cube-root", "a cube root: f is 1 - sqrt(u)"},
    {WSD_FROM_WARMUP, "no-stable",
     "the decay begins after the warm-up: after step total - decay"},
    {WSD_FROM_DECAY, "from-decay",
     "the decay begins after step `decay`: it has so many steps, the last ones, and "
     "begins after step total - decay"},
    {WSD_WARMUP_TOO, "warm-up-taken-away",
     "the decay begins `warmup` steps too early: after step total - decay"},
    {WSD_NO_FLAT, "no-flat-part",
     "before the decay u is below 0 and the rate above the peak: up to step total - "
     "decay it is the peak"},
    {0},
};

static void check_stable(Grade *g) {
    check_steps(g, 2, "stable", &LINEAR, WARMUP + 1, START, DECAY_MISTAKES);
}
static void check_linear(Grade *g) {
    check_steps(g, 4, "linear decay", &LINEAR, START, TOTAL - 1, DECAY_MISTAKES);
}
static void check_root(Grade *g) {
    check_steps(g, 4, "1 - sqrt decay", &ROOT, START, TOTAL - 1, DECAY_MISTAKES);
}

// Both ends of each part where the part before or after is empty, and what comes last.
static void check_ends(Grade *g) {
    Wsd cold = LINEAR, tight = LINEAR;
    cold.warmup = 0, tight.warmup = TOTAL - DECAY;
    double first = wsd_rate(&cold, 1), top = wsd_rate(&tight, START),
           end = wsd_rate(&ROOT, TOTAL), later = wsd_rate(&LINEAR, TOTAL + 5),
           tolerance = rate_tolerance(&LINEAR);
    bool ends = fabs(end - ROOT.last) <= tolerance;
    grade_mistake(g, ends && !(later >= LINEAR.last - tolerance), "past-the-end",
                  "after the last step the rate falls on, below last: it stays there");
    grade_expect(g, 2, ends && fabs(later - LINEAR.last) <= tolerance,
                 "the rate of step total is %.6g, of step total + 5 %.6g, should both "
                 "be last = %.6g",
                 end, later, LINEAR.last);
    grade_expect(
        g, 1,
        fabs(first - cold.peak) <= tolerance && fabs(top - tight.peak) <= tolerance,
        "without a warm-up step 1 has the rate %.6g, and where the decay follows "
        "the warm-up at once the step between has %.6g: should both be the "
        "peak, %.6g",
        first, top, cold.peak);
}

// ---- the area

static double area_by(const Wsd *s, long long from, long long to) {
    double sum = 0;
    for (long long t = from; t <= to; t++) sum += rate_by(s, WSD_RIGHT, t);
    return sum;
}

static bool near_area(double a, double b) {
    return isfinite(b) && fabs(a - b) <= 1e-9 * fabs(b);
}

typedef enum {
    AREA_RIGHT,
    AREA_SHORT,        // without the last step; so is 0 .. total - 1, as step 0 adds 0
    AREA_LONG,         // one step more
    AREA_TRAPEZOID,    // the two ends count half
    AREA_INTEGRAL,     // of the curve
    AREA_MEAN,         // divided by the number of steps
    AREA_NO_WARMUP,    // the rest alone
    AREA_FROM_WARMUP,  // so too, but for its last step
    AREA_NO_FLAT,
    AREA_NO_FALL,
    AREA_TRIANGLE,   // the warm-up as half of peak x warmup
    AREA_WARM_FULL,  // the warm-up at the peak
    AREA_FALL_FROM,  // the decay with its first step, and not its last
    AREA_FALL_LAST,  // the decay at last
    AREA_MIDDLE,     // the decay as the mean of its ends
    AREA_CURVE,      // the decay as an integral
    AREA_LINEAR,     // whatever the shape
    AREA_PEAK,       // the peak in all steps
    AREA_CORNERS,    // a triangle, a rectangle and a trapezoid
} AreaRule;

static double area_of(const Wsd *s, AreaRule rule) {
    long long start = s->total - s->decay;
    Wsd line = *s;
    line.shape = WSD_LINEAR;
    double warm = area_by(s, 1, s->warmup), flat = area_by(s, s->warmup + 1, start),
           fall = area_by(s, start + 1, s->total), all = warm + flat + fall,
           decay = (double)s->decay, warmup = (double)s->warmup,
           drop = s->peak - s->last, triangle = s->peak * warmup / 2,
           curve = decay * (s->last + drop * (s->shape == WSD_LINEAR ? 0.5 : 1. / 3));
    const double by[] = {
        [AREA_RIGHT] = all,
        [AREA_SHORT] = all - s->last,
        [AREA_LONG] = all + s->last,
        [AREA_TRAPEZOID] = all - s->last / 2,
        [AREA_INTEGRAL] = triangle + flat + curve,
        [AREA_MEAN] = all / (double)s->total,
        [AREA_NO_WARMUP] = flat + fall,
        [AREA_FROM_WARMUP] = s->peak + flat + fall,
        [AREA_NO_FLAT] = warm + fall,
        [AREA_NO_FALL] = warm + flat,
        [AREA_TRIANGLE] = triangle + flat + fall,
        [AREA_WARM_FULL] = s->peak * warmup + flat + fall,
        [AREA_FALL_FROM] = all + drop,
        [AREA_FALL_LAST] = warm + flat + s->last * decay,
        [AREA_MIDDLE] = warm + flat + (s->peak + s->last) / 2 * decay,
        [AREA_CURVE] = warm + flat + curve,
        [AREA_LINEAR] = warm + flat + area_by(&line, start + 1, s->total),
        [AREA_PEAK] = s->peak * (double)s->total,
        [AREA_CORNERS] = triangle + flat + (s->peak + s->last) / 2 * decay,
    };
    return by[rule];
}

static const struct {
    AreaRule rule;
    const char *code, *says;
} AREA_SLIPS[] = {
    {AREA_SHORT, "area-from-0",
     "the last step is missing, as if steps 0 .. total - 1 were added: they count "
     "from 1"},
    {AREA_TRAPEZOID, "area-integral",
     "the area under the curve is not the sum over steps: a trapezoid counts its two "
     "ends half"},
    {AREA_INTEGRAL, "area-integral",
     "the area under the curve is not the sum over steps"},
    {AREA_MEAN, "area-mean", "this is the mean rate: the sum is asked for"},
    {AREA_LONG, "area-long", "one step too many: steps 1 .. total"},
    {AREA_NO_WARMUP, "area-no-warm-up", "the rates of the warm-up are missing"},
    {AREA_FROM_WARMUP, "area-no-warm-up",
     "the rates of the warm-up are missing but for the last: steps 1 .. total"},
    {AREA_NO_FLAT, "area-no-stable", "the rates at the peak are missing"},
    {AREA_NO_FALL, "area-no-decay", "the rates of the decay are missing"},
    {AREA_TRIANGLE, "area-triangle",
     "the warm-up is counted as a triangle: its steps add up to peak (warmup + 1) / 2"},
    {AREA_WARM_FULL, "area-no-slope", "the warm-up is counted at the peak: it rises"},
    {AREA_FALL_FROM, "area-decay-early",
     "the decay is counted from u = 0 on: its steps have u = 1 / decay .. 1"},
    {AREA_FALL_LAST, "area-at-last", "the decay is counted at last: it falls to it"},
    {AREA_MIDDLE, "area-trapezoid",
     "the decay is counted as the mean of its two ends: add up the rates of its steps"},
    {AREA_CURVE, "area-integral",
     "the decay is counted by the integral of f: add up the rates of its steps"},
    {AREA_LINEAR, "area-always-linear", "the shape was ignored: 1 - sqrt(u) adds less"},
    {AREA_PEAK, "area-at-the-peak", "all steps are counted at the peak"},
    {AREA_CORNERS, "area-trapezoid",
     "a triangle and a trapezoid are areas under the curve, the second for any shape: "
     "add up the rates of the steps"},
};

// Right by the definition, or the sum of the student's own rates.
static bool is_area(double got, const Wsd *s) {
    if (near_area(got, area_of(s, AREA_RIGHT))) return true;
    double own = 0;
    for (long long t = 1; t <= s->total; t++) own += wsd_rate(s, t);
    return near_area(got, own);
}

// After an area that is wrong.
static void contrast_area(Grade *g, const Wsd *s) {
    for (int way = 0; way < WAYS; way++) {
        Wsd simple = simpler_wsd(*s, (SimplerWsd)way);
        bool changed = memcmp(&simple, s, sizeof simple) != 0;
        grade_contrast(g, changed && is_area(wsd_area(&simple), &simple),
                       WSD_CONTRASTS[way].code, "the area: %s",
                       WSD_CONTRASTS[way].says);
    }
}

static void check_area(Grade *g) {
    double linear = wsd_area(&LINEAR), root = wsd_area(&ROOT);
    bool linear_fits = is_area(linear, &LINEAR),
         good = linear_fits && is_area(root, &ROOT);
    for (int i = 0; i < COUNT_OF(AREA_SLIPS); i++)
        grade_mistake(g,
                      !good && near_area(linear, area_of(&LINEAR, AREA_SLIPS[i].rule))
                          && near_area(root, area_of(&ROOT, AREA_SLIPS[i].rule)),
                      AREA_SLIPS[i].code, "%s", AREA_SLIPS[i].says);
    Wsd cold = LINEAR;
    cold.warmup = 0;
    grade_mistake(g, good && !is_area(wsd_area(&cold), &cold), "area-from-0",
                  "without a warm-up the area is wrong: steps count from 1, and step 0 "
                  "has no rate (0/0)");
    grade_expect(g, 0, !good || is_area(wsd_area(&cold), &cold),
                 "the area without a warm-up is %.10g, should be %.10g",
                 wsd_area(&cold), area_of(&cold, AREA_RIGHT));
    double exact = area_of(&LINEAR, AREA_RIGHT);
    grade_mistake(g, !good && fabs(linear - exact) < 1e-6 * exact, "area-in-float",
                  "the area is right to some digits: a float holds seven, add up in "
                  "a double");
    grade_expect(g, 2, good, "the area with %s decay is %.10g, should be %.10g",
                 linear_fits ? "1 - sqrt" : "linear", linear_fits ? root : linear,
                 area_of(linear_fits ? &ROOT : &LINEAR, AREA_RIGHT));
    if (!good) contrast_area(g, linear_fits ? &ROOT : &LINEAR);
}

// ---- the peak for an area

typedef enum {
    PEAK_PROPORTIONAL,
    PEAK_LAST_FORGOTTEN,  // area / what a peak of 1 adds
    PEAK_LAST_IN_ONE,     // area / the area at a peak of 1
    PEAK_LAST_ADDED,
    PEAK_TIMES,
    PEAK_ABOVE_LAST,   // as if all rates were last + k (peak - last)
    PEAK_SCALED_REST,  // so too, and the peak itself is scaled
    PEAK_LAST_WHOLE,   // last x total for its part
    PEAK_LAST_DECAY,   // last x decay for its part
    PEAK_SLOPE_NOW,    // area now / peak for what a peak of 1 adds
    PEAK_EVEN,         // peak + what is missing, by step
    PEAK_MEAN,         // area / total
    PEAK_INVERSE,
    PEAK_SCALED_DECAY,  // last x decay taken from both areas
    PEAK_SLOPE_ONE,     // divided by the area at a peak of 1
    PEAK_LINEAR,        // of the line, whatever the shape
} PeakRule;

// Of ROOT.
static double peak_by(PeakRule rule, double area) {
    Wsd none = ROOT;
    none.peak = 0;
    double now = area_of(&ROOT, AREA_RIGHT), fixed = area_of(&none, AREA_RIGHT),
           slope = (now - fixed) / ROOT.peak, whole = ROOT.last * TOTAL,
           rest = (area - whole) / (now - whole);
    Wsd line = ROOT, line_none = none;
    line.shape = line_none.shape = WSD_LINEAR;
    double line_fixed = area_of(&line_none, AREA_RIGHT),
           line_slope = (area_of(&line, AREA_RIGHT) - line_fixed) / ROOT.peak;
    const double by[] = {
        [PEAK_PROPORTIONAL] = ROOT.peak * area / now,
        [PEAK_LAST_FORGOTTEN] = area / slope,
        [PEAK_LAST_IN_ONE] = area / (slope + fixed),
        [PEAK_LAST_ADDED] = (area + fixed) / slope,
        [PEAK_TIMES] = (area - fixed) * slope,
        [PEAK_ABOVE_LAST] = ROOT.last + rest * (ROOT.peak - ROOT.last),
        [PEAK_SCALED_REST] = rest * ROOT.peak,
        [PEAK_LAST_WHOLE] = (area - whole) / slope,
        [PEAK_LAST_DECAY] = (area - ROOT.last * DECAY) / slope,
        [PEAK_SLOPE_NOW] = (area - fixed) / (now / ROOT.peak),
        [PEAK_EVEN] = ROOT.peak + (area - now) / TOTAL,
        [PEAK_MEAN] = area / TOTAL,
        [PEAK_INVERSE] = ROOT.peak * now / area,
        [PEAK_SCALED_DECAY] =
            ROOT.peak * (area - ROOT.last * DECAY) / (now - ROOT.last * DECAY),
        [PEAK_SLOPE_ONE] = (area - fixed) / (slope + fixed),
        [PEAK_LINEAR] = (area - line_fixed) / line_slope,
    };
    return by[rule];
}

static const struct {
    PeakRule rule;
    const char *code, *says;
} PEAK_SLIPS[] = {
    {PEAK_PROPORTIONAL, "proportional",
     "peak x area / (area now): `last` has a part in the area that does not grow with "
     "the peak"},
    {PEAK_LAST_FORGOTTEN, "last-forgotten",
     "`last` has a part in the area whatever the peak is: take it away first"},
    {PEAK_LAST_ADDED, "last-added",
     "the part of `last` in the area is taken away, not added"},
    {PEAK_TIMES, "times-slope", "multiplied by what a peak of 1 gives: divide by it"},
    {PEAK_LAST_IN_ONE, "last-forgotten",
     "a peak of 1 has this area with `last` in it: `last` has a part in the area "
     "whatever the peak is, take it away first"},
    {PEAK_ABOVE_LAST, "warm-up-from-last",
     "last + k (peak - last) as if all rates were so: those of the warm-up begin at 0, "
     "so that `last` x total is not what stays"},
    {PEAK_SCALED_REST, "last-whole",
     "`last` x total was taken away: `last` has a part only in the decay, as far as it "
     "has fallen"},
    {PEAK_LAST_WHOLE, "last-whole",
     "`last` x total was taken away: `last` has a part only in the decay, as far as it "
     "has fallen"},
    {PEAK_LAST_DECAY, "last-of-decay",
     "`last` x decay was taken away: in the decay the peak has a part as well, so "
     "`last` has the rest of each step"},
    {PEAK_SLOPE_NOW, "slope-with-last",
     "divided by (area now) / peak: the part of `last` is in it"},
    {PEAK_SCALED_DECAY, "last-of-decay",
     "`last` x decay was taken away: in the decay the peak has a part as well, so "
     "`last` has the rest of each step"},
    {PEAK_LINEAR, "peak-of-line",
     "this is the peak with a linear decay: the shape is 1 - sqrt(u) here"},
    {PEAK_SLOPE_ONE, "slope-with-last",
     "divided by the area at a peak of 1: the part of `last` is in it, take it away "
     "there too"},
    {PEAK_EVEN, "every-step-alike",
     "what is missing was divided by all steps: a higher peak adds less in warm-up and "
     "decay"},
    {PEAK_MEAN, "mean-rate",
     "area / total is the mean rate: warm-up and decay are below the peak"},
    {PEAK_INVERSE, "upside-down",
     "peak x (area now) / area: a larger area, a higher "
     "peak; and `last` has a part that does not grow with it"},
};

// After a peak that is wrong.
static void contrast_peak(Grade *g, double area) {
    for (int way = 0; way < WAYS; way++) {
        Wsd simple = simpler_wsd(ROOT, (SimplerWsd)way);
        simple.peak = wsd_peak_for(&simple, area);
        grade_contrast(g, isfinite(simple.peak) && is_area(area, &simple),
                       WSD_CONTRASTS[way].code, "the peak for an area: %s",
                       WSD_CONTRASTS[way].says);
    }
}

static void check_peak(Grade *g) {
    double area = 0.3, got = wsd_peak_for(&ROOT, area);
    Wsd found = ROOT;
    found.peak = got;
    bool good = is_area(area, &found);
    for (int i = 0; i < COUNT_OF(PEAK_SLIPS); i++)
        grade_mistake(g, !good && near_area(got, peak_by(PEAK_SLIPS[i].rule, area)),
                      PEAK_SLIPS[i].code, "%s", PEAK_SLIPS[i].says);
    double near = area_by(&found, 1, TOTAL);
    grade_mistake(g, !good && fabs(near - area) < 1e-3 * area, "nearly",
                  "the peak is nearly right: a search that ended too early? Two areas "
                  "determine the line");
    grade_expect(g, 2, good,
                 "for the area %.3g the peak is %.8g, with which the area is %.8g",
                 area, got, area_by(&found, 1, TOTAL));
    if (!good) contrast_peak(g, area);
}

// ---- a longer run

static bool same_schedule(const Wsd *a, const Wsd *b) {
    return a->peak == b->peak && a->last == b->last && a->warmup == b->warmup
           && a->decay == b->decay && a->total == b->total && a->shape == b->shape;
}

// ROOT with another end.
static Wsd ending(long long total, long long decay) {
    Wsd s = ROOT;
    s.total = total, s.decay = decay;
    return s;
}

static void grade_extended(Grade *g, int points, const Wsd *got, const Wsd *want,
                           long long step) {
    grade_expect(
        g, points, same_schedule(got, want),
        "a run of 50 steps, saved at step %lld, is to end at %lld: a schedule "
        "of %lld steps, %lld of warm-up and %lld of decay; should be %lld, %lld "
        "and %lld",
        step, want->total, got->total, got->warmup, got->decay, want->total,
        want->warmup, want->decay);
}

// What neither a new end nor a new decay changes.
static void recognise_levels(Grade *g, const Wsd *got) {
    if (got->total == 0) return;
    grade_mistake(g, got->peak != ROOT.peak || got->last != ROOT.last, "levels-changed",
                  "peak and last are those of the run: it is %s that changed",
                  got->peak != ROOT.peak ? "the peak" : "last");
    grade_mistake(g, got->shape != ROOT.shape, "shape-changed",
                  "the shape is that of the run: it changed");
}

static void check_extend(Grade *g) {
    Wsd got = wsd_extend(&ROOT, 30, 100, 0.29), want = ending(100, 29),
        rest = ending(100, 70), part = ending(100, 20), down = ending(100, 28);
    grade_mistake(g, same_schedule(&got, &rest), "decays-at-once",
                  "the decay takes all steps that are left: only round(share total)");
    grade_mistake(
        g, same_schedule(&got, &part), "share-of-rest",
        "the decay's share is of the steps that are left: it is of the total");
    grade_mistake(g, same_schedule(&got, &down), "rounded-down",
                  "share total was rounded down: 0.29 x 100 is a little less than 29");
    Wsd before = ending(100, (long long)llround(0.29 * TOTAL));
    grade_mistake(g, same_schedule(&got, &before) || got.decay == 15,
                  "share-of-old-total", "the decay's share is of the new total");
    grade_mistake(g, got.decay == 29 && got.total == TOTAL, "total-as-before",
                  "the schedule ends where it did: `total` is the new one");
    grade_mistake(g, got.total == 0, "goes-on",
                  "step 30 is before the decay: the run can go on");
    grade_mistake(g, got.total == 100 && got.decay == DECAY, "decay-as-before",
                  "the decay is as long as before: it is round(share total) now");
    grade_mistake(g, got.total == 100 && got.warmup >= 30, "warms-up-again",
                  "the warm-up begins anew: the steps until now keep their rates");
    grade_mistake(g, got.total != 0 && got.warmup != WARMUP, "warm-up-changed",
                  "the warm-up is another one: the schedule is that of the whole run, "
                  "whose first steps keep their rates");
    grade_mistake(g, got.total == 130, "total-added",
                  "`total` is the step at which the run ends, not how many are added");
    grade_mistake(g, got.decay == 27 || got.decay == 26, "share-after-warm-up",
                  "the decay's share is of all steps, the warm-up's too: round(share "
                  "total)");
    grade_mistake(g, got.total == 100 && got.decay == 9, "share-of-step",
                  "the decay's share is of the steps until now: it is of the total");
    Wsd low = wsd_extend(&ROOT, 30, 100, 0.204);
    grade_mistake(g, got.decay == 29 && low.decay == 21, "rounded-up",
                  "share total was rounded up: round takes 20.4 to 20");
    grade_expect(g, 0, low.decay == 20,
                 "a share of 0.204 of 100 steps: the decay has %lld, should have 20",
                 low.decay);
    recognise_levels(g, &got);
    grade_extended(g, 2, &got, &want, 30);
}

static void check_extend_edges(Grade *g) {
    Wsd edge = wsd_extend(&ROOT, START, 44, 0.5), last_one = ending(44, 4),
        early = wsd_extend(&ROOT, 3, 10, 0.9), short_run = ending(10, 2), none = {0};
    Wsd inside = wsd_extend(&ROOT, START + 1, 100, 0.2),
        over = wsd_extend(&ROOT, 30, 30, 0.2);
    grade_mistake(g, inside.total == 100, "from-the-decay",
                  "a run whose decay has begun cannot go on at the peak: step 41 of 50 "
                  "had a lower rate");
    grade_mistake(g, over.total == 30, "no-step-left",
                  "a run that was saved at its end has no step left: {0}");
    Wsd on = wsd_extend(&ROOT, START, 100, 0.2),
        tiny = wsd_extend(&ROOT, 30, 100, 0.001);
    grade_mistake(
        g, edge.total == 0 && on.total == 0, "edge",
        "step total - decay is the last one at the peak: from there a run can go "
        "on");
    grade_mistake(g, edge.total == 0, "few-left",
                  "after step 40, 4 steps are left of 44, and the decay takes them, if "
                  "it wants more: that is a schedule, not {0}");
    grade_mistake(g, edge.decay > 4 || early.decay > 7, "decay-too-long",
                  "the decay is longer than the steps that are left after the one that "
                  "was saved");
    grade_mistake(g, early.total == 10 && early.decay > 2, "warm-up-forgotten",
                  "the warm-up goes on to step 8: the decay has what is left after it");
    grade_mistake(g, (edge.decay == 0 && edge.total == 44) || tiny.decay == 0,
                  "no-decay", "the decay has at least 1 step");
    grade_expect(g, 0, tiny.decay == 1,
                 "a share of 0.001 of 100 steps: the decay has %lld, should have 1",
                 tiny.decay);
    recognise_levels(g, &early);
    grade_expect(g, 1, same_schedule(&inside, &none) && same_schedule(&over, &none),
                 "no schedule goes on from within the decay, or ends at the step that "
                 "was saved: should be {0}");
    if (!same_schedule(&edge, &last_one)) grade_extended(g, 1, &edge, &last_one, START);
    else grade_extended(g, 1, &early, &short_run, 3);
}

void check_wsd(Grade *g) {
    grade_part(g, check_warmup(g));
    grade_part(g, check_stable(g));
    grade_part(g, check_linear(g));
    grade_part(g, check_root(g));
    grade_part(g, check_ends(g));
    grade_part(g, check_area(g));
    grade_part(g, check_peak(g));
    grade_part(g, check_extend(g));
    grade_part(g, check_extend_edges(g));
}
