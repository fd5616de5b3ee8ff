// GLM fills its blanks in any order. Lecture, section 4.9.
//
// In each order the probabilities of all fillings sum to 1, of any model: this is how the
// batch is made, and not what was learned. Whether two orders give the same text the same
// probability is learned, and never quite.
#include <math.h>

#include "ch04_pretrain/glm.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { TIME = 40, BATCH = 32, CHANNELS = 64, LAYERS = 2, HEADS = 4, HELD_OUT = 128 };

static const Option options[] = {
    {"steps", "200", "steps of training, 32 rows and some 20 ms each"}, {0}};

static SmallRun run_of(Language *l, long long steps, uint64_t seed) {
    SmallRun r = {
        .language = l,
        .config = model_kinds[MODEL_GPT2].config(1, 1, CHANNELS, LAYERS, HEADS),
        .objective = {.kind = OBJECTIVE_GLM},
        .settings = small_run_settings(BATCH, steps),
        .time = TIME,
        .held_out = HELD_OUT,
        .seed = seed};
    r.config.segments = objective_context(OBJECTIVE_GLM, TIME);
    return r;
}

// ---- the sum over all fillings

// A blank's filling: up to MOST tokens of IDS, and its end; with MOST of them the end is
// left out, so that nothing longer is missing from the sum.
enum {
    MOST = 2,
    KEPT = 3,
    BLANKS = 2,
    LEAVES_MOST = 1000,
    LONGEST = KEPT + BLANKS * MOST
};

// Leaf number k: the empty one, those of one token, those of two.
static int leaf(int k, int ids, int *filling) {
    int length = 0;
    for (int count = 1; k >= count; count *= ids) k -= count, length++;
    for (int i = 0; i < length; i++, k /= ids) filling[i] = k % ids;
    return length;
}

// END [ ] b [ ] a: the text with these two fillings, and where they are.
static int build(int end, int ids, int a, int b, int *text, Span spans[BLANKS]) {
    int n = 0;
    text[n++] = end;
    spans[0] = (Span){n, leaf(a, ids, text + n)};
    n += spans[0].length;
    text[n++] = 1;
    spans[1] = (Span){n, leaf(b, ids, text + n)};
    n += spans[1].length;
    text[n++] = 0;  // a blank without a token is found by what comes after it
    return n;
}

// ln P of both fillings, from what the model says of a row that glm_row made.
static double leaf_log_prob(const Batch *b, int row, const Span *spans,
                            const int *order, Mat log_probs) {
    double sum = 0;
    for (int k = 0, at = b->prefixes[row]; k < BLANKS; k++) {
        int length = spans[order[k]].length;
        for (int i = 0; i <= length; i++, at++)
            if (i < length || length < MOST) sum += (double)*mat_at(log_probs, row, at);
    }
    return sum;
}

// The sum of P over all pairs of fillings, one row of a batch for each second one.
static double sum_of_fillings(const Model *m, int end, int ids, const int *order) {
    int leaves = 1 + ids + ids * ids, vocabulary = end + 1;
    Batch b =
        batch_new(leaves, LONGEST + 2 * BLANKS, 0, objectives[OBJECTIVE_GLM].parts);
    Mat log_probs = mat_new(b.rows, b.time);
    Tape *t = tape_new((Params *)&m->params);
    double sum = 0;
    for (int first = 0; first < leaves; first++) {
        Span spans[LEAVES_MOST][BLANKS];
        for (int r = 0; r < leaves; r++) {
            int text[LONGEST], n = build(end, ids, first, r, text, spans[r]);
            glm_row(&b, r, text, n, spans[r], order, BLANKS, vocabulary);
        }
        batch_count(&b);
        objective_log_probs(log_probs, t, m, &b);
        for (int r = 0; r < leaves; r++)
            sum += exp(leaf_log_prob(&b, r, spans[r], order, log_probs));
        tape_reset(t);
    }
    tape_free(t), mat_free(log_probs), batch_free(&b);
    return sum;
}

// Any model will do: one as it is drawn.
static void claim_sums(Lab *lab) {
    static const int orders[][BLANKS] = {{0, 1}, {1, 0}};
    LanguageSettings of = {1, 2, 1, 0.5};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    SmallRun r = run_of(&l, 20, lab->seed);
    small_run_begin(&r);
    // every id but the end of a span goes on
    int ids = r.data.vocabulary + GLM_END;
    for (int o = 0; o < 2; o++)
        // a thousand numbers of six factors each, in single precision
        claim_near(lab, "4.78",
                   o ? "all fillings, the second blank first: sum of P"
                     : "all fillings, the first blank first: sum of P",
                   1, sum_of_fillings(&r.model, r.data.end, ids, orders[o]), 1e-5);
    small_run_free(&r), language_free(&l);
}

// ---- the same text, filled in two orders

// Rows 2 i and 2 i + 1: held-out text n + i, its blanks from left to right and from right to
// left.
static void fill_both(SmallRun *r, Batch *b, long long n) {
    Span spans[TIME];
    int order[TIME], text[TIME + 1];
    for (int row = 0; row < b->rows; row++) {
        long long number = n + row / 2;
        Rng rng = objective_row_rng(&r->objective, &r->held_out_data, number);
        Draw draw = {text, number, &r->held_out_data, &r->objective, &rng};
        data_row(&r->held_out_data, number, text);
        int count = glm_cut(&draw, spans, order);
        for (int k = 0; k < count; k++) order[k] = row % 2 ? count - 1 - k : k;
        glm_row(b, row, text, TIME, spans, order, count, r->data.vocabulary);
    }
    batch_count(b);
}

// |difference of the two ln P|, of each held-out text.
static Mean spread(SmallRun *r) {
    Batch b = objective_batch_new(&r->objective, BATCH, TIME);
    Mat log_probs = mat_new(BATCH, b.time);
    Tape *t = tape_new(&r->model.params);
    Mean found = {0};
    for (int n = 0; n < HELD_OUT; n += BATCH / 2) {
        fill_both(r, &b, n);
        objective_log_probs(log_probs, t, &r->model, &b);
        for (int row = 0; row < BATCH; row += 2) {
            double difference = 0;
            for (int i = 0; i < b.time; i++)
                difference += (double)*mat_at(log_probs, row, i)
                              - (double)*mat_at(log_probs, row + 1, i);
            mean_add(&found, fabs(difference));
        }
        tape_reset(t);
    }
    tape_free(t), mat_free(log_probs), batch_free(&b);
    return found;
}

typedef struct {
    SmallRun run;
    Mean spread[RUN_POINTS];
} GlmRun;

static void train(Lab *lab, GlmRun *g) {
    long long at[RUN_POINTS];
    int points = small_run_steps(g->run.settings.steps, at);
    small_run_begin(&g->run);
    for (int i = 0; i < points; i++) {
        small_run_to(lab, &g->run, at[i]);
        small_run_add_point(&g->run);
        g->spread[i] = spread(&g->run);
    }
}

static void claim_end(Lab *lab, const GlmRun *g) {
    int last = g->run.count - 1;
    const RunPoint *p = &g->run.points[last];
    Mean s = g->spread[last];
    lab_print(lab, "after %.2f M tokens: loss %.4f, excess %.4f +- %.4f",
              1e-6 * p->tokens, p->loss, p->excess, p->excess_error);
    lab_print(lab, "two orders differ by %.3f +- %.3f nats per text", mean_of(s),
              mean_error(s));
    // not negative; 0.2 is what we ask of a run of these tokens, which begins at 0.9
    claim_at_least(lab, "4.77", "GLM: excess, at least minus 4 SE",
                   -4 * p->excess_error, p->excess);
    claim_at_most(lab, "4.77", "GLM: excess", 0.2, p->excess);
    // it would be 0 of the source itself, and is not of a model
    claim_at_least(lab, "4.79", "spread over orders, nats per text, above 0 by 5 SE",
                   5 * mean_error(s), mean_of(s));
}

static void draw(Lab *lab, const GlmRun *g) {
    Plot *p = plot_new(lab, "glm_orders", "tokens excess error spread spread_error");
    for (int i = 0; i < g->run.count; i++)
        plot_row(p, g->run.points[i].tokens, g->run.points[i].excess,
                 g->run.points[i].excess_error, mean_of(g->spread[i]),
                 mean_error(g->spread[i]));
    plot_axes(p, "tokens of training", "nats");
    plot_set(p, "logscale xy");
    plot_errors(p, "tokens", "excess", "error", "excess per target");
    plot_errors(p, "tokens", "spread", "spread_error",
                "two orders of one text differ by");
    plot_end(p);
}

static void run(Lab *lab) {
    LanguageSettings of = {1, 3, 1, 0.3};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    GlmRun g = {
        .run = run_of(&l, option_int(&lab->args, "steps", 20, 1000000), lab->seed)};
    claim_sums(lab);
    train(lab, &g);
    claim_end(lab, &g);
    draw(lab, &g);
    small_run_free(&g.run), language_free(&l);
}

const LabSpec lab_glm_orders = {"glm-orders", "4.9", "GLM in any order", run, options};
