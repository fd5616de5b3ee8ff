// Problem 2: the parallel block.
#include <math.h>
#include <string.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/homework/grade.h"

enum {
    CHANNELS = 12,
    HEADS = 3,
    FEW_HEADS = 1,  // key-value heads, where they are fewer
    DIM = 4,
    HIDDEN = 20,
    BATCH = 2,
    TIME = 5,
    WIDE = HEADS * DIM
};

typedef struct {
    Params params;
    Block block;
    FusedBlock fused;
    Position position;
    Surroundings around;
    Mat x, out_grad;
} Parallel;

// The fused matrix is the four others, side by side, in this order of them.
static const int QUERY_KEY_VALUE_UP[4] = {0, 1, 2, 3};

static void fill_fused(Parallel *p, const int order[4]) {
    int parts[] = {p->block.attention.query.weight, p->block.attention.key.weight,
                   p->block.attention.value.weight, p->block.ffn.up.weight};
    Mat in = params_value(&p->params, p->fused.in.weight);
    for (int i = 0, first = 0; i < 4; i++) {
        Mat part = params_value(&p->params, parts[order[i]]);
        mat_copy(mat_cols(in, first, part.cols), part);
        first += part.cols;
    }
}

static int fused_columns(const Parallel *p) {
    return WIDE + 2 * p->fused.n_kv_heads * DIM + HIDDEN;
}

static void parallel_new(Parallel *p, int n_kv_heads) {
    AttentionShape attention = {.channels = CHANNELS,
                                .memory_channels = CHANNELS,
                                .n_heads = HEADS,
                                .n_kv_heads = n_kv_heads,
                                .head_dim = DIM,
                                .init_qk = normal(0.5),
                                .init_v = normal(0.5),
                                .init_out = normal(0.5)};
    BlockShape shape = {.place = PLACE_PRE,
                        .norm = NORM_LAYER,
                        .norm_bias = true,
                        .epsilon = 1e-5,
                        .attention = attention,
                        .ffn = FFN_GELU,
                        .hidden = HIDDEN,
                        .init_ffn = normal(0.5),
                        .init_ffn_down = normal(0.5)};
    Rng rng = rng_new(21);
    *p = (Parallel){.x = random_mat(&rng, BATCH * TIME, CHANNELS),
                    .out_grad = random_mat(&rng, BATCH * TIME, CHANNELS)};
    p->block = block_new(&p->params, &shape, "block");
    p->block.attention.scale *= 1.5;  // none that a head could guess
    Block b = p->block;
    p->fused = (FusedBlock){.norm = b.norm_attention,
                            .attention_out = b.attention.out,
                            .down = b.ffn.down,
                            .n_heads = HEADS,
                            .n_kv_heads = n_kv_heads,
                            .head_dim = DIM,
                            .hidden = HIDDEN,
                            .scale = b.attention.scale};
    p->fused.in =
        linear_new(&p->params, CHANNELS, fused_columns(p), false, normal(0.5), "fused");
    params_allocate(&p->params);
    params_init(&p->params, &rng);
    params_allocate_grads(&p->params);
    int gains[] = {b.norm_attention.gain, b.norm_attention.bias, b.norm_ffn.gain,
                   b.norm_ffn.bias};
    // two different norms
    for (int i = 0; i < 4; i++)
        rng_fill_normal(&rng, params_value(&p->params, gains[i]), 1);
    fill_fused(p, QUERY_KEY_VALUE_UP);
    p->position = position_new_rope(
        (Rope){.dim = DIM, .base = 100, .pairing = ROPE_INTERLEAVED}, TIME);
    // a mask that nobody would guess
    p->around = (Surroundings){.batch = BATCH,
                               .mask = {.causal = true, .window = 3},
                               .position = &p->position};
}

typedef enum {
    PARALLEL_RIGHT,
    PARALLEL_SEQUENTIAL,  // the chapter's block
    // the feed-forward reads x + attention, with the same norm
    PARALLEL_ONE_AFTER_OTHER,
    PARALLEL_TWO_NORMS,
    PARALLEL_CHAIN,  // the feed-forward reads attention's output
    PARALLEL_X_TWICE,
    PARALLEL_NO_X,
    PARALLEL_NO_NORM,
    PARALLEL_NO_GELU,
    PARALLEL_NORM_ADDED,  // n + ... instead of x + ...
    PARALLEL_OTHER_NORM,  // norm_ffn's for both
    PARALLEL_FFN_PLAIN,   // the feed-forward reads x
    PARALLEL_MIX_PLAIN,   // attention reads x
    PARALLEL_NO_FFN,
    PARALLEL_NO_MIX,
    PARALLEL_RELU,       // fused: relu for gelu
    PARALLEL_MIX_TWICE,  // attention added twice
    PARALLEL_HALF,       // the mean of the two parts
    PARALLEL_GELU_ALL,   // fused: gelu of all of n W_in
    PARALLEL_NO_OUT,     // fused: attention's output matrix is missing
    PARALLEL_POST,       // the norm of the sum, both parts read x
    PARALLEL_NORM_TOO,   // right, and the norm of the sum
    PARALLEL_FFN_TWICE,  // the feed-forward added twice
    PARALLEL_GELU_LATE,  // fused: gelu after down
    PARALLEL_SILU,       // fused: silu for gelu
} ParallelRule;

// The feed-forward of `read`, with its activation function or another.
static Node *fed_by(Tape *t, const Block *b, Node *read, ParallelRule rule) {
    Node *up = linear(t, &b->ffn.up, read);
    if (rule == PARALLEL_NO_GELU) return linear(t, &b->ffn.down, up);
    if (rule == PARALLEL_GELU_LATE) return gelu(t, linear(t, &b->ffn.down, up));
    if (rule == PARALLEL_SILU) return linear(t, &b->ffn.down, silu(t, up));
    if (rule == PARALLEL_RELU) return linear(t, &b->ffn.down, relu(t, up));
    return ffn(t, &b->ffn, read);
}

// The fused block with gelu on queries, keys and values too, or without W_O.
static Node *other_attention(Tape *t, const Parallel *p, Node *x, ParallelRule rule) {
    const AttentionLayer *a = &p->block.attention;
    Node *n = norm(t, &p->block.norm_attention, x);
    Heads heads = {p->around.batch, a->n_heads,     a->n_kv_heads,
                   (real)a->scale,  p->around.mask, p->around.position};
    Node *q = linear(t, &a->query, n), *k = linear(t, &a->key, n),
         *v = linear(t, &a->value, n);
    if (rule == PARALLEL_GELU_ALL) q = gelu(t, q), k = gelu(t, k), v = gelu(t, v);
    Node *mixed = attend(t, q, k, v, NULL, &heads);
    if (rule != PARALLEL_NO_OUT) mixed = linear(t, &a->out, mixed);
    return add(t, x, add(t, mixed, ffn(t, &p->block.ffn, n)));
}

static Node *by_rule(Tape *t, const Parallel *p, Node *x, ParallelRule rule) {
    const Block *b = &p->block;
    if (rule == PARALLEL_SEQUENTIAL) return block(t, b, x, &p->around);
    if (rule == PARALLEL_GELU_ALL || rule == PARALLEL_NO_OUT)
        return other_attention(t, p, x, rule);
    bool plain = rule == PARALLEL_NO_NORM || rule == PARALLEL_POST;
    const Norm *first = rule == PARALLEL_OTHER_NORM ? &b->norm_ffn : &b->norm_attention;
    Node *n = plain ? x : norm(t, first, x),
         *mixed = self_attention(t, &b->attention, rule == PARALLEL_MIX_PLAIN ? x : n,
                                 &p->around);
    Node *read = rule == PARALLEL_TWO_NORMS ? norm(t, &b->norm_ffn, x)
                 : rule == PARALLEL_ONE_AFTER_OTHER
                     ? norm(t, &b->norm_attention, add(t, x, mixed))
                 : rule == PARALLEL_CHAIN     ? mixed
                 : rule == PARALLEL_FFN_PLAIN ? x
                                              : n;
    Node *fed = fed_by(t, b, read, rule), *parts = add(t, mixed, fed);
    if (rule == PARALLEL_NO_FFN) parts = mixed;
    if (rule == PARALLEL_NO_MIX) parts = fed;
    if (rule == PARALLEL_MIX_TWICE) parts = add(t, mixed, parts);
    if (rule == PARALLEL_FFN_TWICE) parts = add(t, fed, parts);
    if (rule == PARALLEL_HALF) parts = scale(t, parts, 0.5);
    if (rule == PARALLEL_NO_X) return parts;
    Node *y = add(t, rule == PARALLEL_NORM_ADDED ? n : x, parts);
    if (rule == PARALLEL_POST || rule == PARALLEL_NORM_TOO) return norm(t, first, y);
    return rule == PARALLEL_X_TWICE ? add(t, y, x) : y;
}

typedef struct {
    Mat value, x_grad, grads;
    int products;  // calls of matmul_node
} ParallelRun;

typedef enum { RUN_RULE, RUN_PARALLEL, RUN_FUSED } What;

static int calls_of(Tape *t, const char *name) {
    OperationTime times[64];
    int n = tape_times(t, times, 64), calls = 0;
    for (int i = 0; i < n; i++)
        calls += strcmp(times[i].name, name) == 0 ? (int)times[i].calls : 0;
    return calls;
}

static ParallelRun run(Parallel *p, What what, ParallelRule rule) {
    Tape *t = tape_new(&p->params);
    tape_profile(t, true);
    params_zero_grads(&p->params);
    Node *x = variable_node(t, p->x);
    Node *y = what == RUN_FUSED      ? fused_block(t, &p->fused, x, &p->around)
              : what == RUN_PARALLEL ? parallel_block(t, &p->block, x, &p->around)
                                     : by_rule(t, p, x, rule);
    tape_backward_from(t, y, p->out_grad);
    ParallelRun r = {copied(y->value), copied(x->grad), all_grads(&p->params),
                     calls_of(t, "linear")};
    tape_free(t);
    return r;
}

// ---- simpler cases

typedef enum { COMPARE_VALUE, COMPARE_X, COMPARE_GRADS } Compared;
typedef enum {
    EQUAL_HEADS,
    ONE_SEQUENCE,
    NO_PLACES,
    ALL_SEEN,
    SCALE_ONE,
    NO_ATTENTION,
    NO_FEED_FORWARD
} Simpler;

static Mat fused_grad(const Parallel *p, Mat grads);
static Mat in_grad(const Parallel *p, Mat grads) {
    const Param *in = &p->params.list[p->fused.in.weight];
    return mat_view(grads.at + in->grad_first, in->rows, in->cols);
}

static bool runs_agree(Parallel *p, What what, Compared part) {
    ParallelRun got = run(p, what, 0), want = run(p, RUN_RULE, PARALLEL_RIGHT);
    Mat a = got.value, b = want.value;
    if (part == COMPARE_X) a = got.x_grad, b = want.x_grad;
    if (part == COMPARE_GRADS) a = got.grads, b = want.grads;
    if (part == COMPARE_GRADS && what == RUN_FUSED)
        a = in_grad(p, got.grads), b = fused_grad(p, want.grads);
    return near_mat(a, b, layers_rounding(b));
}

static bool simpler_right(const Parallel *from, What what, Compared part,
                          Simpler simpler) {
    Parallel p = *from;
    if (simpler == EQUAL_HEADS) parallel_new(&p, HEADS);
    if (simpler == NO_PLACES) p.around.position = NULL;
    if (simpler == ALL_SEEN) p.around.mask = (Mask){0};
    if (simpler == SCALE_ONE) p.block.attention.scale = p.fused.scale = 1;
    if (simpler == ONE_SEQUENCE) {
        p.around.batch = 1, p.x = mat_rows(p.x, 0, TIME);
        p.out_grad = mat_rows(p.out_grad, 0, TIME);
    }
    if (simpler != NO_ATTENTION && simpler != NO_FEED_FORWARD)
        return runs_agree(&p, what, part);
    int silent = simpler == NO_ATTENTION ? p.block.attention.out.weight
                                         : p.block.ffn.down.weight;
    Mat weight = params_value(&p.params, silent), before = copied(weight);
    mat_fill(weight, 0);
    bool right = runs_agree(&p, what, part);
    mat_copy(weight, before);
    return right;
}

// After a step that failed.
static void contrast(Grade *g, const Parallel *p, What what, Compared part) {
    static const struct {
        Simpler what;
        const char *code, *says;
    } cases[] = {
        {EQUAL_HEADS, "only-equal-heads",
         "right with as many key-value heads as heads: with fewer, how many columns "
         "have key and value, and how many heads?"},
        {ONE_SEQUENCE, "only-one-sequence",
         "right for one sequence: who says that there are s->batch of them?"},
        {NO_PLACES, "only-no-position",
         "right where there are no positions: where does s->position go?"},
        {ALL_SEEN, "only-no-mask",
         "right where every key is seen: where does s->mask go?"},
        {SCALE_ONE, "only-scale-1",
         "right where the scores' scale is 1: where does it come in, and how often?"},
        {NO_ATTENTION, "only-no-attention",
         "right where attention adds nothing (its output matrix is 0): what does "
         "attention read, and how often is it added?"},
        {NO_FEED_FORWARD, "only-no-feed-forward",
         "right where the feed-forward adds nothing (down is 0): what does it read, "
         "and how often is it added?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        grade_contrast(g, simpler_right(p, what, part, cases[i].what), cases[i].code,
                       "%s", cases[i].says);
}

static const struct {
    ParallelRule rule;
    const char *code, *says;
} BLOCK_SLIPS[] = {
    {PARALLEL_SEQUENTIAL, "sequential",
     "this is the chapter's block, one part after the other: both read the norm of "
     "x"},
    {PARALLEL_ONE_AFTER_OTHER, "waits",
     "the feed-forward reads x + attention: it does not wait for attention, both "
     "read n"},
    {PARALLEL_TWO_NORMS, "two-norms",
     "two norms, as in GPT-NeoX: GPT-J has one, and both parts read its n"},
    {PARALLEL_CHAIN, "chain", "the feed-forward reads attention's output: both read n"},
    {PARALLEL_X_TWICE, "x-twice",
     "x was added twice: each part brings no residual of its own, x is added once"},
    {PARALLEL_NO_X, "no-x", "x itself is missing: y = x + attention(n) + ffn(n)"},
    {PARALLEL_NO_NORM, "no-norm", "the norm is missing: both parts read n, not x"},
    {PARALLEL_NORM_ADDED, "norm-added",
     "the norm was added instead of x: the residual goes around the norm"},
    {PARALLEL_OTHER_NORM, "other-norm", "n is norm_attention's: norm_ffn is not used"},
    {PARALLEL_FFN_PLAIN, "ffn-not-normed", "the feed-forward reads x: it reads n too"},
    {PARALLEL_MIX_PLAIN, "attention-not-normed", "attention reads x: it reads n too"},
    {PARALLEL_NO_FFN, "no-ffn",
     "the feed-forward is missing: y = x + attention(n) + "
     "ffn(n)"},
    {PARALLEL_NO_MIX, "no-attention",
     "attention is missing: y = x + attention(n) + "
     "ffn(n)"},
    {PARALLEL_MIX_TWICE, "attention-twice", "attention was added twice"},
    {PARALLEL_FFN_TWICE, "ffn-twice", "the feed-forward was added twice"},
    {PARALLEL_HALF, "mean-of-parts", "the mean of the two parts: their sum"},
    {PARALLEL_POST, "norm-after",
     "the norm comes after the sum, as in Post-LN: it comes first, and both parts read "
     "n"},
    {PARALLEL_NORM_TOO, "norm-again", "the sum has a norm too: y has none"},
};

static void check_block(Grade *g, Parallel *p) {
    ParallelRun got = run(p, RUN_PARALLEL, 0), want = run(p, RUN_RULE, PARALLEL_RIGHT);
    double tolerance = layers_rounding(want.value);
    for (size_t i = 0; i < sizeof BLOCK_SLIPS / sizeof *BLOCK_SLIPS; i++)
        grade_mistake(
            g,
            near_mat(got.value, run(p, RUN_RULE, BLOCK_SLIPS[i].rule).value, tolerance),
            BLOCK_SLIPS[i].code, "%s", BLOCK_SLIPS[i].says);
    if (!grade_near_mat(g, 3, "the block's value", got.value, want.value, tolerance))
        contrast(g, p, RUN_PARALLEL, COMPARE_VALUE);
    if (!grade_near_mat(g, 1, "the block: x's gradient", got.x_grad, want.x_grad,
                        layers_rounding(want.x_grad)))
        contrast(g, p, RUN_PARALLEL, COMPARE_X);
    if (!grade_near_mat(g, 1, "the block: the parameters' gradients", got.grads,
                        want.grads, layers_rounding(want.grads)))
        contrast(g, p, RUN_PARALLEL, COMPARE_GRADS);
}

// Without an output matrix one part is nothing: then the other's dropout is to be seen
// in y - x. The share of zeros among 960 is 1/2 with a standard deviation of 0.016; 0.1
// are six of these. silent = -1: both, which are both zero in a quarter of the places.
static double dropped(const Parallel *p, int silent) {
    enum { SEEDS = 8, NUMBERS = SEEDS * BATCH * TIME * CHANNELS };
    bool both = silent < 0;
    Mat weight = params_value(&p->params, both ? 0 : silent), before = copied(weight);
    Block b = p->block;
    b.dropout = 0.5;
    int zeros = 0;
    Tape *t = tape_new((Params *)&p->params);
    if (!both) mat_fill(weight, 0);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tape_training(t, true, seed);
        Node *y = parallel_block(t, &b, constant_node(t, p->x), &p->around);
        for (int i = 0; i < BATCH * TIME; i++)
            for (int j = 0; j < CHANNELS; j++)
                zeros += at(y->value, i, j) == at(p->x, i, j);
        tape_reset(t);
    }
    mat_copy(weight, before);
    tape_free(t);
    return (double)zeros / NUMBERS;
}

// How many numbers of one part, the other silent, are neither dropped nor twice what
// they are without dropout.
static int not_scaled(const Parallel *p, int silent) {
    Mat weight = params_value(&p->params, silent), before = copied(weight);
    Block b = p->block;
    Tape *t = tape_new((Params *)&p->params);
    mat_fill(weight, 0);
    Mat whole =
        copied(parallel_block(t, &b, constant_node(t, p->x), &p->around)->value);
    double tolerance = 4 * layers_rounding(whole);
    int off = 0;
    b.dropout = 0.5;
    tape_training(t, true, 1);
    Mat left = parallel_block(t, &b, constant_node(t, p->x), &p->around)->value;
    for (int i = 0; i < BATCH * TIME; i++)
        for (int j = 0; j < CHANNELS; j++) {
            double part = at(left, i, j) - at(p->x, i, j),
                   all = at(whole, i, j) - at(p->x, i, j);
            off += fabs(part) > tolerance && fabs(part - 2 * all) > tolerance;
        }
    mat_copy(weight, before);
    tape_free(t);
    return off;
}

// Where the parts' own dropout is right, something else may be dropped as well.
static void check_rest_stays(Grade *g, const Parallel *p, bool sound) {
    int off = not_scaled(p, p->block.ffn.down.weight)
              + not_scaled(p, p->block.attention.out.weight);
    grade_mistake(g, sound && off > 0, "dropout-before",
                  "dropout of 0.5: what is left of a part is not twice the part: was "
                  "what it reads, n, or another thing within it dropped as well? Each "
                  "part's result is, and no more");
    grade_expect(g, 0, !sound || off == 0,
                 "dropout of 0.5: %d numbers of the two parts are neither 0 nor twice "
                 "what they were",
                 off);
}

static void check_dropout(Grade *g, Parallel *p) {
    Mat want = run(p, RUN_RULE, PARALLEL_RIGHT).value;
    bool right = near_mat(run(p, RUN_PARALLEL, 0).value, want, layers_rounding(want));
    double attention = dropped(p, p->block.ffn.down.weight),
           feed = dropped(p, p->block.attention.out.weight), both = dropped(p, -1);
    grade_mistake(g, right && (attention < 0.1 || feed < 0.1), "no-dropout",
                  "no dropout after %s: each part has b->dropout, as in block()",
                  attention < 0.1 ? "attention" : "the feed-forward");
    grade_mistake(
        g, right && fabs(both - 0.5) < 0.1, "dropout-of-sum",
        "the sum was dropped, both parts at the same places: each part has its "
        "own dropout");
    grade_mistake(g, right && (fabs(attention - 0.75) < 0.1 || fabs(feed - 0.75) < 0.1),
                  "dropout-twice", "%s was dropped twice: once, with b->dropout",
                  attention > 0.65 ? "attention" : "the feed-forward");
    bool shares = fabs(attention - 0.5) < 0.1 && fabs(feed - 0.5) < 0.1
                  && fabs(both - 0.25) < 0.1;
    check_rest_stays(g, p, right && shares);
    grade_expect(
        g, 1, shares,
        "dropout of 0.5: %.0f %% of attention, %.0f %% of the feed-forward and %.0f %% "
        "of their sum are zeros",
        100 * attention, 100 * feed, 100 * both);
}

// Slices that overlap: the columns of both get two gradients.
enum { COUNT = 5, FIRST = 2, SECOND = 4 };

// Which numbers a slice's value has instead.
static void recognise_slice(Grade *g, Mat x, Mat got) {
    Mat rows = mat_rows(x, SECOND, COUNT), end = mat_cols(x, SECOND, COUNT - SECOND);
    grade_mistake(g, near_mat(got, rows, 0), "slice-of-rows",
                  "slice_cols: these are rows: columns first .. first + count - 1 of "
                  "all rows, mat_cols");
    grade_mistake(
        g, near_mat(got, end, 0), "slice-to-count",
        "slice_cols: the columns end before column `count`: count is how many "
        "there are, from first on");
    grade_mistake(g, near_mat(got, mat_cols(x, SECOND, COUNT + 1), 0), "slice-too-wide",
                  "slice_cols: one column too many: the last is first + count - 1");
    for (int from = 0; from + COUNT <= x.cols; from++)
        grade_mistake(g, from != SECOND && near_mat(got, mat_cols(x, from, COUNT), 0),
                      "slice-elsewhere",
                      "slice_cols: the value begins at column %d, `first` was %d", from,
                      SECOND);
}

// Whether it can be gone on: what it saves is there for the pull, its shape is right.
static bool check_slice(Grade *g, Mat x) {
    Tape *t = tape_new(NULL);
    Node *from = variable_node(t, x);
    Node *a = slice_cols(t, from, FIRST, COUNT),
         *b = slice_cols(t, from, SECOND, COUNT);
    Mat want = mat_cols(x, SECOND, COUNT), got = copied(b->value);
    bool right = near_mat(got, want, 0), shape = got.cols == COUNT;
    if (!right) recognise_slice(g, x, got);
    grade_near_mat(g, 1, "slice_cols", got, want, 0);
    bool lost = saved_on_stack(g, b);
    size_t bytes = tape_counts(t).activation_bytes;
    bool view = a->value.at == mat_at(x, 0, FIRST) && bytes == 0;
    grade_mistake(g, right && !view, "slice-copies",
                  "slice_cols made a copy: mat_cols is a view of the same numbers, and "
                  "node_of takes it");
    grade_expect(g, 1, view, "slice_cols: two slices took %zu bytes, should take none",
                 bytes);
    return !lost && shape && got.rows == x.rows;
}

// Gradients of nodes go round in buffers: what these hold is from before.
static void leave_in_buffers(Tape *t, Mat x) {
    Node *from = variable_node(t, x);
    tape_backward_from(t, scale(t, from, 1), filled(x.rows, x.cols, 1000));
    tape_reset(t);
}

// The slices' gradients, if they go to `count` columns from these on.
static Mat slices_at(Mat grad, int first, int second, int skip, int count) {
    Mat sum = mat_new(grad.rows, CHANNELS);
    int places[] = {first, second};
    for (int k = 0; k < 2; k++)
        mat_add_scaled(mat_cols(sum, places[k] + skip, count), 1,
                       mat_cols(grad, skip, count));
    return sum;
}

// What is outside both slices.
static bool rest_is_zero(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            if ((j < FIRST || j >= SECOND + COUNT) && *mat_at(m, i, j) != 0)
                return false;
    return true;
}

// Where the slices' gradients went instead.
static void recognise_slice_gradient(Grade *g, Mat got, Mat grad, double tolerance) {
    Mat start = slices_at(grad, 0, 0, 0, COUNT),
        last = slices_at(grad, SECOND, SECOND, 0, COUNT);
    grade_mistake(g, near_mat(got, start, tolerance), "slice-from-zero",
                  "slice_cols: the gradient went to the first columns: keep `first` in "
                  "y->saved for the pull");
    grade_mistake(
        g, near_mat(got, last, tolerance), "slice-last-first",
        "slice_cols: two slices, and both gradients went to the columns of the one "
        "made last: each node keeps a `first` of its own, in y->saved");
    bool less = near_mat(got, slices_at(grad, FIRST, SECOND, 0, COUNT - 1), tolerance);
    grade_mistake(g, less, "slice-last-column",
                  "slice_cols: a slice's last column got no gradient: columns first .. "
                  "first + count - 1");
    less = near_mat(got, slices_at(grad, FIRST, SECOND, 1, COUNT - 1), tolerance);
    grade_mistake(
        g, less, "slice-first-column",
        "slice_cols: a slice's first column got no gradient: columns first .. "
        "first + count - 1");
    Mat to_count = mat_new(grad.rows, CHANNELS);
    mat_add_scaled(mat_cols(to_count, FIRST, COUNT - FIRST), 1,
                   mat_cols(grad, 0, COUNT - FIRST));
    mat_add_scaled(mat_cols(to_count, SECOND, COUNT - SECOND), 1,
                   mat_cols(grad, 0, COUNT - SECOND));
    grade_mistake(g, near_mat(got, to_count, tolerance), "slice-to-count",
                  "slice_cols: gradients end before column `count`: the columns are "
                  "first .. first + count - 1");
    grade_mistake(g, !rest_is_zero(got) && largest(got) > 100, "slice-not-zeroed",
                  "slice_cols: the columns beside the slice hold old numbers: their "
                  "gradient is 0. grad_write's memory is not zeroed, grad_add's is");
}

// Of two slices of so many rows; used: the tape's buffers hold old numbers.
static bool slices_right(Mat x, Mat out_grad, int rows, int first, int second,
                         bool used) {
    Tape *t = tape_new(NULL);
    if (used) leave_in_buffers(t, x);
    Node *from = variable_node(t, copied(mat_rows(x, 0, rows)));
    Node *a = slice_cols(t, from, first, COUNT),
         *b = slice_cols(t, from, second, COUNT);
    Mat grad = copied(mat_cols(mat_rows(out_grad, 0, rows), 0, COUNT));
    tape_backward_from(t, add(t, a, b), grad);
    bool right = near_mat(copied(from->grad), slices_at(grad, first, second, 0, COUNT),
                          rounding(2, 2 * largest(grad)));
    tape_free(t);
    return right;
}

static void contrast_slices(Grade *g, Mat x, Mat out_grad) {
    grade_contrast(
        g, slices_right(x, out_grad, 1, FIRST, SECOND, true), "only-one-row",
        "slice_cols: the gradient is right where x has one row: are all rows "
        "done, and how far is it from one row of x's gradient to the next? x "
        "is wider than the slice; mat_at and mat_cols know");
    grade_contrast(
        g, slices_right(x, out_grad, x.rows, 0, COUNT + 1, true), "only-apart",
        "slice_cols: the gradient is right where two slices share no column: "
        "what becomes of what is there already?");
    grade_contrast(g, slices_right(x, out_grad, x.rows, FIRST, SECOND, false),
                   "only-fresh",
                   "slice_cols: the gradient is right on a new tape, wrong on one that "
                   "was in use: is every number written, or zeroed first?");
}

static void check_slice_gradient(Grade *g, Mat x, Mat out_grad) {
    Tape *t = tape_new(NULL);
    leave_in_buffers(t, x);
    Node *from = variable_node(t, x);
    Node *a = slice_cols(t, from, FIRST, COUNT),
         *b = slice_cols(t, from, SECOND, COUNT);
    Mat want = mat_new(x.rows, x.cols), last = mat_new(x.rows, x.cols),
        grad = mat_cols(out_grad, 0, COUNT);

    tape_backward_from(t, add(t, a, b), grad);
    mat_add_scaled(mat_cols(want, SECOND, COUNT), 1, grad), mat_copy(last, want);
    mat_add_scaled(mat_cols(want, FIRST, COUNT), 1, grad),
        mat_copy(mat_cols(last, FIRST, COUNT), grad);
    Mat got = copied(from->grad), alone = mat_new(x.rows, x.cols);
    mat_copy(mat_cols(alone, FIRST, COUNT), grad);
    grade_mistake(g, near_mat(got, last, 0) || near_mat(got, alone, 0), "slice-assigns",
                  "slice_cols: two slices of one node, and one's gradient is gone: "
                  "pull adds to what is there");
    double tolerance = rounding(2, 2 * largest(grad));
    recognise_slice_gradient(g, got, grad, tolerance);
    bool right = grade_near_mat(g, 2, "slice_cols: the gradient", got, want, tolerance);
    tape_free(t);
    if (!right) contrast_slices(g, x, out_grad);
}

// The value if two of W_in's parts of DIM columns stood the other way round.
static Mat key_and_value_swapped(Parallel *p) {
    int key = p->block.attention.key.weight, value = p->block.attention.value.weight;
    p->block.attention.key.weight = value, p->block.attention.value.weight = key;
    Mat swapped = run(p, RUN_RULE, PARALLEL_RIGHT).value;
    p->block.attention.key.weight = key, p->block.attention.value.weight = value;
    return swapped;
}

// The value if one of W_in's parts of DIM columns were read for both.
static Mat reading_twice(Parallel *p, bool keys) {
    Block before = p->block;
    if (keys) p->block.attention.value = p->block.attention.key;
    else p->block.attention.key = p->block.attention.value;
    Mat twice = run(p, RUN_RULE, PARALLEL_RIGHT).value;
    p->block = before;
    return twice;
}

// The order in which the columns of W_in were read: with that order of its parts the
// value is right.
static bool reads_in_order(Parallel *p, const int order[4], Mat want) {
    fill_fused(p, order);
    Mat got = run(p, RUN_FUSED, 0).value;
    fill_fused(p, QUERY_KEY_VALUE_UP);
    return near_mat(got, want, layers_rounding(want));
}

static void recognise_columns(Grade *g, Parallel *p, Mat want) {
    static const char *const names[] = {"query", "key", "value", "up"};
    for (int code = 0; code < 256; code++) {
        int order[4], seen = 0;
        for (int i = 0; i < 4; i++) seen |= 1 << (order[i] = code >> 2 * i & 3);
        if (seen != 15 || !reads_in_order(p, order, want)) continue;
        grade_mistake(
            g, true, "fused-columns",
            "fused: the columns were read as %s | %s | %s | %s: they are query "
            "| key | value | up",
            names[order[0]], names[order[1]], names[order[2]], names[order[3]]);
        return;
    }
}

// One part of W_in was read from another column on: with those columns in its place in
// the four matrices the value is what was got.
static void recognise_offset(Grade *g, Parallel *p, Mat got, double tolerance) {
    static const char *const names[] = {"query", "key", "value", "up"};
    int parts[] = {p->block.attention.query.weight, p->block.attention.key.weight,
                   p->block.attention.value.weight, p->block.ffn.up.weight};
    Mat in = params_value(&p->params, p->fused.in.weight);
    for (int i = 0, right = 0; i < 4; i++) {
        Mat part = params_value(&p->params, parts[i]), own = copied(part);
        for (int first = 0; first + part.cols <= in.cols; first++) {
            mat_copy(part, mat_cols(in, first, part.cols));
            bool read =
                first != right
                && near_mat(run(p, RUN_RULE, PARALLEL_RIGHT).value, got, tolerance);
            grade_mistake(
                g, read, "fused-offset",
                "fused: %s was read from column %d of n W_in on, begins at %d: "
                "what comes before it is query, key and value, as wide as they are",
                names[i], first, right);
            if (read) break;
        }
        mat_copy(part, own);
        right += part.cols;
    }
}

static Mat with_scale(Parallel p, double scale) {
    p.block.attention.scale = scale;
    return run(&p, RUN_RULE, PARALLEL_RIGHT).value;
}

typedef enum { NO_SCALE, NO_POSITION, NO_MASK, CAUSAL_MASK } Untold;

// The value if attention is not told that.
static Mat without(Parallel p, Untold what) {
    if (what == NO_SCALE) p.block.attention.scale = 1;
    if (what == NO_POSITION) p.around.position = NULL;
    if (what == NO_MASK) p.around.mask = (Mask){0};
    if (what == CAUSAL_MASK) p.around.mask = (Mask){.causal = true};
    return run(&p, RUN_RULE, PARALLEL_RIGHT).value;
}

static const struct {
    ParallelRule rule;
    const char *code, *says;
} FUSED_SLIPS[] = {
    {PARALLEL_NO_GELU, "fused-no-gelu", "fused: gelu between up and down is missing"},
    {PARALLEL_NO_X, "fused-no-x", "fused: x itself is missing"},
    {PARALLEL_NO_NORM, "fused-no-norm", "fused: the norm is missing"},
    {PARALLEL_RELU, "fused-relu", "fused: relu for gelu"},
    {PARALLEL_NO_FFN, "fused-no-ffn", "fused: the feed-forward is missing"},
    {PARALLEL_NO_MIX, "fused-no-attention", "fused: attention is missing"},
    {PARALLEL_NORM_ADDED, "fused-norm-added", "fused: the norm was added instead of x"},
    {PARALLEL_X_TWICE, "fused-x-twice", "fused: x was added twice"},
    {PARALLEL_MIX_TWICE, "fused-attention-twice", "fused: attention was added twice"},
    {PARALLEL_GELU_LATE, "fused-gelu-late",
     "fused: gelu comes after down: it stands between up and down"},
    {PARALLEL_SILU, "fused-silu", "fused: silu for gelu"},
    {PARALLEL_NO_OUT, "fused-no-out",
     "fused: attention's output matrix, attention_out, is missing"},
    {PARALLEL_POST, "fused-norm-after",
     "fused: the norm comes first, and W_in reads n: here it comes after the sum"},
    {PARALLEL_GELU_ALL, "fused-gelu-of-all",
     "fused: gelu went over queries, keys and values too: it is up's alone"},
    {PARALLEL_CHAIN, "fused-chain",
     "fused: the feed-forward reads attention's output: its columns are those of n "
     "W_in"},
};

// What attention was not told, or told wrongly.
static void recognise_heads(Grade *g, const Parallel *p, Mat got, double tolerance) {
    static const struct {
        Untold what;
        const char *code, *says;
    } untold[] = {
        {NO_SCALE, "fused-no-scale", "fused: the scores' scale is missing"},
        {NO_POSITION, "fused-no-position",
         "fused: s->position is missing: heads begin with {s->batch, ..., s->mask, "
         "s->position}"},
        {NO_MASK, "fused-no-mask",
         "fused: s->mask is missing, so that tokens see later ones: heads begin with "
         "{s->batch, ..., s->mask, s->position}"},
        {CAUSAL_MASK, "fused-own-mask",
         "fused: a causal mask was made here: which keys are seen is said by s->mask"},
    };
    for (size_t i = 0; i < sizeof untold / sizeof *untold; i++)
        grade_mistake(g, near_mat(got, without(*p, untold[i].what), tolerance),
                      untold[i].code, "%s", untold[i].says);
    double scale = p->fused.scale;
    grade_mistake(g,
                  near_mat(got, with_scale(*p, scale * scale), tolerance)
                      || near_mat(got, with_scale(*p, scale / sqrt(DIM)), tolerance),
                  "fused-scale-twice",
                  "fused: scores are scaled twice: b->scale, once");
    grade_mistake(g, near_mat(got, with_scale(*p, 1 / sqrt(DIM)), tolerance),
                  "fused-own-scale",
                  "fused: scores have the scale b->scale, not 1 / sqrt(d)");
}

// Which columns of W_in were taken for which.
static void recognise_parts(Grade *g, Parallel *p, Mat got, double tolerance) {
    grade_mistake(g, near_mat(got, key_and_value_swapped(p), tolerance),
                  "fused-swapped",
                  "fused: keys and values changed places: the columns are query | key "
                  "| value | up");
    grade_mistake(
        g, near_mat(got, reading_twice(p, true), tolerance), "fused-keys-for-values",
        "fused: the keys' columns were read for the values too: query | key | "
        "value | up");
    grade_mistake(
        g, near_mat(got, reading_twice(p, false), tolerance), "fused-values-for-keys",
        "fused: the values' columns were read for the keys too: query | key | "
        "value | up");
}

static void recognise_fused(Grade *g, Parallel *p, Mat got, Mat want,
                            double tolerance) {
    recognise_heads(g, p, got, tolerance);
    for (size_t i = 0; i < sizeof FUSED_SLIPS / sizeof *FUSED_SLIPS; i++)
        grade_mistake(
            g, near_mat(got, run(p, RUN_RULE, FUSED_SLIPS[i].rule).value, tolerance),
            FUSED_SLIPS[i].code, "%s", FUSED_SLIPS[i].says);
    recognise_parts(g, p, got, tolerance);
    recognise_columns(g, p, want);
    recognise_offset(g, p, got, tolerance);
}

// The gradients of the four matrices side by side, as fill_fused lays their values.
static Mat fused_grad(const Parallel *p, Mat grads) {
    Parallel parts = *p;
    parts.params.values = grads.at;
    fill_fused(&parts, QUERY_KEY_VALUE_UP);
    return copied(params_value(&parts.params, p->fused.in.weight));
}

// The fused block with positions that are learned, T5's buckets, their gradients 0.
static Mat with_buckets(Parallel p, What what, Mat *learned) {
    enum { BUCKETS = 4 };
    Rng rng = rng_new(23);
    Mat buckets = random_mat(&rng, HEADS, BUCKETS);
    Position position = position_new_t5(buckets, TIME, true);
    Tape *t = tape_new(&p.params);
    Node *node = variable_node(t, buckets), *x = variable_node(t, p.x);
    p.around.position = &position, p.around.position_param = node;
    Node *y = what == RUN_FUSED ? fused_block(t, &p.fused, x, &p.around)
                                : by_rule(t, &p, x, PARALLEL_RIGHT);
    tape_backward_from(t, y, p.out_grad);
    *learned = copied(node->grad);
    Mat value = copied(y->value);
    tape_free(t), position_free(&position);
    return value;
}

// s->position_param goes to attend: else what it learns stays as it is.
static void recognise_learned(Grade *g, const Parallel *p) {
    Mat got_grad, want_grad, want = with_buckets(*p, RUN_RULE, &want_grad),
                             got = with_buckets(*p, RUN_FUSED, &got_grad);
    grade_mistake(g,
                  near_mat(got, want, layers_rounding(want)) && largest(got_grad) == 0
                      && largest(want_grad) > 0,
                  "fused-no-position-param",
                  "fused: positions that are learned (T5's buckets) get no gradient: "
                  "attend takes s->position_param");
    grade_expect(g, 0, largest(got_grad) > 0 || largest(want_grad) == 0,
                 "fused, with T5's buckets: their gradient is 0 everywhere");
}

static void check_fused(Grade *g, Parallel *p) {
    ParallelRun got = run(p, RUN_FUSED, 0), want = run(p, RUN_RULE, PARALLEL_RIGHT);
    double tolerance = layers_rounding(want.value);
    if (!near_mat(got.value, want.value, tolerance))
        recognise_fused(g, p, got.value, want.value, tolerance);
    if (!grade_near_mat(g, 3, "the fused block's value", got.value, want.value,
                        tolerance))
        contrast(g, p, RUN_FUSED, COMPARE_VALUE);
    Mat grad = fused_grad(p, want.grads), in = in_grad(p, got.grads);
    recognise_learned(g, p);
    if (!grade_near_mat(g, 1, "W_in's gradient", in, grad, layers_rounding(grad)))
        contrast(g, p, RUN_FUSED, COMPARE_GRADS);
    grade_mistake(g, got.products > 3, "fused-products",
                  "fused: %d matrix products: n W_in is computed once, before it is "
                  "sliced, and two more go out",
                  got.products);
    grade_expect(
        g, 1, got.products == 3,
        "fused: %d matrix products: one makes query, key, value and up; two go out",
        got.products);
}

// With as many key-value heads as heads, all of W_in's parts but the last are equally
// wide: who takes them for that gets into trouble later. So does who thinks of one
// sequence.
static void run_fused_equal(Grade *g) {
    Parallel p, one;
    parallel_new(&one, HEADS);
    one.around.batch = 1;
    one.x = mat_rows(one.x, 0, TIME), one.out_grad = mat_rows(one.out_grad, 0, TIME);
    grade_case(g, "fused_block");
    run(&one, RUN_FUSED, 0);
    parallel_new(&p, HEADS);
    grade_case(g,
               "fused_block with two sequences, s->batch of them, which heads.batch "
               "must say; with one alone it went on");
    run(&p, RUN_FUSED, 0);
    grade_case(
        g,
        "fused_block with fewer key-value heads than heads, where W_in's columns "
        "for key and value are n_kv_heads head_dim each");
}

void check_parallel(Grade *g) {
    one_thread();
    Parallel p;
    parallel_new(&p, FEW_HEADS);
    grade_part(g, check_block(g, &p));
    grade_part(g, check_dropout(g, &p));
    static bool kept;
    grade_part(g, kept = check_slice(g, p.x));
    if (kept) grade_part(g, check_slice_gradient(g, p.x, p.out_grad));
    if (kept) grade_part(g, run_fused_equal(g));
    if (kept) grade_part(g, check_fused(g, &p));
}
