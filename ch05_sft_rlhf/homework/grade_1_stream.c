// Problem 1: advantages in a stream.
#include <math.h>
#include <string.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-10;  // a few sums of numbers near 1

// ---- advantages from k steps

enum { STEPS = 4 };
typedef struct {
    double rewards[STEPS], values[STEPS], last, gamma;
} Steps;
#define REWARDS \
    { 0.5, -0.25, 0, 2 }
#define VALUES \
    { 0.75, 0.5, 1.25, 1 }
static const Steps ORDINARY = {REWARDS, VALUES, 0.625, 0.9},
                   NO_DISCOUNT = {REWARDS, VALUES, 0.625, 1},
                   NO_VALUES = {REWARDS, {0}, 0, 0.9},
                   NO_REWARDS = {{0}, VALUES, 0.625, 0.9};

typedef enum {
    STEP_RIGHT,
    STEP_ONE_MORE,        // k + 1 rewards
    STEP_ONE_LESS,        // k - 1
    STEP_NO_BASELINE,     // V_t is not subtracted
    STEP_PLUS_BASELINE,   // but added
    STEP_OTHER_BASELINE,  // V_(t+k-1) is
    STEP_NO_REWARDS,      // values alone
    STEP_BEYOND,          // where k passes the end: nothing after it
    STEP_NO_LAST,         // at the end and past it: nothing after it
    STEP_LAST_VALUE,      // there: V_(n-1)
    STEP_PAST,            // there: weighted by gamma^k
    // the value's weight, or which value it is
    STEP_NO_END,       // nothing for what comes after k steps
    STEP_VALUE_PLAIN,  // without gamma^k
    STEP_VALUE_ONCE,   // gamma
    STEP_VALUE_MORE,   // gamma^(k+1)
    STEP_VALUE_LESS,   // gamma^(k-1)
    STEP_VALUE_EARLY,  // V_(t+k-1)
    // the rewards' weights
    STEP_REWARDS_PLAIN,  // 1
    STEP_REWARDS_ABSOLUTE,
    STEP_ONE_GAMMA,  // gamma, from the second one on
    // both
    STEP_NO_GAMMA,
    STEP_ALL_ONE_GAMMA,  // gamma, from the second one on, and V's
    STEP_EACH_GAMMA,     // gamma, from the first one on
    STEP_GAMMA_EARLY,    // one power more
    STEP_ABSOLUTE,       // gamma^i, counted from the answer's first step
    STEP_BACKWARD,       // the last reward has the weight 1
    // which reward, which value
    STEP_ALWAYS_LAST,    // V_n for V_(t+k), everywhere
    STEP_FROM_0,         // r_i for r_(t+i)
    STEP_MORE_REWARD,    // k + 1 rewards, then gamma^k V_(t+k)
    STEP_MORE_LATE,      // k + 1 rewards, then gamma^(k+1) V_(t+k)
    STEP_LESS_REWARD,    // k - 1 rewards, then gamma^k V_(t+k)
    STEP_REWARDS_EARLY,  // the rewards' powers alone are one too high
    STEP_STOPS_EARLY,    // n - 1 - t steps at most
    STEP_DELTAS,         // deltas added up, as if gamma were 1
} StepRule;

static double reward_weight(StepRule rule, double gamma, int t, int end, int i) {
    bool plain = rule == STEP_REWARDS_PLAIN || rule == STEP_NO_GAMMA;
    if (plain || rule == STEP_NO_REWARDS) return plain;
    if (rule == STEP_EACH_GAMMA) return gamma;
    if (rule == STEP_ONE_GAMMA || rule == STEP_ALL_ONE_GAMMA) return i > t ? gamma : 1;
    bool absolute = rule == STEP_ABSOLUTE || rule == STEP_REWARDS_ABSOLUTE;
    int power = absolute ? i : rule == STEP_BACKWARD ? end - 1 - i : i - t;
    if (rule == STEP_GAMMA_EARLY || rule == STEP_REWARDS_EARLY) power++;
    return pow(gamma, power);
}

static double value_weight(StepRule rule, double gamma, int t, int end, int k) {
    if (rule == STEP_NO_LAST && end == STEPS) return 0;
    if (rule == STEP_NO_END || (rule == STEP_BEYOND && t + k > STEPS)) return 0;
    if (rule == STEP_NO_GAMMA || rule == STEP_VALUE_PLAIN) return 1;
    if (rule == STEP_VALUE_ONCE || rule == STEP_ALL_ONE_GAMMA
        || rule == STEP_EACH_GAMMA)
        return gamma;
    int power = rule == STEP_ABSOLUTE ? end : rule == STEP_PAST ? k : end - t;
    if (rule == STEP_VALUE_MORE || rule == STEP_GAMMA_EARLY || rule == STEP_MORE_LATE)
        power++;
    return pow(gamma, power - (rule == STEP_VALUE_LESS));
}

// delta_t + delta_(t+1) + ..., which is the advantage where gamma is 1.
static double n_deltas(const Steps *s, int t, int k) {
    double sum = 0;
    for (int i = t; i < t + k && i < STEPS; i++)
        sum += s->rewards[i] + s->gamma * (i + 1 < STEPS ? s->values[i + 1] : s->last)
               - s->values[i];
    return sum;
}

static double n_step_by(StepRule rule, const Steps *s, int t, int k) {
    if (rule == STEP_DELTAS) return n_deltas(s, t, k);
    int steps = t + k + (rule == STEP_ONE_MORE) - (rule == STEP_ONE_LESS),
        end = steps < STEPS ? steps : STEPS;
    if (rule == STEP_STOPS_EARLY && end == STEPS) end--;
    double sum = 0, after = end < STEPS               ? s->values[end]
                            : rule == STEP_LAST_VALUE ? s->values[STEPS - 1]
                                                      : s->last;
    if (rule == STEP_VALUE_EARLY) after = s->values[end - 1];
    if (rule == STEP_ALWAYS_LAST) after = s->last;
    int until = end + (rule == STEP_MORE_REWARD || rule == STEP_MORE_LATE)
                - (rule == STEP_LESS_REWARD);
    for (int i = t; i < until && i < STEPS; i++)
        sum += reward_weight(rule, s->gamma, t, end, i)
               * s->rewards[rule == STEP_FROM_0 ? i - t : i];
    sum += value_weight(rule, s->gamma, t, end, k) * after;
    double sign = rule == STEP_NO_BASELINE ? 0 : rule == STEP_PLUS_BASELINE ? -1 : 1;
    return sum - sign * s->values[rule == STEP_OTHER_BASELINE ? end - 1 : t];
}

// Within the answer: t = 0 with 1, 2, 3 steps; t = 1 with 2.
static void within_by(int rule, const void *of, double *to) {
    for (int k = 1; k <= 3; k++) to[k - 1] = n_step_by((StepRule)rule, of, 0, k);
    to[3] = n_step_by((StepRule)rule, of, 1, 2);
}

static double n_step(const Steps *s, int t, int k) {
    const double *rewards = grade_guarded("rewards", s->rewards, sizeof s->rewards),
                 *values = grade_guarded("values", s->values, sizeof s->values);
    return n_step_advantage(rewards, values, STEPS, s->last, t, k, s->gamma);
}

static int within(const void *of, double *got) {
    for (int k = 1; k <= 3; k++) got[k - 1] = n_step(of, 0, k);
    got[3] = n_step(of, 1, 2);
    return 4;
}

static const Slip STEP_SLIPS[] = {
    {STEP_ONE_MORE, "one-more", "k + 1 rewards are summed: the last is r_(t+k-1)"},
    {STEP_ONE_LESS, "one-less", "k - 1 rewards are summed: the last is r_(t+k-1)"},
    {STEP_NO_BASELINE, "no-baseline", "V_t is not subtracted: this is a return"},
    {STEP_PLUS_BASELINE, "plus-baseline", "V_t is added: it is subtracted"},
    {STEP_OTHER_BASELINE, "other-baseline",
     "another step's value is subtracted: V_t, of the step that is asked for"},
    {STEP_NO_REWARDS, "no-rewards", "the rewards are left out"},
    {STEP_NO_END, "no-end-value",
     "what comes after k steps is left out: gamma^k V_(t+k)"},
    {STEP_VALUE_PLAIN, "end-not-discounted",
     "V_(t+k) is k steps away: its weight is gamma^k, not 1"},
    {STEP_VALUE_ONCE, "end-one-gamma",
     "V_(t+k) is k steps away: its weight is gamma^k, not gamma"},
    {STEP_VALUE_MORE, "end-late", "V_(t+k) has the weight gamma^k, not gamma^(k+1)"},
    {STEP_VALUE_LESS, "end-early", "V_(t+k) has the weight gamma^k, not gamma^(k-1)"},
    {STEP_VALUE_EARLY, "value-early",
     "V_(t+k-1) was taken for what comes after k steps: V_(t+k)"},
    {STEP_REWARDS_PLAIN, "rewards-not-discounted",
     "the rewards are not discounted: r_(t+i) has the weight gamma^i"},
    {STEP_ONE_GAMMA, "one-gamma",
     "gamma is not raised: r_(t+i) has the weight gamma^i, not gamma"},
    {STEP_NO_GAMMA, "no-discount",
     "gamma is forgotten: r_(t+i) has the weight gamma^i, V_(t+k) gamma^k"},
    {STEP_ALL_ONE_GAMMA, "one-gamma",
     "gamma is not raised: r_(t+i) has the weight gamma^i, V_(t+k) gamma^k"},
    {STEP_EACH_GAMMA, "each-gamma",
     "gamma is not raised, and r_t has it too: r_(t+i) has the weight gamma^i"},
    {STEP_GAMMA_EARLY, "gamma-early",
     "the powers of gamma begin one too high: r_t has the weight gamma^0 = 1"},
    {STEP_ABSOLUTE, "gamma-absolute",
     "gamma is raised to the place in the answer: steps are counted from t, r_(t+i) "
     "has "
     "gamma^i"},
    {STEP_REWARDS_ABSOLUTE, "gamma-absolute",
     "gamma is raised to the place in the answer: steps are counted from t, r_(t+i) "
     "has "
     "gamma^i"},
    {STEP_BACKWARD, "gamma-backward",
     "gamma's powers run the wrong way: the nearest reward, r_t, has the weight 1"},
    {STEP_ALWAYS_LAST, "always-last",
     "`last` was taken for V_(t+k) everywhere: it is V_n, of answers with no more than "
     "k steps left"},
    {STEP_FROM_0, "rewards-from-0",
     "the rewards are those of the answer's beginning: rewards[t + i], not rewards[i]"},
    {STEP_MORE_REWARD, "one-more", "k + 1 rewards are summed: the last is r_(t+k-1)"},
    {STEP_MORE_LATE, "one-more", "k + 1 rewards are summed: the last is r_(t+k-1)"},
    {STEP_LESS_REWARD, "one-less", "k - 1 rewards are summed: the last is r_(t+k-1)"},
    {STEP_REWARDS_EARLY, "gamma-early",
     "the rewards' powers of gamma begin one too high: r_t has the weight gamma^0 = 1"},
    {STEP_DELTAS, "deltas-plain",
     "the surprises r + gamma V' - V were added up as they are, which is right for "
     "gamma "
     "= 1: the one i steps on has the weight gamma^i"},
};

#define STEP_CASES \
    {"only-gamma-1", \
     "right where gamma is 1: which power of gamma has each reward, and the value " \
     "after " \
     "the last of them?", \
     &NO_DISCOUNT}, \
        {"only-no-values", \
         "right where all values are 0: which values are in it, and with which " \
         "weights?", \
         &NO_VALUES}, \
    { \
        "only-no-rewards", \
            "right where all rewards are 0: which rewards are in it, and with which " \
            "weights?", \
            &NO_REWARDS \
    }

static void check_n_step(Grade *g) {
    static const Simpler simpler[] = {STEP_CASES};
    double got[4];
    grade_numbers(g, 5, "advantages from 1, 2, 3 steps at 0 and from 2 at 1", got,
                  within(&ORDINARY, got), TOLERANCE, within_by, &ORDINARY, STEP_SLIPS,
                  COUNT_OF(STEP_SLIPS));
    grade_simpler(g, TOLERANCE, within, within_by, simpler, COUNT_OF(simpler));
    double one = n_step_by(STEP_RIGHT, &ORDINARY, 0, 1);
    grade_contrast(g, fabs(got[0] - one) < TOLERANCE, "only-one-step",
                   "right for k = 1: what do later steps add?");
}

static void to_the_end_by(int rule, const void *of, double *to) {
    to[0] = n_step_by((StepRule)rule, of, 2, 2);
    to[1] = n_step_by((StepRule)rule, of, 2, 9);
}
static int to_the_end(const void *of, double *got) {
    got[0] = n_step(of, 2, 2), got[1] = n_step(of, 2, 9);
    return 2;
}

static void check_n_step_end(Grade *g) {
    static const Slip slips[] = {
        {STEP_BEYOND, "last-forgotten",
         "with fewer than k steps left the sum ends with V_n, which is `last`"},
        {STEP_NO_LAST, "last-forgotten",
         "with k steps left or fewer the sum ends with V_n, which is `last`: nothing "
         "comes "
         "after them here"},
        {STEP_LAST_VALUE, "last-is-value",
         "after the answer comes V_n, which is `last`, not the last step's own value"},
        {STEP_STOPS_EARLY, "last-step-missing",
         "the answer's last step is missing: steps t .. n - 1 are n - t, not n - t - "
         "1"},
        {STEP_PAST, "gamma-past-the-end",
         "with m < k steps left V_n is m steps away: its weight is gamma^m"},
        {STEP_DELTAS, "deltas-plain",
         "the surprises r + gamma V' - V were added up as they are, which is right for "
         "gamma = 1: the one i steps on has the weight gamma^i"},
    };
    static const Simpler simpler[] = {STEP_CASES};
    double got[2];
    grade_numbers(g, 2, "advantages at 2 from 2 and from 9 steps, of 4 steps in all",
                  got, to_the_end(&ORDINARY, got), TOLERANCE, to_the_end_by, &ORDINARY,
                  slips, COUNT_OF(slips));
    double left = n_step_by(STEP_RIGHT, &ORDINARY, 2, 2);
    grade_contrast(g, fabs(got[0] - left) < TOLERANCE, "only-k-left",
                   "right where just k steps are left: what is k where fewer are, in "
                   "each place that uses it?");
    grade_simpler(g, TOLERANCE, to_the_end, to_the_end_by, simpler, COUNT_OF(simpler));
    static const Simpler more_left[] = {
        {"only-within",
         "right where more than k steps are left: what comes after the answer's last "
         "step, and which steps are there?",
         &ORDINARY}};
    grade_simpler(g, TOLERANCE, within, within_by, more_left, COUNT_OF(more_left));
}

// ---- weights

typedef struct {
    double lambda;
    int m;
} Weights;

typedef enum {
    WEIGHT_RIGHT,
    WEIGHT_LAST_LIKE_OTHERS,  // they sum to less than 1
    WEIGHT_SHIFTED,           // lambda^k
    WEIGHT_ALL_SHIFTED,       // the last one too
    WEIGHT_LAST_SHIFTED,      // the last one alone
    WEIGHT_LAST_ZERO,
    WEIGHT_LAST_LESS,   // 1 - lambda^(m-1)
    WEIGHT_SWAPPED,     // lambda and 1 - lambda exchanged
    WEIGHT_FACTOR,      // lambda for 1 - lambda
    WEIGHT_NORMALISED,  // powers, divided by their sum
    WEIGHT_REVERSED,    // the nearest has the least
    WEIGHT_EVEN,        // 1 / m
    WEIGHT_PLAIN,       // lambda^(k-1)
    WEIGHT_LEFT         // (1 - lambda) lambda^k, and all that is left
} WeightRule;

// The weight of k steps, by those of one, all and the last.
static double weight_by(WeightRule rule, const Weights *w, int k) {
    double lambda = rule == WEIGHT_SWAPPED ? 1 - w->lambda : w->lambda,
           factor = rule == WEIGHT_FACTOR ? lambda : 1 - lambda, sum = 0;
    if (rule == WEIGHT_LEFT)
        return k < w->m ? factor * pow(lambda, k)
                        : 1 - lambda * (1 - pow(lambda, w->m - 1));
    bool shifted = rule == WEIGHT_SHIFTED || rule == WEIGHT_ALL_SHIFTED
                   || (k == w->m && rule == WEIGHT_LAST_SHIFTED);
    if (k == w->m && rule == WEIGHT_SHIFTED) shifted = false;
    double power = pow(lambda, k - !shifted);
    for (int i = 0; i < w->m; i++) sum += pow(lambda, i);
    if (rule == WEIGHT_EVEN) return 1.0 / w->m;
    if (rule == WEIGHT_NORMALISED) return power / sum;
    if (rule == WEIGHT_PLAIN) return power;
    if (k < w->m || rule == WEIGHT_LAST_LIKE_OTHERS) return factor * power;
    return rule == WEIGHT_LAST_ZERO ? 0 : rule == WEIGHT_LAST_LESS ? 1 - power : power;
}

static void weights_by(int rule, const void *of, double *to) {
    const Weights *w = of;
    bool turned = rule == WEIGHT_REVERSED;
    for (int k = 1; k <= w->m; k++)
        to[k - 1] = weight_by(turned ? WEIGHT_RIGHT : (WeightRule)rule, w,
                              turned ? w->m + 1 - k : k);
}

static const Slip WEIGHT_SLIPS[] = {
    {WEIGHT_LAST_LIKE_OTHERS, "last-weight",
     "they do not sum to 1: the last one gets all that is left"},
    {WEIGHT_SHIFTED, "weight-shifted", "the first weight is (1 - lambda) lambda^0"},
    {WEIGHT_LEFT, "weight-shifted", "the first weight is (1 - lambda) lambda^0"},
    {WEIGHT_ALL_SHIFTED, "weight-shifted",
     "the powers are one too high: they begin with lambda^0"},
    {WEIGHT_LAST_SHIFTED, "last-weight-shifted",
     "the last weight is lambda^(m-1), not lambda^m: the sum is not 1"},
    {WEIGHT_LAST_ZERO, "last-weight", "the last weight is missing: lambda^(m-1)"},
    {WEIGHT_LAST_LESS, "last-weight-complement",
     "what is left for the last one is lambda^(m-1), not 1 less that"},
    {WEIGHT_SWAPPED, "lambda-complement", "lambda and 1 - lambda are exchanged"},
    {WEIGHT_FACTOR, "lambda-factor", "the factor is 1 - lambda, not lambda"},
    {WEIGHT_NORMALISED, "normalised",
     "divided by their sum: the last one gets all that is left, the others stay"},
    {WEIGHT_REVERSED, "weights-reversed", "the weights run the wrong way"},
    {WEIGHT_EVEN, "even-weights", "a plain mean: the weights fall with k"},
    {WEIGHT_PLAIN, "weight-plain", "the factor 1 - lambda is missing"},
};

static const double BEFORE = 77;  // what is in an array that is to be written

static int weights_of(const void *of, double *got) {
    const Weights *w = of;
    double before[MOST_NUMBERS];
    for (int i = 0; i < w->m; i++) before[i] = BEFORE;
    double *to = grade_guarded("weights", before, (size_t)w->m * sizeof *to);
    lambda_weights(w->lambda, w->m, to);
    for (int i = 0; i < w->m; i++) got[i] = to[i];
    return w->m;
}

static void check_weights_of(Grade *g, int points, const char *what, Weights w) {
    static const Weights one = {0.8, 1}, two = {0.8, 2}, half = {0.5, 4};
    static const Simpler simpler[] = {
        {"only-half", "right where lambda is 1/2: which is lambda, which 1 - lambda?",
         &half},
        {"only-two",
         "right for m = 2: which power of lambda has each weight in between?", &two},
        {"only-one", "right for m = 1: what has a step that is not the last?", &one}};
    double got[MOST_NUMBERS], want[MOST_NUMBERS];
    int n = weights_of(&w, got);
    weights_by(WEIGHT_RIGHT, &w, want);
    grade_written(g, got, n, TOLERANCE, weights_by, &w, BEFORE);
    grade_numbers(g, points, what, got, n, TOLERANCE, weights_by, &w, WEIGHT_SLIPS,
                  COUNT_OF(WEIGHT_SLIPS));
    int right = 0;
    while (right < n && fabs(got[right] - want[right]) < TOLERANCE) right++;
    grade_contrast(
        g, right == n - 1, "only-not-last",
        "all are right but the last: with m steps left, how much is left for "
        "it?");
    grade_simpler(g, TOLERANCE, weights_of, weights_by, simpler, COUNT_OF(simpler));
}

static void check_weights(Grade *g) {
    check_weights_of(g, 4, "weights for lambda 0.8, 4 steps", (Weights){0.8, 4});
}
static void check_weights_one(Grade *g) {
    check_weights_of(g, 1, "weights for lambda 1, 3 steps", (Weights){1, 3});
}

// ---- streams

enum { MOST_STEPS = 8 };
typedef struct {
    int n;
    double rewards[MOST_STEPS], values[MOST_STEPS], lasts[MOST_STEPS];
    StepKind kinds[MOST_STEPS];
    double gamma, lambda;
} Stream;

typedef enum {
    STREAM_RIGHT,
    STREAM_LEAK,         // the sum goes on into the next answer
    STREAM_NEXT_VALUE,   // V after the end is the next answer's
    STREAM_CUT_ENDS,     // a cut is an end
    STREAM_END_LASTS,    // an end is a cut
    STREAM_PADDING,      // padding is steps
    STREAM_NO_LAMBDA,    // gamma alone
    STREAM_NO_GAMMA,     // lambda alone
    STREAM_ON_VALUE,     // lambda discounts the value too
    STREAM_PLAIN,        // no gamma at all
    STREAM_DELTA_PLAIN,  // none in delta
    STREAM_DELTAS,       // nothing is summed
    STREAM_NO_VALUE,     // V_t is not subtracted
    STREAM_RETURNS,      // V_t is added again
    STREAM_NO_NEXT,      // nothing for what comes after
    STREAM_SIGN,         // V_t - gamma V_(t+1)
    STREAM_FORWARD,      // summed from the beginning
    STREAM_CUT_LEAKS,    // after a cut the sum goes on
    STREAM_CUT_PLAIN,    // lasts without gamma
    STREAM_NEXT_LAST,    // lasts[t+1], 0 at the stream's end
    STREAM_END_LAST,     // lasts[n-1]
    STREAM_FIRST_LAST,   // lasts[0]
    STREAM_CUT_OWN,      // V_t after a cut at t
    STREAM_TWO_DELTAS,   // delta_t + gamma lambda delta_(t+1)
    STREAM_RESET_LATE,   // both are set anew for the step before
    STREAM_LOOP,         // the recursion, from the first step to the last
    STREAM_PADDED,       // padding is a step, though answers end
    STREAM_LAST_STEP,    // an answer's last step is left out
} StreamRule;

// The value after step t, which is an answer's last one.
static double after_end(StreamRule rule, const Stream *s, int t, double gamma) {
    bool cut = s->kinds[t] == STEP_CUT;
    if (!(cut ? rule != STREAM_CUT_ENDS : rule == STREAM_END_LASTS)) return 0;
    if (rule == STREAM_CUT_PLAIN) return s->lasts[t] / gamma;
    if (rule == STREAM_NEXT_LAST) return t + 1 < s->n ? s->lasts[t + 1] : 0;
    if (rule == STREAM_END_LAST) return s->lasts[s->n - 1];
    if (rule == STREAM_FIRST_LAST) return s->lasts[0];
    if (rule == STREAM_CUT_OWN) return s->values[t];
    return s->lasts[t];
}

static double delta_by(StreamRule rule, const Stream *s, int t, double next) {
    double gamma = s->gamma, lambda = s->lambda;
    double weight = rule == STREAM_ON_VALUE ? gamma * lambda
                    : rule == STREAM_PLAIN || rule == STREAM_DELTA_PLAIN ? 1
                    : rule == STREAM_NO_NEXT                             ? 0
                                                                         : gamma;
    double value = rule == STREAM_NO_VALUE ? 0 : s->values[t];
    double change = weight * next - value;
    return s->rewards[t] + (rule == STREAM_SIGN ? -change : change);
}

// From the deltas, each answer from its own beginning.
static void forward_by(const Stream *s, double decay, double *to) {
    for (int t = 1; t < s->n; t++)
        if (s->kinds[t - 1] == STEP_GOES_ON) to[t] += decay * to[t - 1];
}

static void stream_by(int rule, const void *of, double *to) {
    const Stream *s = of;
    double gamma = s->gamma, lambda = s->lambda;
    bool alone = rule == STREAM_DELTAS || rule == STREAM_FORWARD;
    double advantage = 0, next = 0,
           decay = (rule == STREAM_NO_GAMMA || rule == STREAM_PLAIN ? 1 : gamma)
                   * (rule == STREAM_NO_LAMBDA ? 1 : lambda);
    for (int i = s->n - 1; i >= 0; i--) {
        int t = rule == STREAM_LOOP ? s->n - 1 - i : i;
        StepKind kind = s->kinds[t];
        to[t] = 0;
        if (kind == STEP_PADDING && rule != STREAM_PADDING && rule != STREAM_PADDED)
            continue;
        bool over = kind == STEP_ENDS || kind == STEP_CUT;
        if (over && rule == STREAM_PADDING && t + 1 < s->n
            && s->kinds[t + 1] == STEP_PADDING)
            over = false;  // it goes on into the padding
        bool late = over && rule == STREAM_RESET_LATE;
        if (late) over = false;
        if (over && rule != STREAM_LEAK
            && !(rule == STREAM_CUT_LEAKS && kind == STEP_CUT))
            advantage = 0;
        if (over && (rule != STREAM_NEXT_VALUE || kind == STEP_CUT))
            next = after_end((StreamRule)rule, s, t, gamma);
        double delta = delta_by((StreamRule)rule, s, t, next);
        if (rule == STREAM_LAST_STEP && over) delta = 0;
        to[t] = delta + (alone ? 0 : decay * advantage);
        advantage = late ? 0 : rule == STREAM_TWO_DELTAS ? delta : to[t];
        next = late ? after_end((StreamRule)rule, s, t, gamma) : s->values[t];
    }
    if (rule == STREAM_FORWARD) forward_by(s, decay, to);
    for (int t = 0; t < s->n && rule == STREAM_RETURNS; t++)
        if (s->kinds[t] != STEP_PADDING) to[t] += s->values[t];
}

static const Slip STREAM_SLIPS[] = {
    {STREAM_PLAIN, "no-discount",
     "gamma is forgotten: V_(t+1) has the weight gamma, A_(t+1) gamma lambda"},
    {STREAM_DELTA_PLAIN, "delta-no-gamma", "in delta, V_(t+1) has the weight gamma"},
    {STREAM_DELTAS, "deltas",
     "these are the deltas: A_t = delta_t + gamma lambda A_(t+1)"},
    {STREAM_NO_VALUE, "no-baseline", "in delta, V_t is subtracted"},
    {STREAM_RETURNS, "returns",
     "these are returns, A_t + V_t: advantages are asked for"},
    {STREAM_NO_NEXT, "delta-no-next", "in delta, gamma V_(t+1) is missing"},
    {STREAM_SIGN, "delta-sign",
     "delta is r + gamma V_(t+1) - V_t: here both values have the other sign"},
    {STREAM_FORWARD, "forward",
     "summed from the beginning: an advantage is made of what comes after, so go "
     "from the last step to the first"},
    {STREAM_LOOP, "forward",
     "gone through from the first step to the last: an advantage is made of what comes "
     "after, so go from the last step to the first"},
    {STREAM_RESET_LATE, "reset-late",
     "at an answer's last step what comes after it is set anew too late: before its "
     "own delta is computed, not for the step before it"},
    {STREAM_LAST_STEP, "last-step-missing",
     "an answer's last step is left out: it has a delta too"},
    {STREAM_TWO_DELTAS, "two-deltas",
     "gamma lambda multiplies A_(t+1), the whole sum so far, not delta_(t+1) alone"},
    {STREAM_CUT_OWN, "cut-own-value",
     "V after a cut at t is lasts[t], not the step's own value"},
    {STREAM_END_LAST, "other-last", "V after a cut at t is lasts[t], not lasts[n - 1]"},
    {STREAM_FIRST_LAST, "other-last", "V after a cut at t is lasts[t], not lasts[0]"},
    {STREAM_PADDED, "padding",
     "padding was computed like a step: it is none, its advantage is 0"},
    {STREAM_CUT_LEAKS, "cut-leaks",
     "after a cut the sum of the next answer goes on into this one"},
    {STREAM_CUT_PLAIN, "cut-not-discounted",
     "after a cut V is lasts[t], with the weight gamma like any other"},
    {STREAM_NEXT_LAST, "other-last",
     "V after a cut at t is lasts[t], not lasts[t + 1]"},
    {STREAM_NO_LAMBDA, "no-lambda", "A_(t+1) has the weight gamma lambda, not gamma"},
    {STREAM_NO_GAMMA, "no-gamma", "A_(t+1) has the weight gamma lambda, not lambda"},
    {STREAM_ON_VALUE, "lambda-on-value",
     "in delta, V_(t+1) has the weight gamma alone"},
    {STREAM_LEAK, "leak", "an answer's sum goes on into the next answer's advantages"},
    {STREAM_NEXT_VALUE, "next-value",
     "after an answer's end V is 0, not the next answer's value"},
    {STREAM_CUT_ENDS, "cut-ends",
     "an answer that was cut off has not ended: V after it is lasts[t]"},
    {STREAM_END_LASTS, "end-lasts", "after an end V is 0; lasts[t] is for cuts"},
    {STREAM_PADDING, "padding", "padding was taken for steps of the answer before it"},
};

// Whatever stands there, if all steps are right.
static void name_padding(Grade *g, const Stream *s, const double *got) {
    double want[MOST_STEPS];
    int steps_off = 0, padding_off = 0;
    stream_by(STREAM_RIGHT, s, want);
    for (int t = 0; t < s->n; t++)
        if (!(fabs(got[t] - want[t]) < TOLERANCE))
            *(s->kinds[t] == STEP_PADDING ? &padding_off : &steps_off) += 1;
    grade_mistake(g, padding_off > 0 && steps_off == 0, "padding",
                  "padding is no step: its advantage is 0, whatever it holds");
}

static int stream(const void *of, double *got) {
    const Stream *s = of;
    size_t n = (size_t)s->n;
    double before[MOST_STEPS];
    for (int t = 0; t < s->n; t++) before[t] = BEFORE;
    double *to = grade_guarded("advantages", before, n * sizeof *to);
    stream_advantages(grade_guarded("rewards", s->rewards, n * sizeof(double)),
                      grade_guarded("values", s->values, n * sizeof(double)),
                      grade_guarded("kinds", s->kinds, n * sizeof(StepKind)),
                      grade_guarded("lasts", s->lasts, n * sizeof(double)), s->n,
                      s->gamma, s->lambda, to);
    for (int t = 0; t < s->n; t++) got[t] = to[t];
    return s->n;
}

// The same with another gamma, another lambda, and none that was cut off.
static void grade_simpler_stream(Grade *g, const Stream *s) {
    Stream lambda_1 = *s, gamma_1 = *s, lambda_0 = *s, ended = *s, alone = *s;
    lambda_1.lambda = gamma_1.gamma = 1, lambda_0.lambda = 0, alone.n = 0;
    for (int t = 0; t < s->n; t++)
        if (s->kinds[t] == STEP_CUT) ended.kinds[t] = STEP_ENDS;
    while (alone.n == 0 || s->kinds[alone.n - 1] == STEP_GOES_ON) alone.n++;
    const Simpler simpler[] = {
        {"only-ended",
         "right where answers end, wrong where they are cut off: what comes after a "
         "cut?",
         &ended},
        {"only-one-answer",
         "right for the first answer alone: what is set anew at an answer's last step, "
         "and what is passed over between two?",
         &alone},
        {"only-gamma-1", "right where gamma is 1: where does gamma stand?", &gamma_1},
        {"only-lambda-1", "right where lambda is 1: where does lambda stand?",
         &lambda_1},
        {"only-lambda-0",
         "right where lambda is 0: what is added to delta, and with which weight?",
         &lambda_0}};
    bool cut = memcmp(ended.kinds, s->kinds, sizeof ended.kinds) != 0,
         more = alone.n < s->n;
    if (cut) grade_simpler(g, TOLERANCE, stream, stream_by, simpler, 1);
    if (more) grade_simpler(g, TOLERANCE, stream, stream_by, simpler + 1, 1);
    grade_simpler(g, TOLERANCE, stream, stream_by, simpler + 2, COUNT_OF(simpler) - 2);
}

static void check_stream_of(Grade *g, int points, const char *what, const Stream *s) {
    double got[MOST_STEPS];
    bool unwritten = false;
    stream(s, got);
    for (int t = 0; t < s->n; t++)
        unwritten |= s->kinds[t] == STEP_PADDING && got[t] == BEFORE;
    grade_mistake(g, unwritten, "padding-not-written",
                  "padding has the advantage 0: it has to be written, advantages[] may "
                  "hold anything before");
    grade_slip(g, what, got, s->n, TOLERANCE, stream_by, s, STREAM_SLIPS,
               COUNT_OF(STREAM_SLIPS));
    name_padding(g, s, got);
    grade_numbers(g, points, what, got, s->n, TOLERANCE, stream_by, s, STREAM_SLIPS,
                  COUNT_OF(STREAM_SLIPS));
    grade_simpler_stream(g, s);
}

static void check_one_answer(Grade *g) {
    static const Stream s = {3,
                             {0, 0.5, 1},
                             {0.5, 0.6, 0.7},
                             {3, 3, 3},
                             {STEP_GOES_ON, STEP_GOES_ON, STEP_ENDS},
                             0.9,
                             0.8};
    check_stream_of(g, 4, "an answer of 3 steps", &s);
}
static void check_two_answers(Grade *g) {
    static const Stream s = {
        5,
        {0, 1, 0, 0.5, 2},
        {0.5, 0.6, 0.7, 0.25, 1},
        {3, 3, 3, 3, 3},
        {STEP_GOES_ON, STEP_ENDS, STEP_GOES_ON, STEP_GOES_ON, STEP_ENDS},
        0.9,
        0.8};
    check_stream_of(g, 4, "answers of 2 and of 3 steps", &s);
}
static void check_cut(Grade *g) {
    static const Stream s = {
        5,
        {0, 0.4, 0, 1, -0.3},
        {0.5, 0.6, 0.7, 0.4, 0.8},
        {5, 0.8, 5, 5, 0.9},
        {STEP_GOES_ON, STEP_CUT, STEP_GOES_ON, STEP_GOES_ON, STEP_CUT},
        0.9,
        0.8};
    check_stream_of(g, 3, "two answers that were cut off, of 2 and of 3 steps", &s);
}
static void check_padding(Grade *g) {
    static const Stream s = {
        6,
        {0, 1, 9, 8, 1, 7},
        {0.5, 0.65, 4, 6, 0.3, 3},
        {5, 5, 9, 9, 5, 9},
        {STEP_GOES_ON, STEP_ENDS, STEP_PADDING, STEP_PADDING, STEP_ENDS, STEP_PADDING},
        0.9,
        0.8};
    check_stream_of(g, 2, "answers of 2 steps and of 1, padding after each", &s);
}

void check_stream(Grade *g) {
    grade_part(g, check_n_step(g));
    grade_part(g, check_n_step_end(g));
    grade_part(g, check_weights(g));
    grade_part(g, check_weights_one(g));
    grade_part(g, check_one_answer(g));
    grade_part(g, check_two_answers(g));
    grade_part(g, check_cut(g));
    grade_part(g, check_padding(g));
}
