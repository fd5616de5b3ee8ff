// Reverse mode: is the gradient right, and what does it cost? Lecture, section 3.2.
//
//     (L(w + h) - L(w - h)) / 2h - dL/dw = h^2 L''' / 6         two-sided: slope 2 on logarithmic axes
//     (L(w + h) - L(w)) / h      - dL/dw = h L'' / 2            one-sided: slope 1; a wrong gradient: slope 0
//     operations backward = 2 x operations forward              y = x W; dx = dy W^T, dW = x^T dy
//     all P derivatives: 1 forward, 1 backward                  by differences: 2 P forward
//     dL/dE of tied weights = dL/dE as a table + (dL/dE as the head's matrix)
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "common/program/plot.h"

static const Option options[] = {{"channels", "8", "width of the small GPT, even"},
                                 {"layers", "1", "its layers"},
                                 {0}};

enum { VOCABULARY = 11, TIME = 6, BATCH = 4, ROWS = BATCH * TIME };

typedef struct {
    Model model;
    Tape *tape;
    Tokens in;
    int tokens[ROWS], targets[ROWS];
    double flops;  // forward, of all losses so far
} Problem;

// A GPT all of whose parameters are random, biases and gains as well.
static void problem_new(Problem *p, const Config *c, const Rng *rng) {
    Error err;
    if (!model_new(&p->model, c, &err)) die("%s", err.text);
    for (int i = 0; i < p->model.params.count; i++) {
        Init *init = &p->model.params.list[i].init;
        if (init->sd == 0) init->sd = 0.2;
    }
    model_allocate(&p->model, rng), params_allocate_grads(&p->model.params);
    p->tape = tape_new(&p->model.params);
    Rng text = rng_split(rng, 1u << 20);
    for (int i = 0; i < ROWS; i++)
        p->tokens[i] = rng_below(&text, VOCABULARY),
        p->targets[i] = rng_below(&text, VOCABULARY);
    p->in = (Tokens){.batch = BATCH, .time = TIME, .tokens = p->tokens};
    p->flops = 0;
}

static void problem_free(Problem *p) { tape_free(p->tape), model_free(&p->model); }

static Node *logits_of(Problem *p) {
    tape_reset(p->tape);
    return model_logits(p->tape, &p->model, model_hidden(p->tape, &p->model, &p->in));
}

static TapeCounts gradient(Problem *p) {
    params_zero_grads(&p->model.params);
    tape_backward(p->tape, cross_entropy(p->tape, logits_of(p), p->targets));
    return tape_counts(p->tape);
}

// The loss of the model's own logits, but summed in double: a float has steps of 2^-22
// at a loss of 2 to 4.
static double loss(Problem *p) {
    Mat l = logits_of(p)->value;
    double total = 0;
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < VOCABULARY; j++) sum += exp((double)*mat_at(l, i, j));
        total += log(sum) - (double)*mat_at(l, i, p->targets[i]);
    }
    p->flops += tape_counts(p->tape).flops_forward;
    return total / ROWS;
}

// ---- [3.1], [3.3] every derivative by differences

enum { FIRST = 1, LAST = 12 };  // h = 2^-FIRST .. 2^-LAST

typedef struct {
    // lengths of differences of two vectors of P numbers
    double h, two_sided, one_sided, forgotten;
} Differences;

// wrong: a gradient that is not the tape's.
static Differences differences(Problem *p, double h, const real *wrong) {
    Params *w = &p->model.params;
    double here = loss(p), sums[3] = {0};
    p->flops = 0;
    for (size_t i = 0; i < w->size; i++) {
        real old = w->values[i], right = old + (real)h, left = old - (real)h;
        w->values[i] = right;
        double up = loss(p);
        w->values[i] = left;
        double down = loss(p), two = (up - down) / ((double)right - left);
        w->values[i] = old;
        sums[0] += pow(two - w->grads[i], 2), sums[2] += pow(two - wrong[i], 2);
        sums[1] += pow((up - here) / ((double)right - old) - w->grads[i], 2);
    }
    return (Differences){h, sqrt(sums[0]), sqrt(sums[1]), sqrt(sums[2])};
}

// Of log2 y against log2 h, y at `offset` in d[first .. last].
static double slope(const Differences *d, int first, int last, size_t offset) {
    double x = 0, y = 0, xy = 0, xx = 0;
    int n = last - first + 1;
    for (int pass = 0; pass < 2; pass++)
        for (int i = first; i <= last; i++) {
            double a = log2(d[i].h),
                   b = log2(*(const double *)((const char *)&d[i] + offset));
            if (pass == 0) x += a / n, y += b / n;
            else xy += (a - x) * (b - y), xx += (a - x) * (a - x);
        }
    return xy / xx;
}

static void draw(Lab *lab, const Differences *d) {
    Plot *p =
        plot_new(lab, "tape", "h two_sided one_sided forgotten square line rounding");
    const Differences *middle = &d[5 - FIRST], *end = &d[LAST - FIRST];
    for (int i = 0; i <= LAST - FIRST; i++)
        plot_row(p, d[i].h, d[i].two_sided, d[i].one_sided, d[i].forgotten,
                 middle->two_sided * pow(d[i].h / middle->h, 2),
                 middle->one_sided * d[i].h / middle->h,
                 end->two_sided * end->h / d[i].h);
    plot_title(p, "The tape's gradient against difference quotients");
    plot_axes(p, "h", "|differences - gradient|, all parameters");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y"),
        plot_set(p, "format x \"2^{%%L}\""), plot_set(p, "format y \"10^{%%T}\"");
    plot_set(p, "yrange [1e-5:1]"),
        plot_set(p, "xrange [%g:1]", d[LAST - FIRST].h / 1.5);
    plot_line(p, "h", "square", "h^2 L''' / 6"), plot_line(p, "h", "line", "h L'' / 2"),
        plot_line(p, "h", "rounding", "rounding / h");
    plot_points(p, "h", "two_sided", "two-sided"),
        plot_points(p, "h", "one_sided", "one-sided");
    plot_points(p, "h", "forgotten", "a share forgotten");
    plot_end(p);
}

static void claim_differences(Lab *lab, Problem *p, const real *wrong) {
    Differences d[LAST - FIRST + 1];
    TapeCounts counts = gradient(p);
    for (int i = FIRST; i <= LAST; i++) {
        d[i - FIRST] = differences(p, ldexp(1, -i), wrong);
        lab_progress(lab, i - FIRST + 1, LAST - FIRST + 1);
    }
    // A line through five points an octave apart moves by 0.2 of what an end point is
    // off: at h = 1/4 by the next term, h^2 L^(5) / 20 L''', at 1/64 by rounding. A
    // quarter each, log2(1.25) = 0.32, in the same direction, may be.
    const double tolerance = 2 * 0.2 * 0.32;
    claim_near(lab, "3.1", "two-sided differences: slope, h = 1/4 .. 1/64", 2,
               slope(d, 2 - FIRST, 6 - FIRST, offsetof(Differences, two_sided)),
               tolerance);
    claim_near(lab, "3.1", "one-sided: slope", 1,
               slope(d, 2 - FIRST, 6 - FIRST, offsetof(Differences, one_sided)),
               tolerance);
    claim_near(lab, "3.1", "gradient without the look-up's share: slope", 0,
               slope(d, 2 - FIRST, 6 - FIRST, offsetof(Differences, forgotten)),
               tolerance);
    long long all = (long long)p->model.params.size;
    claim_equal(lab, "3.3", "operations of differences: 2P/3 x (forward+backward)",
                2 * all * (long long)(counts.flops_forward + counts.flops_backward),
                3 * (long long)p->flops);
    lab_print(lab,
              "P = %lld: one gradient costs 3 forward passes, its differences %lld",
              all, 2 * all);
    draw(lab, d);
}

// ---- [3.4] one matrix, used twice

// The same numbers, but the head has a matrix of its own.
static void untie(Problem *to, const Problem *from, const Rng *rng) {
    Config c = from->model.config;
    c.tied = false;
    problem_new(to, &c, rng);
    const Params *p = &from->model.params;
    for (int i = 0; i < p->count; i++)
        mat_copy(params_value(&to->model.params,
                              params_find(&to->model.params, p->list[i].name)),
                 params_value(p, i));
    mat_copy(params_value(&to->model.params, to->model.head),
             mat_transpose(params_value(p, from->model.token)));
}

// The tied gradient minus both shares, as a part of it; and in `wrong` the tied
// gradient without the look-up's share.
static double tied_error(Problem *tied, const Rng *rng, real *wrong) {
    Problem apart;
    untie(&apart, tied, rng);
    gradient(tied), gradient(&apart);
    const Params *p = &tied->model.params;
    Mat both = params_grad(p, tied->model.token),
        look_up = params_grad(&apart.model.params, apart.model.token);
    Mat head = params_grad(&apart.model.params, apart.model.head);
    double off = 0, size = 0;
    for (size_t i = 0; i < p->grad_size; i++) wrong[i] = p->grads[i];
    for (int i = 0; i < both.rows; i++)
        for (int j = 0; j < both.cols; j++) {
            off += pow((double)*mat_at(both, i, j) - *mat_at(look_up, i, j)
                           - *mat_at(head, j, i),
                       2);
            size += pow(*mat_at(both, i, j), 2);
            wrong[mat_at(both, i, j) - p->grads] -= *mat_at(look_up, i, j);
        }
    problem_free(&apart);
    return sqrt(off / size);
}

// ---- [3.2], [3.5] what it costs

enum { WIDE = 16, HEADS = 4, DEEP = 3 };  // another GPT, untied

// frozen: parts of names, separated by spaces, of what is not trained.
static TapeCounts counts_of(int layers, const char *const *frozen, const Rng *rng) {
    Problem p;
    Config c = config_small_gpt(VOCABULARY, TIME, WIDE, layers, HEADS);
    c.tied = false;
    problem_new(&p, &c, rng);
    for (; *frozen; frozen++) params_freeze(&p.model.params, *frozen, true);
    params_allocate_grads(&p.model.params);
    TapeCounts counts = gradient(&p);
    problem_free(&p);
    return counts;
}

static void claim_cost(Lab *lab, const Rng *rng) {
    const char *const nothing[] = {NULL}, *const tables[] = {"token.", "position.",
                                                             NULL};
    const char *const front[] = {"token.", "position.", "block.0.norm1.", NULL},
                      *const blocks[] = {"block.", NULL};
    long long square = 2LL * ROWS * WIDE * WIDE,
              attention = 4LL * BATCH * TIME * (TIME + 1) / 2 * WIDE;
    long long head = 2LL * ROWS * WIDE * VOCABULARY,
              forward = DEEP * (12 * square + attention) + head;
    TapeCounts counts = counts_of(DEEP, nothing, rng);
    claim_equal(lab, "3.2", "forward: L (12 products of n x d x d + attn) + head",
                forward, (long long)counts.flops_forward);
    claim_equal(lab, "3.2", "backward, everything trained: twice that", 2 * forward,
                (long long)counts.flops_backward);
    claim_equal(lab, "3.2", "embeddings frozen: no less", 2 * forward,
                (long long)counts_of(DEEP, tables, rng).flops_backward);
    claim_equal(lab, "3.2", "and the first norm: less by W_Q's, W_K's, W_V's dx",
                2 * forward - 3 * square,
                (long long)counts_of(DEEP, front, rng).flops_backward);
    claim_equal(lab, "3.2", "blocks frozen: dx alone, but twice attention, head",
                DEEP * (12 * square + 2 * attention) + 2 * head,
                (long long)counts_of(DEEP, blocks, rng).flops_backward);
}

static void claim_memory(Lab *lab, const Rng *rng) {
    const char *const nothing[] = {NULL};
    TapeCounts two = counts_of(2, nothing, rng), four = counts_of(4, nothing, rng),
               eight = counts_of(8, nothing, rng);
    claim_equal(lab, "3.5", "activation bytes of 4 more layers: twice 2 more's",
                2 * (long long)(four.activation_bytes - two.activation_bytes),
                (long long)(eight.activation_bytes - four.activation_bytes));
    claim_equal(lab, "3.5", "bytes for nodes' gradients: 8 layers as 2",
                (long long)two.grad_bytes, (long long)eight.grad_bytes);
}

static void run(Lab *lab) {
    int channels = (int)option_int(&lab->args, "channels", 4, 16),
        layers = (int)option_int(&lab->args, "layers", 1, 3);
    if (channels % 2)
        die("--channels %d: expected an even number, for two heads", channels);
    Config c = config_small_gpt(VOCABULARY, TIME, channels, layers, 2);
    c.init = INIT_XAVIER;
    // near a token of equal numbers a norm is too steep for differences of 1/4
    c.norm_epsilon = 0.5;
    Problem p;
    problem_new(&p, &c, &lab->rng);
    real *wrong = allocate(p.model.params.grad_size, sizeof *wrong);
    double tied_off = tied_error(&p, &lab->rng, wrong);
    claim_differences(lab, &p, wrong);
    claim_cost(lab, &lab->rng);
    // The longest way goes, in each layer, through sums over 8 widths and T, there and
    // back, and the head's; all these roundings of 2^-24 know nothing of each other.
    double way = 2 * (layers * (8.0 * channels + TIME) + VOCABULARY);
    claim_near(lab, "3.4", "tied: gradient - sum of both shares, relative", 0, tied_off,
               5 * sqrt(way) * 0x1p-24);
    claim_memory(lab, &lab->rng);
    free(wrong);
    problem_free(&p);
}

const LabSpec lab_tape = {
    "tape", "3.2", "Reverse mode against differences, and what it costs", run, options};
