// Problem 1: advantages in a stream.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-10;  // a few sums of numbers near 1

// ---- advantages from k steps

enum { STEPS = 4 };
static const double REWARDS[STEPS] = {0.5, -0.25, 0, 2},
                    VALUES[STEPS] = {0.75, 0.5, 1.25, 1}, LAST = 0.625, GAMMA = 0.9;

typedef enum {
    STEP_RIGHT,
    STEP_ONE_MORE,     // k + 1 rewards
    STEP_NO_BASELINE,  // V_t is not subtracted
    STEP_NO_END,       // nothing for what comes after k steps
    STEP_VALUE_PLAIN,  // V_(t+k) without gamma^k
    STEP_ONE_GAMMA,    // every reward after the first by gamma alone
    STEP_BEYOND,       // where k passes the end: nothing after it
} StepRule;

static double n_step_by(StepRule rule, int t, int k) {
    double sum = 0, weight = 1;
    int end = t + k + (rule == STEP_ONE_MORE), i = t;
    for (; i < end && i < STEPS; i++) {
        sum += (rule == STEP_ONE_GAMMA && i > t ? GAMMA : weight) * REWARDS[i];
        weight *= GAMMA;
    }
    double after = i < STEPS ? VALUES[i] : LAST;
    if (rule == STEP_NO_END || (rule == STEP_BEYOND && t + k > STEPS)) after = 0;
    sum += (rule == STEP_VALUE_PLAIN ? 1 : weight) * after;
    return sum - (rule == STEP_NO_BASELINE ? 0 : VALUES[t]);
}

// Within the answer: t = 0 with 1, 2, 3 steps; t = 1 with 2.
static void within_by(int rule, const void *of, double *to) {
    (void)of;
    for (int k = 1; k <= 3; k++) to[k - 1] = n_step_by((StepRule)rule, 0, k);
    to[3] = n_step_by((StepRule)rule, 1, 2);
}

static double n_step(int t, int k) {
    const double *rewards = grade_guarded("rewards", REWARDS, sizeof REWARDS),
                 *values = grade_guarded("values", VALUES, sizeof VALUES);
    return n_step_advantage(rewards, values, STEPS, LAST, t, k, GAMMA);
}

static const Slip STEP_SLIPS[] = {
    {STEP_ONE_MORE, "one-more", "k + 1 rewards are summed: the last is r_(t+k-1)"},
    {STEP_NO_BASELINE, "no-baseline", "V_t is not subtracted: this is a return"},
    {STEP_NO_END, "no-end-value",
     "what comes after k steps is left out: gamma^k V_(t+k)"},
    {STEP_VALUE_PLAIN, "end-not-discounted",
     "V_(t+k) is k steps away: its weight is gamma^k"},
    {STEP_ONE_GAMMA, "one-gamma", "r_(t+i) has the weight gamma^i, not gamma"},
};

static void check_n_step(Grade *g) {
    double got[] = {n_step(0, 1), n_step(0, 2), n_step(0, 3), n_step(1, 2)};
    grade_numbers(g, 5, "advantages from 1, 2, 3 steps at 0 and from 2 at 1", got, 4,
                  TOLERANCE, within_by, NULL, STEP_SLIPS, COUNT_OF(STEP_SLIPS));
}

static void to_the_end_by(int rule, const void *of, double *to) {
    (void)of;
    to[0] = n_step_by((StepRule)rule, 2, 2), to[1] = n_step_by((StepRule)rule, 2, 9);
}

static void check_n_step_end(Grade *g) {
    static const Slip slips[] = {
        {STEP_BEYOND, "last-forgotten",
         "with fewer than k steps left the sum ends with V_n, which is `last`"}};
    double got[] = {n_step(2, 2), n_step(2, 9)};
    grade_numbers(g, 2, "advantages at 2 from 2 and from 9 steps, of 4 steps in all",
                  got, 2, TOLERANCE, to_the_end_by, NULL, slips, COUNT_OF(slips));
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
    WEIGHT_PLAIN              // lambda^(k-1)
} WeightRule;

static void weights_by(int rule, const void *of, double *to) {
    const Weights *w = of;
    for (int k = 1; k <= w->m; k++) {
        bool last = k == w->m && rule != WEIGHT_LAST_LIKE_OTHERS;
        double power = pow(w->lambda, k - (rule != WEIGHT_SHIFTED));
        to[k - 1] = last || rule == WEIGHT_PLAIN ? power : (1 - w->lambda) * power;
    }
}

static const Slip WEIGHT_SLIPS[] = {
    {WEIGHT_LAST_LIKE_OTHERS, "last-weight",
     "they do not sum to 1: the last one gets all that is left"},
    {WEIGHT_SHIFTED, "weight-shifted", "the first weight is (1 - lambda) lambda^0"},
    {WEIGHT_PLAIN, "weight-plain", "the factor 1 - lambda is missing"},
};

static void check_weights_of(Grade *g, int points, const char *what, Weights w) {
    double got[MOST_NUMBERS], zeros[MOST_NUMBERS] = {0};
    double *to = grade_guarded("weights", zeros, (size_t)w.m * sizeof *to);
    lambda_weights(w.lambda, w.m, to);
    for (int i = 0; i < w.m; i++) got[i] = to[i];
    grade_numbers(g, points, what, got, w.m, TOLERANCE, weights_by, &w, WEIGHT_SLIPS,
                  COUNT_OF(WEIGHT_SLIPS));
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
} Stream;

typedef enum {
    STREAM_RIGHT,
    STREAM_LEAK,        // the sum goes on into the next answer
    STREAM_NEXT_VALUE,  // V after the end is the next answer's
    STREAM_CUT_ENDS,    // a cut is an end
    STREAM_END_LASTS,   // an end is a cut
    STREAM_PADDING,     // padding is steps
    STREAM_NO_LAMBDA,   // gamma alone
    STREAM_NO_GAMMA,    // lambda alone
    STREAM_ON_VALUE,    // lambda discounts the value too
} StreamRule;

static void stream_by(int rule, const void *of, double *to) {
    const Stream *s = of;
    const double gamma = 0.9, lambda = 0.8;
    double advantage = 0, next = 0,
           decay = (rule == STREAM_NO_GAMMA ? 1 : gamma)
                   * (rule == STREAM_NO_LAMBDA ? 1 : lambda);
    for (int t = s->n - 1; t >= 0; t--) {
        StepKind kind = s->kinds[t];
        to[t] = 0;
        if (kind == STEP_PADDING && rule != STREAM_PADDING) continue;
        bool over = kind == STEP_ENDS || kind == STEP_CUT;
        if (over && rule == STREAM_PADDING && t + 1 < s->n
            && s->kinds[t + 1] == STEP_PADDING)
            over = false;  // it goes on into the padding
        if (over && rule != STREAM_LEAK) advantage = 0;
        if (over && rule != STREAM_NEXT_VALUE) next = 0;
        if (over
            && (kind == STEP_CUT ? rule != STREAM_CUT_ENDS : rule == STREAM_END_LASTS))
            next = s->lasts[t];
        double weight = rule == STREAM_ON_VALUE ? gamma * lambda : gamma;
        double delta = s->rewards[t] + weight * next - s->values[t];
        advantage = to[t] = delta + decay * advantage, next = s->values[t];
    }
}

static const Slip STREAM_SLIPS[] = {
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

static void check_stream_of(Grade *g, int points, const char *what, const Stream *s) {
    size_t n = (size_t)s->n;
    double got[MOST_STEPS], zeros[MOST_STEPS];
    for (int t = 0; t < s->n; t++) zeros[t] = 77;  // it may hold anything before
    double *to = grade_guarded("advantages", zeros, n * sizeof *to);
    stream_advantages(grade_guarded("rewards", s->rewards, n * sizeof(double)),
                      grade_guarded("values", s->values, n * sizeof(double)),
                      grade_guarded("kinds", s->kinds, n * sizeof(StepKind)),
                      grade_guarded("lasts", s->lasts, n * sizeof(double)), s->n, 0.9,
                      0.8, to);
    for (int t = 0; t < s->n; t++) got[t] = to[t];
    grade_numbers(g, points, what, got, s->n, TOLERANCE, stream_by, s, STREAM_SLIPS,
                  COUNT_OF(STREAM_SLIPS));
}

static void check_one_answer(Grade *g) {
    static const Stream s = {3,
                             {0, 0.5, 1},
                             {0.5, 0.6, 0.7},
                             {3, 3, 3},
                             {STEP_GOES_ON, STEP_GOES_ON, STEP_ENDS}};
    check_stream_of(g, 4, "an answer of 3 steps", &s);
}
static void check_two_answers(Grade *g) {
    static const Stream s = {
        5,
        {0, 1, 0, 0.5, 2},
        {0.5, 0.6, 0.7, 0.25, 1},
        {3, 3, 3, 3, 3},
        {STEP_GOES_ON, STEP_ENDS, STEP_GOES_ON, STEP_GOES_ON, STEP_ENDS}};
    check_stream_of(g, 4, "answers of 2 and of 3 steps", &s);
}
static void check_cut(Grade *g) {
    static const Stream s = {
        5,
        {0, 0, 0, 1, 0},
        {0.5, 0.6, 0.7, 0.4, 0.8},
        {5, 0.8, 5, 5, 0.9},
        {STEP_GOES_ON, STEP_CUT, STEP_GOES_ON, STEP_GOES_ON, STEP_CUT}};
    check_stream_of(g, 3, "two answers that were cut off, of 2 and of 3 steps", &s);
}
static void check_padding(Grade *g) {
    static const Stream s = {
        6,
        {0, 1, 9, 9, 1, 9},
        {0.5, 0.6, 9, 9, 0.3, 9},
        {5, 5, 9, 9, 5, 9},
        {STEP_GOES_ON, STEP_ENDS, STEP_PADDING, STEP_PADDING, STEP_ENDS, STEP_PADDING}};
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
