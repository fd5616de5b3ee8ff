// Problem 4: recomputation.
#include <math.h>
#include <stdio.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/dropout.h"
#include "ch03_transformer/homework/grade.h"

enum { CHANNELS = 16, BATCH = 2, TIME = 8, ROWS = BATCH * TIME };

typedef struct {
    Block block;
    Surroundings around;
    double rate;  // of dropped_linear
    int *calls;   // of the sub-graph
} Context;

typedef struct {
    Params params;
    Context context;
    Mat x, out_grad;
    int calls;
} Recomputing;

// x of t, and whether f was called with it.
static const Node *outer_x;
static bool got_outer;

static void recomputing_new(Recomputing *r) {
    AttentionShape attention = {.channels = CHANNELS,
                                .memory_channels = CHANNELS,
                                .n_heads = 2,
                                .n_kv_heads = 2,
                                .head_dim = 8,
                                .init_qk = normal(0.4),
                                .init_v = normal(0.4),
                                .init_out = normal(0.4)};
    BlockShape shape = {.place = PLACE_PRE,
                        .norm = NORM_RMS,
                        .epsilon = 1e-5,
                        .attention = attention,
                        .ffn = FFN_SWIGLU,
                        .hidden = 24,
                        .init_ffn = normal(0.4),
                        .init_ffn_down = normal(0.4)};
    Rng rng = rng_new(41);
    *r = (Recomputing){.x = random_mat(&rng, ROWS, CHANNELS),
                       .out_grad = random_mat(&rng, ROWS, CHANNELS)};
    r->context.block = block_new(&r->params, &shape, "block");
    r->context.around = (Surroundings){.batch = BATCH, .mask = {.causal = true}};
    r->context.rate = 0.5, r->context.calls = &r->calls;
    params_allocate(&r->params);
    params_init(&r->params, &rng);
    params_allocate_grads(&r->params);
}

static Node *whole_block(Tape *t, Node *x, const void *context) {
    const Context *c = context;
    ++*c->calls, got_outer |= x == outer_x;
    return block(t, &c->block, x, &c->around);
}

// Its zeros show what was dropped.
static Node *dropped_linear(Tape *t, Node *x, const void *context) {
    const Context *c = context;
    ++*c->calls;
    return dropout(t, linear(t, &c->block.attention.query, x), c->rate);
}

// Without parameters: x's gradient is all that its result wants one for.
static Node *doubled(Tape *t, Node *x, const void *context) {
    const Context *c = context;
    ++*c->calls;
    return scale(t, x, 2);
}

// What a step through one sub-graph leaves.
typedef struct {
    Mat value, x_grad, grads;
    size_t bytes;           // of activations, after forward
    int forward, backward;  // calls of the sub-graph
} Trace;

typedef enum {
    PLAIN = 1,     // f itself instead of recompute
    CONSTANT = 2,  // x wants no gradient
    BESIDE = 4,    // y = f(x) + x
    TRAINING = 8,
    HELD = 16,  // gradients of parameters lie there from before
} How;

static Trace run(Recomputing *r, SubGraph *f, int how) {
    Tape *t = tape_new(&r->params);
    if (how & TRAINING) tape_training(t, true, 5);
    params_zero_grads(&r->params);
    for (size_t i = 0; how & HELD && i < r->params.grad_size; i++)
        r->params.grads[i] = (real)START;
    r->calls = 0;
    Node *x = how & CONSTANT ? constant_node(t, r->x) : variable_node(t, r->x);
    outer_x = x, got_outer = false;
    Node *y = how & PLAIN ? f(t, x, &r->context)
                          : recompute(t, &r->params, x, f, &r->context);
    Trace got = {.value = copied(y->value),
                 .bytes = tape_counts(t).activation_bytes,
                 .forward = r->calls};
    tape_backward_from(t, how & BESIDE ? add(t, y, x) : y, r->out_grad);
    got.x_grad = copied(x->grad), got.grads = all_grads(&r->params),
    got.backward = r->calls - got.forward;
    tape_free(t);
    return got;
}

// Megabytes that so many steps take and do not give back.
static double grown_by(Recomputing *r, int steps, int how) {
    double before = peak_megabytes();
    for (int i = 0; i < steps; i++) run(r, whole_block, how);
    return peak_megabytes() - before;
}

// Inner tapes that nobody frees keep what recomputation was to save: more than 20 KB a
// step. What `run` itself keeps is the same without recomputation.
static bool frees_its_tapes(Recomputing *r) {
    enum { STEPS = 64 };
    grown_by(r, STEPS, 0);
    double own = grown_by(r, STEPS, PLAIN), grown = grown_by(r, STEPS, 0) - own;
    printf("%d steps: %.2f MB, %.2f MB more with recompute\n", STEPS, own, grown);
    return grown < STEPS * 0.02;
}

// Whether x's gradient, or the parameters', is right for a layer that is a matrix and
// no more.
static bool linear_right(Recomputing *r, bool of_x, int how) {
    Trace got = run(r, dropped_linear, how), want = run(r, dropped_linear, PLAIN | how);
    Mat a = of_x ? got.x_grad : got.grads, b = of_x ? want.x_grad : want.grads;
    return near_mat(a, b, layers_rounding(b));
}

// After a step that failed.
static void contrast(Grade *g, Recomputing *r, bool of_x, int how) {
    grade_contrast(g, linear_right(r, of_x, how), "only-linear",
                   "right where f is a single matrix, wrong for a whole block: f makes "
                   "many nodes there. Is all that is pulled made anew, from the same x "
                   "and the same gradient from above?");
}

#define VALUE_NOT_KEPT \
    "value-not-kept", \
        "the result's value is not in t's memory: a view of the inner tape's is gone " \
        "when that is freed. Copy it to a node of t, made by node_new"

// What went wrong before anything was pulled.
static void recognise_forward(Grade *g, const Trace *got, const Trace *want,
                              size_t output) {
    bool outer = got_outer && got->bytes < want->bytes;
    grade_mistake(g, outer, "outer-x",
                  "f was called with x of t: on the inner tape it needs a node of that "
                  "one, made of x->value");
    grade_mistake(g, got->bytes < output, VALUE_NOT_KEPT);
    grade_mistake(g, largest(got->value) == 0, "value-not-filled",
                  "the result's numbers are 0: f's value is copied to the new node's");
    grade_mistake(g, got->forward > 1 && got->bytes < want->bytes, "forward-twice",
                  "f was run %d times in forward: once, and once more in backward",
                  got->forward);
}

// Whether memory is saved: who does not, has not recomputed, and the rest is not asked.
static bool check_memory(Grade *g, Recomputing *r) {
    Trace want = run(r, whole_block, PLAIN), got = run(r, whole_block, 0);
    size_t output = sizeof(real) * ROWS * CHANNELS;
    recognise_forward(g, &got, &want, output);
    grade_near_mat(g, 2, "the value", got.value, want.value,
                   layers_rounding(want.value));
    bool keeps = grade_mistake(g, got.bytes >= want.bytes, "outer-tape",
                               "t keeps what it would keep without recomputation: f "
                               "must build on a tape of its "
                               "own");
    keeps |= grade_mistake(
        g,
        got.backward == 0
            && near_mat(got.grads, want.grads, layers_rounding(want.grads)),
        "tape-kept",
        "f was not called again in backward: its inner tape was kept, with all that it "
        "holds");
    grade_mistake(g, got.bytes > output + output / 8, "more-kept",
                  "t keeps more than the result, %zu bytes for %zu: x lies in t "
                  "already, and all that f makes lies on the inner tape",
                  got.bytes, output);
    bool small =
             got.bytes <= output + output / 8 && got.forward == 1 && got.backward == 1,
         frees = keeps || frees_its_tapes(r);
    grade_mistake(
        g, !frees, "not-freed",
        "the inner tapes are not freed, so that all that was to be saved stays: "
        "tape_free after each run of f, forward and backward");
    if (small)
        grade_expect(g, 3, frees,
                     "inner tapes stay, and with them all that f has made");
    else
        grade_expect(g, 3, false,
                     "%zu bytes of activations for an output of %zu; f called %d times "
                     "forward, %d backward, should be 1, 1",
                     got.bytes, output, got.forward, got.backward);
    return !keeps;
}

static void check_parameters(Grade *g, Recomputing *r) {
    Trace got = run(r, whole_block, 0), want = run(r, whole_block, PLAIN);
    Mat twice = copied(want.grads), nothing = mat_new(1, want.grads.cols);
    mat_add_scaled(twice, 1, want.grads);
    double tolerance = layers_rounding(want.grads);
    grade_mistake(g, near_mat(got.grads, twice, tolerance), "gradients-twice",
                  "the parameters' gradients come twice: the inner tape has added them "
                  "to params already");
    Mat own = r->out_grad;
    r->out_grad = filled(ROWS, CHANNELS, 1);
    Trace ones = run(r, whole_block, PLAIN);
    r->out_grad = own;
    grade_mistake(g, near_mat(got.grads, ones.grads, layers_rounding(ones.grads)),
                  "from-ones",
                  "the inner tape began from a gradient of ones: it is pulled with "
                  "self->grad, what came from above");
    grade_mistake(g, near_mat(got.grads, nothing, 0) && got.backward > 0, "not-pulled",
                  "the parameters learned nothing, though f was run again: then "
                  "tape_backward_from(inner, its result, self->grad) pulls through it");
    grade_mistake(g, near_mat(got.grads, nothing, 0), "never-pulled",
                  "the parameters learned nothing, since f was not run again: does "
                  "the node have a pull, and x among its inputs?");
    Trace held = run(r, whole_block, HELD);
    grade_mistake(g, near_mat(held.grads, got.grads, tolerance), "zeroes-gradients",
                  "gradients of parameters that were there before the pull are gone: "
                  "both tapes add to the same Params, so nothing is zeroed");
    Mat kept = copied(want.grads);
    mat_add_scaled(kept, 1, filled(1, kept.cols, START));
    grade_near_mat(g, 0, "the parameters' gradients, where there were some before",
                   held.grads, kept, 2 * tolerance + rounding(1, START));
    if (!grade_near_mat(g, 4, "the parameters' gradients", got.grads, want.grads,
                        tolerance))
        contrast(g, r, false, 0);
}

// All right but some of the first numbers: free() writes its own into memory that it
// has got back.
static bool as_after_free(Mat got, Mat want, double tolerance) {
    int wrong = 0, far = 0;
    for (int i = 0; i < want.rows; i++)
        for (int j = 0; j < want.cols; j++) {
            bool off = !(fabs(at(got, i, j) - at(want, i, j)) <= tolerance);
            wrong += off, far += off && (i > 0 || j >= 8);
        }
    return wrong > 0 && far == 0;
}

// f has no parameters: who asks f of a constant whether the result wants a gradient
// hears no.
static void check_no_parameters(Grade *g, Recomputing *r) {
    Trace got = run(r, doubled, 0), want = run(r, doubled, PLAIN);
    Trace usual = run(r, whole_block, 0), usual_want = run(r, whole_block, PLAIN);
    double tolerance = layers_rounding(want.x_grad);
    bool right = near_mat(got.x_grad, want.x_grad, tolerance);
    grade_mistake(
        g,
        !right
            && near_mat(usual.x_grad, usual_want.x_grad,
                        layers_rounding(usual_want.x_grad)),
        "no-parameters",
        "x's gradient is wrong where f has no parameters, right where it has some: the "
        "result wants a gradient if x or a parameter does. Did f get a constant for x, "
        "and is needs_grad its result's?");
    grade_near_mat(g, 0, "f(x) = 2 x: x's gradient", got.x_grad, want.x_grad,
                   tolerance);
}

static void check_x(Grade *g, Recomputing *r) {
    Trace got = run(r, whole_block, 0), want = run(r, whole_block, PLAIN);
    grade_mistake(
        g, near_mat(got.x_grad, r->out_grad, layers_rounding(r->out_grad)),
        "x-from-above",
        "x got the gradient of the result, self->grad, as it is: what comes to x "
        "is the gradient of the inner tape's own x");
    grade_mistake(
        g, largest(got.x_grad) == 0 && largest(want.x_grad) > 0, "x-nothing",
        "x got no gradient: what the inner tape has for its own x is to be added "
        "to that of x, before tape_free");
    double tolerance = layers_rounding(want.x_grad);
    grade_mistake(g, as_after_free(got.x_grad, want.x_grad, tolerance), "read-freed",
                  "x's gradient: its first numbers alone are wrong, as if the inner "
                  "tape's were read after tape_free");
    check_no_parameters(g, r);
    if (!grade_near_mat(g, 3, "x's gradient", got.x_grad, want.x_grad, tolerance))
        contrast(g, r, true, 0);
}

static void check_beside(Grade *g, Recomputing *r) {
    Trace got = run(r, whole_block, BESIDE), want = run(r, whole_block, PLAIN | BESIDE),
          lost = run(r, whole_block, PLAIN);
    double tolerance = layers_rounding(want.x_grad);
    grade_mistake(g, near_mat(got.x_grad, lost.x_grad, tolerance), "assigns",
                  "x is used beside f too, and that gradient is gone: pull adds to x's "
                  "gradient, it does not write it");
    grade_near_mat(g, 2, "f(x) + x: x's gradient", got.x_grad, want.x_grad, tolerance);
}

static void check_constant(Grade *g, Recomputing *r) {
    Trace got = run(r, whole_block, CONSTANT),
          want = run(r, whole_block, PLAIN | CONSTANT);
    size_t output = sizeof(real) * ROWS * CHANNELS;
    grade_mistake(g, got.bytes > output + output / 8, "constant-kept",
                  "x wants no gradient, and t keeps %zu bytes for a result of %zu: the "
                  "parameters' gradients need f's values just the same",
                  got.bytes, output);
    grade_expect(g, 0, got.bytes <= output + output / 8,
                 "x a constant: %zu bytes of activations, %zu for the result",
                 got.bytes, output);
    grade_mistake(g, largest(got.grads) == 0, "constant-input",
                  "x wants no gradient, so nothing was pulled: the parameters inside f "
                  "want theirs. What says needs_grad?");
    if (!grade_near_mat(g, 2, "x a constant: the parameters' gradients", got.grads,
                        want.grads, layers_rounding(want.grads)))
        contrast(g, r, false, CONSTANT);
}

// What W's gradient must be if the numbers that are 0 in `dropped` were dropped: x^T
// (keep dy / (1 - rate)).
static Mat gradient_by_zeros(const Recomputing *r, Mat dropped) {
    Table sum = table_new(CHANNELS, CHANNELS);
    Mat kept = mat_new(ROWS, CHANNELS);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < CHANNELS; j++)
            if (at(dropped, i, j) != 0)
                *mat_at(kept, i, j) =
                    (real)(at(r->out_grad, i, j) / (1 - r->context.rate));
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < CHANNELS; c++) add_row(sum, c, at(r->x, i, c), kept, i);
    return mat_of(sum, 0);
}

static int zeros(Mat m) {
    int count = 0;
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) count += at(m, i, j) == 0;
    return count;
}

// Whether two calls drop the same numbers; *one_place: their values lie in one place.
static bool two_calls_drop_the_same(Recomputing *r, bool *one_place) {
    Tape *t = tape_new(&r->params);
    tape_training(t, true, 5);
    Node *x = constant_node(t, r->x), *a, *b;
    a = recompute(t, &r->params, x, dropped_linear, &r->context);
    b = recompute(t, &r->params, x, dropped_linear, &r->context);
    bool same = near_mat(a->value, b->value, 0);
    *one_place = a->value.at == b->value.at;
    tape_free(t);
    return same;
}

static void check_dropout(Grade *g, Recomputing *r) {
    Trace got = run(r, dropped_linear, TRAINING);
    int weight = r->context.block.attention.query.weight;
    Mat grad =
        mat_view(got.grads.at + r->params.list[weight].grad_first, CHANNELS, CHANNELS);
    Mat want = gradient_by_zeros(r, got.value),
        undropped = gradient_by_zeros(r, filled(ROWS, CHANNELS, 1));
    mat_add_scaled(undropped, (real)-r->context.rate, copied(undropped));
    double tolerance = rounding(ROWS, 2 * ROWS * largest(r->x) * largest(r->out_grad));
    Trace whole = run(r, whole_block, 0), plain = run(r, whole_block, PLAIN);
    bool sound = near_mat(whole.grads, plain.grads, layers_rounding(plain.grads));
    int idle = zeros(run(r, dropped_linear, 0).value);
    bool filled_in = near_mat(whole.value, plain.value, layers_rounding(plain.value));
    grade_mistake(g, filled_in && idle > 0, "always-training",
                  "numbers are dropped though nobody trains: the inner tape is to do "
                  "what t does, tape_is_training(t)");
    grade_expect(g, 0, idle == 0, "without training %d numbers of the value are 0",
                 idle);
    Trace idle_run = run(r, dropped_linear, 0),
          idle_want = run(r, dropped_linear, PLAIN);
    bool idle_right =
        near_mat(idle_run.grads, idle_want.grads, layers_rounding(idle_want.grads));
    grade_mistake(g, filled_in && sound && idle == 0 && !idle_right,
                  "second-run-trains",
                  "without training the second run of f drops numbers, the first does "
                  "not: both do what t does, tape_is_training(t)");
    grade_mistake(g, zeros(got.value) == 0, "not-training",
                  "nothing is dropped while training: the inner tape must be told, "
                  "tape_training(inner, ...)");
    grade_mistake(g, near_mat(grad, undropped, tolerance), "second-run-undropped",
                  "the second run of f drops nothing, though the first did");
    Mat twice = copied(want);
    mat_add_scaled(twice, 1, want);
    grade_mistake(g, near_mat(grad, twice, tolerance), "gradients-twice",
                  "the parameters' gradients come twice: the inner tape has added them "
                  "to params already");
    grade_mistake(g, sound && !near_mat(grad, want, tolerance), "other-mask",
                  "the second run of f dropped other numbers than the first: it must "
                  "begin with the same seed");
    grade_near_mat(g, 3, "dropout: the gradient of W", grad, want, tolerance);
}

// One call's result is the other's x, as block follows block: x's gradient.
static Mat grad_of_chain(Recomputing *r, bool plain) {
    Tape *t = tape_new(&r->params);
    Node *x = variable_node(t, r->x), *y = x;
    SubGraph *const parts[] = {whole_block, doubled};
    for (int i = 0; i < 2; i++)
        y = plain ? parts[i](t, y, &r->context)
                  : recompute(t, &r->params, y, parts[i], &r->context);
    tape_backward_from(t, y, r->out_grad);
    Mat grad = copied(x->grad);
    tape_free(t);
    return grad;
}

// Each call has an f, a seed and so on of its own.
static void check_chain(Grade *g, Recomputing *r) {
    Trace once = run(r, whole_block, 0), once_want = run(r, whole_block, PLAIN);
    Mat want = grad_of_chain(r, true);
    double tolerance = layers_rounding(want);
    bool right = near_mat(grad_of_chain(r, false), want, tolerance);
    grade_mistake(
        g,
        !right
            && near_mat(once.x_grad, once_want.x_grad,
                        layers_rounding(once_want.x_grad)),
        "one-place",
        "right where recompute is called once on a tape, wrong where one call follows "
        "another: what is kept for backward, f, context and seed, is each node's own, "
        "in "
        "y->saved, and not in one place for all");
    grade_expect(g, 0, right, "one call's result is the other's x: x's gradient");
}

// Two steps of one seed are the same step.
static void check_seed(Grade *g, Recomputing *r) {
    Mat first = run(r, dropped_linear, TRAINING).value,
        again = run(r, dropped_linear, TRAINING).value;
    bool same = near_mat(first, again, 0);
    grade_mistake(g, !same && zeros(first) > 0, "seed-of-its-own",
                  "a step with the same seed of t drops other numbers the second time: "
                  "the inner tape's seed is a draw of t, tape_draw(t), not a counter, "
                  "an address or the clock");
    grade_expect(g, 0, same,
                 "two steps with the same seed of t: %d numbers dropped, then %d, in "
                 "other places",
                 zeros(first), zeros(again));
}

static void check_two_calls(Grade *g, Recomputing *r) {
    bool one_place, same = two_calls_drop_the_same(r, &one_place);
    check_chain(g, r);
    check_seed(g, r);
    grade_mistake(g, one_place, VALUE_NOT_KEPT);
    grade_mistake(
        g, same, "one-seed",
        "the same numbers are dropped in both: each call needs a seed of its own, "
        "tape_draw(t)");
    grade_expect(g, 1, !same, "dropout: two calls with the same x have the same value");
}

// Other columns than x has.
static Node *narrow_linear(Tape *t, Node *x, const void *context) {
    const Context *c = context;
    return linear(t, &c->block.ffn.up, x);
}

// A result of another shape than x.
static void run_narrow(Grade *g, Recomputing *r) {
    grade_case(g, "f's result has another shape than x");
    Tape *t = tape_new(&r->params);
    Node *x = variable_node(t, r->x),
         *y = recompute(t, &r->params, x, narrow_linear, &r->context);
    tape_backward_from(t, y, filled(y->value.rows, y->value.cols, 1));
    tape_free(t);
    grade_case(g, "");
}

// Whether backward would read what is no more.
static bool check_saved(Grade *g, Recomputing *r) {
    Tape *t = tape_new(&r->params);
    Node *x = variable_node(t, r->x);
    bool lost =
        saved_on_stack(g, recompute(t, &r->params, x, whole_block, &r->context));
    tape_free(t);
    return lost;
}

void check_recompute(Grade *g) {
    one_thread();
    static Recomputing r;
    static bool saves, lost;
    recomputing_new(&r);
    grade_part(g, lost = check_saved(g, &r));
    if (lost) return;
    grade_part(g, saves = check_memory(g, &r));
    if (!saves) return;
    grade_part(g, check_parameters(g, &r));
    grade_part(g, check_x(g, &r));
    grade_part(g, check_beside(g, &r));
    grade_part(g, check_constant(g, &r));
    grade_part(g, check_dropout(g, &r));
    grade_part(g, check_two_calls(g, &r));
    grade_part(g, run_narrow(g, &r));
}
