// Problem 6: gradient accumulation.
#include <math.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/homework/grade.h"
#include "ch03_transformer/published.h"

enum { TIME = 8, MICRO = 4, SEQUENCES = 8, VOCABULARY = 11 };
// Sequences and counted targets of the micro-batches: as uneven as answers are long.
static const int BATCHES[MICRO] = {2, 1, 1, 4}, COUNTED[MICRO] = {2, 8, 0, 20},
                 EMPTY = 2;

typedef struct {
    Model model;
    int tokens[SEQUENCES * TIME], targets[SEQUENCES * TIME];
    MicroBatch micro[MICRO];
    double total;  // counted targets
    Mat initial;   // the parameters
} Case;

static void case_new(Case *c) {
    Config config = config_small_gpt(VOCABULARY, TIME, 8, 1, 2);
    Rng rng = rng_new(61);
    *c = (Case){0};
    model_new(&c->model, &config, NULL);
    // gradients of all sizes
    for (int k = 0; k < c->model.params.count; k++)
        c->model.params.list[k].init.sd *= 10;
    model_allocate(&c->model, &rng);
    params_allocate_grads(&c->model.params);
    c->initial = copied(mat_view(c->model.params.values, 1, (int)c->model.params.size));
    for (int k = 0, first = 0; k < MICRO; first += BATCHES[k++] * TIME) {
        for (int i = 0; i < BATCHES[k] * TIME; i++) {
            c->tokens[first + i] = rng_below(&rng, VOCABULARY);
            c->targets[first + i] = i < COUNTED[k] ? rng_below(&rng, VOCABULARY)
                                    : i % 2        ? IGNORED
                                                   : -5;
        }
        Tokens in = {.batch = BATCHES[k], .time = TIME, .tokens = c->tokens + first};
        c->micro[k] = (MicroBatch){in, c->targets + first};
        c->total += COUNTED[k];
    }
}

// The gradient of one batch's mean loss, and that loss.
static Mat batch_gradient(Case *c, const MicroBatch *batch, double *loss) {
    Tape *t = tape_new(&c->model.params);
    params_zero_grads(&c->model.params);
    Node *logits =
        model_logits(t, &c->model, model_decode(t, &c->model, &batch->in, NULL, NULL));
    Node *node = cross_entropy(t, logits, batch->targets);
    *loss = *node->value.at;
    tape_backward(t, node);
    tape_free(t);
    return all_grads(&c->model.params);
}

static double length(Mat gradient) { return longest_row(gradient); }

static void clip(Mat gradient, double most) {
    double norm = length(gradient);
    for (int i = 0; i < gradient.cols && norm > most; i++)
        *mat_at(gradient, 0, i) *= (real)(most / norm);
}

typedef enum {
    SUM_RIGHT,
    SUM_MEANS,         // each micro-batch counts the same
    SUM_ADDED,         // the means, not divided at all
    SUM_ROWS,          // by the number of tokens, counted or not
    SUM_POSITIVE,      // target 0 is not counted
    SUM_TWICE,         // right, and divided by the number of micro-batches
    SUM_LAST,          // zeroed before each micro-batch
    SUM_PER_TARGET,    // the means, divided by all targets
    SUM_TILL_EMPTY,    // ends at the first micro-batch without targets
    SUM_BEFORE_EMPTY,  // so too, and later targets are not counted either
    SUM_FIRST_COUNT,   // as if all had as many targets as the first
    SUM_LESS_ONE,      // without the last micro-batch
    SUM_FROM_ONE,      // without the first
    SUM_FIRST,         // the first micro-batch alone
    SUM_ONE_ROW,       // the targets of the first sequence of each
    SUM_TOKENS,        // all tokens of a micro-batch, by the counted ones of all
    SUM_FIRST_SHARE,   // each has the share of the first
    SUM_INVERSE,       // n / n_k for n_k / n
    SUM_TOTAL,         // right, not divided by n
    SUM_SQUARED,       // the share squared
    SUM_NEGATIVE,      // negative targets other than IGNORED are counted
    SUM_NEXT,          // the share of the next
    SUM_CLIP_EACH,     // each micro-batch's share is clipped
    SUM_CLIP_SO_FAR,   // the sum is clipped after each micro-batch
} SumRule;

// Targets above 0: what is counted if the sign is read wrongly.
static int positive(const MicroBatch *micro) {
    int count = 0;
    for (int i = 0; i < micro->in.batch * micro->in.time; i++)
        count += micro->targets[i] > 0;
    return count;
}

static int not_ignored(const MicroBatch *micro) {
    int count = 0;
    for (int i = 0; i < micro->in.batch * micro->in.time; i++)
        count += micro->targets[i] != IGNORED;
    return count;
}

// Those that come first are counted.
static int in_first_row(int k) { return COUNTED[k] < TIME ? COUNTED[k] : TIME; }

static double share(const Case *c, int k, SumRule rule) {
    double right = COUNTED[k] / c->total;
    int all = 0, rows = 0, other = 0;
    for (int i = 0; i < MICRO; i++)
        all += positive(&c->micro[i]), rows += in_first_row(i),
            other += not_ignored(&c->micro[i]);
    switch (rule) {
        case SUM_POSITIVE: return (double)positive(&c->micro[k]) / all;
        case SUM_MEANS: return 1.0 / MICRO;
        case SUM_ADDED: return 1;
        case SUM_ROWS: return (double)BATCHES[k] / SEQUENCES;
        case SUM_TWICE: return right / MICRO;
        case SUM_PER_TARGET: return 1 / c->total;
        case SUM_TILL_EMPTY: return k < EMPTY ? right : 0;
        case SUM_BEFORE_EMPTY:
            return k < EMPTY ? (double)COUNTED[k] / (COUNTED[0] + COUNTED[1]) : 0;
        case SUM_FIRST: return k < 1 ? right : 0;
        case SUM_ONE_ROW: return (double)in_first_row(k) / rows;
        case SUM_TOKENS: return BATCHES[k] * TIME / c->total;
        case SUM_FIRST_SHARE: return COUNTED[0] / c->total;
        case SUM_INVERSE: return COUNTED[k] ? c->total / COUNTED[k] : 0;
        case SUM_TOTAL: return COUNTED[k];
        case SUM_SQUARED: return right * right;
        case SUM_NEGATIVE: return (double)not_ignored(&c->micro[k]) / other;
        case SUM_NEXT: return COUNTED[(k + 1) % MICRO] / c->total;
        case SUM_FIRST_COUNT: return (double)COUNTED[k] / (MICRO * COUNTED[0]);
        case SUM_FROM_ONE: return k > 0 ? right : 0;
        case SUM_LESS_ONE: return k < MICRO - 1 ? right : 0;
        default: return right;
    }
}

// The gradient that a step has with an error in it; most 0: no clipping.
static Mat by_rule(Case *c, SumRule rule, double most) {
    Mat sum = mat_new(1, (int)c->model.params.grad_size);
    for (int k = 0; k < MICRO; k++) {
        double loss;
        Mat one = batch_gradient(c, &c->micro[k], &loss), part = mat_new(1, sum.cols);
        if (rule == SUM_LAST) mat_fill(sum, 0);
        mat_add_scaled(part, (real)share(c, k, rule), one);
        if (rule == SUM_CLIP_EACH) clip(part, most);
        mat_add_scaled(sum, 1, part);
        if (rule == SUM_CLIP_SO_FAR) clip(sum, most);
    }
    if (most > 0) clip(sum, most);
    return sum;
}

typedef struct {
    Mat gradient;  // that the step used: SGD with rate 1 shows it as the difference
    StepResult result;
    long steps;
} Step;

// The first of the micro-batches, the ends of their targets watched.
static const MicroBatch *guarded_micro(const Case *c, int count, MicroBatch *to) {
    static const char *const names[MICRO] = {
        "targets of micro-batch 0", "targets of micro-batch 1",
        "targets of micro-batch 2", "targets of micro-batch 3"};
    for (int k = 0; k < count; k++) {
        to[k] = c->micro[k];
        size_t n = (size_t)(to[k].in.batch * to[k].in.time);
        to[k].targets = grade_guarded(names[k], to[k].targets, n * sizeof(int));
    }
    return to;
}

// From the initial parameters; `stale` is what lies in the gradients before.
static Step run_step(Case *c, int micro, double most, double stale) {
    Params *p = &c->model.params;
    Mat values = mat_view(p->values, 1, (int)p->size);
    Optimiser o = optimiser_new(p, (OptimiserSettings){.kind = OPTIMISER_SGD});
    Tape *t = tape_new(p);
    mat_copy(values, c->initial);
    for (size_t i = 0; i < p->grad_size; i++) p->grads[i] = (real)stale;
    MicroBatch room[MICRO];
    const MicroBatch *given = guarded_micro(c, micro, room);
    Step s = {.result = accumulate_step(&c->model, t, &o, given, micro, 1, most)};
    s.steps = o.step;
    s.gradient = copied(c->initial);
    mat_add_scaled(s.gradient, -1, values);
    mat_copy(values, c->initial);
    tape_free(t), optimiser_free(&o);
    return s;
}

// The parameters are at most 4 or so, and a difference of them is off by their
// rounding.
static double step_tolerance(const Case *c, Mat want) {
    return layers_rounding(want) + rounding(0, largest(c->initial));
}

static Mat full_batch(Case *c, double *loss) {
    MicroBatch all = {{.batch = SEQUENCES, .time = TIME, .tokens = c->tokens},
                      c->targets};
    return batch_gradient(c, &all, loss);
}

// Several micro-batches give nothing, one alone gives its gradient: there the share is
// 1, which an integer can be.
static bool shares_in_integers(Case *c) {
    double loss;
    Step all = run_step(c, MICRO, 1e9, 0);
    if (all.steps != 1 || largest(all.gradient) > 0) return false;
    Mat want = batch_gradient(c, &c->micro[0], &loss);
    return near_mat(run_step(c, 1, 1e9, 0).gradient, want, step_tolerance(c, want));
}

// What a micro-batch counts for.
static const struct {
    SumRule rule;
    const char *code, *says;
} SHARES[] = {
    {SUM_MEANS, "mean-of-means",
     "the mean of the micro-batches' means: a target counts more where few are "
     "counted. Weigh each by its "
     "counted targets"},
    {SUM_ADDED, "sum-of-means",
     "the sum of the micro-batches' means: cross_entropy divides by its own "
     "targets, not by all"},
    {SUM_ROWS, "by-tokens",
     "weighed by the number of tokens: only counted targets are in the mean"},
    {SUM_POSITIVE, "positive",
     "token 0 is a target like any other: counted is what is not negative"},
    {SUM_TWICE, "divided-twice",
     "divided twice: counted / total are shares already, they add up to 1"},
    {SUM_PER_TARGET, "mean-per-target",
     "a micro-batch's mean was divided by the number of all targets: its share is "
     "its "
     "own targets among all, n_k / n"},
    {SUM_TILL_EMPTY, "till-empty",
     "a micro-batch without targets ended it: those after it count"},
    {SUM_BEFORE_EMPTY, "till-empty",
     "a micro-batch without targets ended it: those after it count"},
    {SUM_FIRST_COUNT, "first-count",
     "the targets of the first micro-batch were counted for each of them"},
    {SUM_LESS_ONE, "last-missing", "the last micro-batch is missing"},
    {SUM_FROM_ONE, "first-missing", "the first micro-batch is missing"},
    {SUM_FIRST, "first-alone", "that is the first micro-batch alone, of several"},
    {SUM_ONE_ROW, "one-sequence",
     "the targets of the first sequence of each micro-batch were counted: there are "
     "batch x time"},
    {SUM_TOKENS, "tokens-for-counted",
     "all tokens of a micro-batch were divided by the counted ones of all: its share "
     "is n_k / n, counted ones both"},
    {SUM_FIRST_SHARE, "first-share",
     "each micro-batch has the share of the first one: n_k is its own"},
    {SUM_INVERSE, "share-inverted", "the share is n_k / n, not n / n_k"},
    {SUM_TOTAL, "sum-of-targets", "the sum over all targets: the mean is asked for"},
    {SUM_NEGATIVE, "negative-counted",
     "a target of -5 was counted: any negative target is not, IGNORED is but one"},
    {SUM_NEXT, "another-share",
     "each micro-batch has the share of the next one: its own n_k / n"},
    {SUM_SQUARED, "share-squared", "each share came in twice, as its square"},
    {SUM_LAST, "zeroed-each",
     "only the last micro-batch is left: gradients are zeroed once, before the "
     "first"},
};

static void recognise_shares(Grade *g, Case *c, Mat gradient, double tolerance) {
    for (size_t i = 0; i < sizeof SHARES / sizeof *SHARES; i++)
        grade_mistake(g, near_mat(gradient, by_rule(c, SHARES[i].rule, 0), tolerance),
                      SHARES[i].code, "%s", SHARES[i].says);
}

// Whether the gradient of these micro-batches, one after another, is right.
static bool right_for(const Case *from, const int *which, int count) {
    Case c = *from;
    double total = 0, loss;
    Mat want = mat_new(1, (int)c.model.params.grad_size);
    for (int k = 0; k < count; k++)
        c.micro[k] = from->micro[which[k]], total += COUNTED[which[k]];
    for (int k = 0; k < count; k++)
        mat_add_scaled(want, (real)(COUNTED[which[k]] / total),
                       batch_gradient(&c, &c.micro[k], &loss));
    return near_mat(run_step(&c, count, 0, 0).gradient, want, step_tolerance(&c, want));
}

// After a gradient that is wrong.
static void contrast(Grade *g, const Case *c) {
    static const struct {
        int which[2], count;
        const char *code, *says;
    } cases[] = {
        {{1, 3},
         2,
         "only-with-targets",
         "right where every micro-batch has targets: what happens at one that has "
         "none, and after it?"},
        {{3, 3},
         2,
         "only-equal-counts",
         "right where all micro-batches have as many targets: what does each count "
         "for?"},
        {{1},
         1,
         "only-one",
         "right for a single micro-batch: what of it is left, or gone, when the next "
         "one comes, and what does each count for?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        grade_contrast(g, right_for(c, cases[i].which, cases[i].count), cases[i].code,
                       "%s", cases[i].says);
}

// Whether a step was taken; without one nothing else is asked.
static bool check_sum(Grade *g, Case *c) {
    double loss;
    Mat want = full_batch(c, &loss);
    Step got = run_step(c, MICRO, 0, 0);
    double tolerance = step_tolerance(c, want);
    grade_mistake(g, got.steps > 1, "many-steps",
                  "%ld steps were taken: one, after all micro-batches", got.steps);
    double norm = length(want), times = length(got.gradient) / norm;
    Mat scaled = mat_new(want.rows, want.cols);
    mat_add_scaled(scaled, (real)times, want);
    grade_mistake(g,
                  near_mat(got.gradient, scaled, fmax(1, times) * tolerance)
                      && times > 0 && fabs(times - 1) > 1e-3
                      && fabs(got.result.norm - norm) < 1e-3 * norm,
                  "rate-divided",
                  "the gradient is right, and the step is %.3g times as long as it "
                  "should be: the rate is used as it is, whatever the number of "
                  "micro-batches",
                  times);
    grade_mistake(
        g, shares_in_integers(c), "integer-share",
        "counted / total is a quotient of integers, 0 unless there is but one "
        "micro-batch: make one a double");
    bool nothing = got.steps == 1 && largest(got.gradient) == 0;
    grade_mistake(
        g,
        nothing && fabs(got.result.loss - loss) < 1e-4 * loss
            && largest(run_step(c, MICRO, 1e9, 0).gradient) == 0,
        "zeroed-before-step",
        "a step of nothing, though the loss is right: gradients are zeroed before "
        "the first backward pass, and the step comes right after the last");
    grade_mistake(g, nothing && largest(run_step(c, MICRO, 1e9, 0).gradient) > 0,
                  "clips-to-zero",
                  "a step of nothing: most = 0 means no clipping, not clipping to 0");
    grade_mistake(g, got.steps == 0, "no-step", "no step was taken");
    recognise_shares(g, c, got.gradient, tolerance);
    if (!grade_near_mat(g, 7, "the gradient of the step", got.gradient, want,
                        tolerance))
        contrast(g, c);
    return got.steps > 0;
}

// The loss of a step with an error in it.
static double loss_by_rule(Case *c, SumRule rule) {
    double sum = 0, one;
    for (int k = 0; k < MICRO; k++) {
        if (COUNTED[k] == 0) continue;
        batch_gradient(c, &c->micro[k], &one);
        sum += share(c, k, rule) * one;
    }
    return sum;
}

// Of the loss alone; what a micro-batch counts for is as in the gradient.
static void recognise_loss(Grade *g, Case *c, double got, double loss) {
    double off = 1e-4 * loss, last, sum = loss_by_rule(c, SUM_ADDED);
    batch_gradient(c, &c->micro[MICRO - 1], &last);
    double part = last * share(c, MICRO - 1, SUM_RIGHT);
    grade_mistake(
        g, fabs(got - last) < off || fabs(got - part) < off, "loss-last",
        "that is the loss of the last micro-batch: sum over all, each with its "
        "share");
    grade_mistake(
        g, fabs(got - sum) < off, "loss-sum",
        "the micro-batches' means were added: each has its share of the targets");
    grade_mistake(
        g, fabs(got - sum / MICRO) < off || fabs(got - sum / (MICRO - 1)) < off,
        "loss-mean-of-means",
        "the mean of the micro-batches' means: each has its share of the targets");
    grade_mistake(g, fabs(got - loss / MICRO) < off, "loss-divided-twice",
                  "divided by the number of micro-batches too: the shares add up to 1");
    grade_mistake(g, fabs(got - loss * c->total) < off * c->total, "loss-of-sum",
                  "the sum over all targets: the mean is asked for");
    grade_mistake(g, got == 0, "loss-zero",
                  "the loss is 0: it is read from the node's value, before tape_reset");
    grade_mistake(g, fabs(got - loss_by_rule(c, SUM_SQUARED)) < off, "loss-share-twice",
                  "the loss: each share came in twice. Is it read after the scaling, "
                  "and scaled again?");
    for (size_t i = 0; i < sizeof SHARES / sizeof *SHARES; i++)
        grade_mistake(g, fabs(got - loss_by_rule(c, SHARES[i].rule)) < off,
                      SHARES[i].code, "the loss: %s", SHARES[i].says);
}

static void check_loss(Grade *g, Case *c) {
    double loss;
    full_batch(c, &loss);
    double got = run_step(c, MICRO, 0, 0).result.loss;
    if (fabs(got - loss) > rounding(64, loss)) recognise_loss(g, c, got, loss);
    grade_near(g, 2, "the loss", got, loss, rounding(64, loss));
}

// Whatever the gradient is, it must not depend on what was there before.
static void check_stale(Grade *g, Case *c) {
    Mat want = run_step(c, MICRO, 0, 0).gradient, kept = filled(1, want.cols, 0.5);
    Step got = run_step(c, MICRO, 0, 0.5);
    mat_add_scaled(kept, 1, want);
    double tolerance = step_tolerance(c, kept);
    grade_mistake(g, near_mat(got.gradient, kept, tolerance), "stale",
                  "gradients from before the step are still in it: tape_backward adds, "
                  "so zero them first");
    grade_near_mat(g, 3, "with old gradients lying there: the gradient", got.gradient,
                   want, tolerance);
}

// Clipping to more than the gradient has: nothing changes.
static void check_loose(Grade *g, Case *c, Mat full, double tolerance) {
    Step loose = run_step(c, MICRO, 2 * length(full), 0);
    double shorter = length(loose.gradient) / length(full);
    grade_mistake(
        g, loose.steps == 1 && shorter > 0 && shorter < 0.99, "clips-before-dividing",
        "a gradient that is shorter than `most` came out shorter still, %.3g "
        "times: was a sum clipped that is divided afterwards? The gradient of "
        "the mean is what is clipped, last",
        shorter);
    grade_mistake(
        g, fabs(length(loose.gradient) / length(full) - 2) < 1e-3, "clips-up",
        "a gradient shorter than `most` was made longer: clipping only shortens");
    grade_near_mat(g, 0, "most is twice the gradient's norm: the gradient of the step",
                   loose.gradient, full, tolerance);
}

// The student's own gradient, clipped: that it is the right one is asked elsewhere.
static void check_clip(Grade *g, Case *c) {
    Mat full = run_step(c, MICRO, 0, 0).gradient, want = copied(full);
    double most = length(full) / 8;
    if (most == 0) {
        grade_expect(g, 4, false, "clipped: the gradient of the step is 0");
        return;
    }
    clip(want, most);
    Step got = run_step(c, MICRO, most, 0);
    double tolerance = step_tolerance(c, want);
    grade_mistake(
        g,
        near_mat(got.gradient, by_rule(c, SUM_CLIP_EACH, most), tolerance)
            || near_mat(got.gradient, by_rule(c, SUM_CLIP_SO_FAR, most), tolerance),
        "clips-each",
        "clipped micro-batch by micro-batch, which changes the direction: clip the "
        "sum, once");
    grade_mistake(
        g, got.steps == 1 && near_mat(got.gradient, full, tolerance), "clips-late",
        "the step is not clipped: clipping comes before the optimiser's step");
    check_loose(g, c, full, tolerance);
    Mat each = copied(full);
    for (int i = 0; i < each.cols; i++)
        *mat_at(each, 0, i) = (real)fmin(fmax(at(each, 0, i), -most), most);
    grade_mistake(g, near_mat(got.gradient, each, tolerance), "clips-numbers",
                  "each number was clipped by itself: the gradient's length is, and "
                  "its direction stays");
    if (grade_near_mat(g, 4, "clipped: the gradient of the step", got.gradient, want,
                       tolerance))
        return;
    Mat unit = copied(full);
    clip(unit, 1);
    grade_contrast(g,
                   length(full) > 1
                       && near_mat(run_step(c, MICRO, 1, 0).gradient, unit, tolerance),
                   "only-most-1",
                   "clipped: right where `most` is 1: which power of it comes in?");
}

static bool norm_of_one_right(Case *c) {
    Step one = run_step(c, 1, 0, 0);
    double norm = length(one.gradient);
    return fabs(one.result.norm - norm) <= 1e-4 * norm;
}

static void check_norm(Grade *g, Case *c) {
    Mat full = run_step(c, MICRO, 0, 0).gradient;
    double norm = length(full), most = norm / 8;
    Step got = run_step(c, MICRO, most, 0);
    grade_mistake(g, most > 0 && fabs(got.result.norm - most) <= 1e-4 * most,
                  "norm-after", "norm is that after clipping: it is asked for before");
    double free_norm = run_step(c, MICRO, 0, 0).result.norm;
    grade_mistake(g, norm > 0 && free_norm == 0 && got.result.norm > 0,
                  "norm-if-clipped",
                  "most = 0: the norm is asked for all the same, params_grad_norm");
    grade_mistake(g, norm > 0 && fabs(free_norm - norm * norm) <= 1e-4 * norm * norm,
                  "norm-squared", "this is the norm's square");
    Reading norms[] = {{"clipped", got.result.norm, norm, 1e-4 * norm},
                       {"not clipped", free_norm, norm, 1e-4 * norm}};
    if (grade_readings(g, 1, "the norm of the gradient", norms, 2)) return;
    grade_contrast(g, norm_of_one_right(c), "only-one",
                   "the norm: right for a single micro-batch: it is that of the whole "
                   "gradient, after the last one");
    grade_contrast(g, fabs(free_norm - norm) <= 1e-4 * norm, "only-not-clipped",
                   "the norm: right where nothing is clipped: it is asked for before "
                   "clipping");
}

static void check_nothing(Grade *g, Case *c) {
    MicroBatch first = c->micro[0];
    c->micro[0] = c->micro[EMPTY];
    Step got = run_step(c, 1, 1, 0.5);
    c->micro[0] = first;
    double loss;
    Mat want = full_batch(c, &loss);
    bool sound =
        near_mat(run_step(c, MICRO, 0, 0).gradient, want, step_tolerance(c, want));
    grade_mistake(g, got.steps == 0 && got.result.loss == 0 && got.result.norm > 0,
                  "nothing-has-a-norm",
                  "where nothing is counted the result is {0, 0}: the norm is of what "
                  "lay in the gradients before");
    grade_mistake(g, sound && (got.steps > 0 || isnan(got.result.loss)),
                  "nothing-counted",
                  "where nothing is counted there is no step to take, and a mean would "
                  "be 0/0: return before");
    grade_expect(
        g, 1, got.steps == 0 && got.result.loss == 0 && got.result.norm == 0,
        "nothing counted: %ld steps, loss %g, norm %g; should be no step, 0, 0",
        got.steps, got.result.loss, got.result.norm);
}

// What one micro-batch takes of a tape.
static size_t bytes_of(Model *m, const MicroBatch *micro) {
    Tape *t = tape_new(&m->params);
    Node *logits = model_logits(t, m, model_decode(t, m, &micro->in, NULL, NULL));
    tape_backward(t, cross_entropy(t, logits, micro->targets));
    size_t bytes = tape_counts(t).arena_bytes;
    tape_free(t);
    return bytes;
}

// One large micro-batch, eight times over, and what the tape needs for it.
static void check_memory(Grade *g) {
    enum { LONG = 32, WORDS = 64, COPIES = 8 };
    Config config = config_small_gpt(WORDS, LONG, 32, 2, 2);
    Rng rng = rng_new(62);
    Model m;
    model_new(&m, &config, NULL), model_allocate(&m, &rng),
        params_allocate_grads(&m.params);
    int tokens[2 * LONG];
    for (int i = 0; i < 2 * LONG; i++) tokens[i] = rng_below(&rng, WORDS);
    MicroBatch micro[COPIES];
    for (int k = 0; k < COPIES; k++)
        micro[k] = (MicroBatch){{.batch = 2, .time = LONG, .tokens = tokens}, tokens};
    Optimiser o = optimiser_new(&m.params, (OptimiserSettings){.kind = OPTIMISER_SGD});
    Tape *all = tape_new(&m.params);
    size_t least = bytes_of(&m, micro);
    accumulate_step(&m, all, &o, micro, COPIES, 0, 0);
    size_t used = tape_counts(all).arena_bytes;
    int left = tape_counts(all).nodes;
    grade_mistake(g, used > 2 * least, "tape-kept",
                  "the tape holds all micro-batches at once: tape_reset after each");
    grade_mistake(g, left > 0, "last-on-tape",
                  "the %d nodes of the last micro-batch are left on the tape: "
                  "tape_reset after each one, the last too",
                  left);
    grade_expect(
        g, 2, left == 0 && used <= 2 * least,
        "the tape took %zu bytes for %d micro-batches, %zu for one; %d nodes are "
        "left on it",
        used, COPIES, least, left);
}

void check_accumulate(Grade *g) {
    one_thread();
    static Case c;
    static bool steps;
    case_new(&c);
    grade_part(g, steps = check_sum(g, &c));
    grade_part(g, check_nothing(g, &c));
    if (!steps) return;
    grade_part(g, check_loss(g, &c));
    grade_part(g, check_stale(g, &c));
    grade_part(g, check_clip(g, &c));
    grade_part(g, check_norm(g, &c));
    grade_part(g, check_memory(g));
}
