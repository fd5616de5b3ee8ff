// Requests of unequal length: static and continuous batching, steps by formula, and a
// model whose answers do not depend on the company. Lecture, section 6.13.
#include "ch06_flash/batching.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch06_flash/serve.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

static const Option options[] = {{"slots", "8", "b"},
                                 {"requests", "40", "answered by the model"},
                                 {"mean", "30", "tokens of a request, on average"},
                                 {"drawn", "40000", "requests that are only counted"},
                                 {0}};

enum { VOCABULARY = 64, PROMPT = 6, LONGEST = 250 };

// 1, 2, 3 ... with probability p, (1 - p) p, (1 - p)^2 p ...
static int geometric(Rng *rng, double mean) {
    return 1 + (int)(log1p(-rng_uniform(rng)) / log1p(-1 / mean));
}

// ---- steps of many requests

// E max of b such lengths: the sum over k of P(max > k).
static double longest_of(int slots, double mean) {
    double sum = 0, shorter;
    for (int k = 0; (shorter = 1 - pow(1 - 1 / mean, k)) < 1 - 1e-15; k++)
        sum += 1 - pow(shorter, slots);
    return sum;
}

// The steps of a group have about this standard deviation: that of the longest of b.
static double deviation_of(int slots, double mean) {
    double sum = 0;
    for (int i = 1; i <= slots; i++) sum += 1.0 / i / i;
    return mean * sqrt(sum);
}

static void claim_steps(Lab *lab, int slots, double mean, int n, Rng *rng) {
    int *lengths = allocate((size_t)n, sizeof *lengths), groups = n / slots;
    double sum = 0;
    n = groups * slots;
    for (int i = 0; i < n; i++) sum += lengths[i] = geometric(rng, mean);
    double together = (double)batching_steps(BATCHING_STATIC, lengths, n, slots),
           apart = (double)batching_steps(BATCHING_CONTINUOUS, lengths, n, slots),
           longest = longest_of(slots, mean);
    // groups are independent; five standard errors
    claim_near(lab, "6.51", "static: steps per group, mean longest of b", longest,
               together / groups, 5 * deviation_of(slots, mean) / sqrt(groups));
    claim_at_most(lab, "6.51", "continuous: steps, Graham's bound",
                  batching_most(lengths, n, slots), apart);
    claim_at_least(lab, "6.51", "continuous: steps, tokens / slots",
                   (double)batching_least(lengths, n, slots), apart);
    lab_print(lab, "busy slots: %.1f %% static (%.1f %% derived), %.1f %% continuous",
              100 * sum / slots / together, 100 * mean / longest,
              100 * sum / slots / apart);
    free(lengths);
}

// ---- with a model

typedef struct {
    Request *requests;
    int count, *prompts, *tokens;
    Mat logits;
} Batch;

static Batch batch_new(const Lab *lab, int count, double mean) {
    size_t n = (size_t)count;
    Batch b = {allocate(n, sizeof *b.requests), count,
               allocate(n * PROMPT, sizeof(int)), allocate(n * LONGEST, sizeof(int)),
               mat_new(count * LONGEST, VOCABULARY)};
    Rng rng = rng_split(&lab->rng, 1);
    for (int i = 0; i < count; i++) {
        int *prompt = b.prompts + i * PROMPT, length = 1 + rng_below(&rng, PROMPT);
        for (int t = 0; t < PROMPT; t++) prompt[t] = rng_below(&rng, VOCABULARY);
        b.requests[i] =
            (Request){prompt, length, int_min(geometric(&rng, mean), LONGEST),
                      b.tokens + i * LONGEST, mat_rows(b.logits, i * LONGEST, LONGEST)};
    }
    return b;
}

static void batch_free(Batch *b) {
    free(b->requests), free(b->prompts), free(b->tokens), mat_free(b->logits);
}

static long long steps_of(const Batch *b, BatchingKind kind, int slots) {
    int *lengths = allocate((size_t)b->count, sizeof *lengths);
    for (int i = 0; i < b->count; i++) lengths[i] = b->requests[i].wanted;
    long long steps = batching_steps(kind, lengths, b->count, slots);
    free(lengths);
    return steps;
}

static Model model_make(const Lab *lab) {
    Config c = config_small_llama(VOCABULARY, LONGEST + PROMPT, 32, 2, 4, 2);
    Model m;
    Error err;
    Rng rng = rng_split(&lab->rng, 2);
    c.init = INIT_XAVIER;
    if (!model_new(&m, &c, &err)) die("%s", err.text);
    model_allocate(&m, &rng);
    return m;
}

// Tokens, and the largest difference of a logit, between both ways.
static int differ(const Batch *a, const Batch *b, double *off) {
    int tokens = 0;
    for (int i = 0; i < a->count; i++)
        for (int t = 0; t < a->requests[i].wanted; t++)
            tokens += a->requests[i].tokens[t] != b->requests[i].tokens[t];
    *off = mat_difference(a->logits, b->logits);
    return tokens;
}

static void draw(Lab *lab, const Served *served, int slots) {
    Plot *p = plot_new(lab, "batching", "step static continuous");
    for (int t = 0; t < int_max(served[0].steps, served[1].steps); t++)
        plot_row(p, t, t < served[0].steps ? (double)served[0].busy[t] : NAN,
                 t < served[1].steps ? (double)served[1].busy[t] : NAN);
    plot_axes(p, "step", "busy slots");
    plot_set(p, "yrange [0:%d]", slots + 1), plot_set(p, "key bottom right");
    plot_series(p,
                "using \"step\":\"static\" with steps linewidth 2 linecolor \"%s\" "
                "title 'static'",
                PLOT_VERMILION);
    plot_series(p,
                "using \"step\":\"continuous\" with steps linewidth 2 linecolor \"%s\" "
                "title 'continuous'",
                PLOT_BLUE);
    plot_end(p);
}

typedef struct {
    Served served[BATCHING_KINDS];
    int wrong;         // tokens that are not those of a request by itself
    double off, size;  // largest difference of logits, and largest logit
} Answered;

// The same requests one after the other, and in both ways of batching.
static Answered answer(Lab *lab, const InferModel *m, int count, double mean,
                       int slots) {
    static const char *const says[] = {
        "static: steps, sum of the groups' longest",
        "continuous: steps, next to the first free slot"};
    Batch alone = batch_new(lab, count, mean);
    Served one = serve(m, alone.requests, count, BATCHING_STATIC, 1);
    Answered a = {.size = mat_largest(alone.logits)};
    for (int kind = 0; kind < BATCHING_KINDS; kind++) {
        double off;
        Batch b = batch_new(lab, count, mean);
        a.served[kind] = serve(m, b.requests, count, (BatchingKind)kind, slots);
        a.wrong += differ(&alone, &b, &off);
        a.off = nan_max(a.off, off);
        claim_equal(lab, "6.50", says[kind], steps_of(&b, (BatchingKind)kind, slots),
                    a.served[kind].steps);
        batch_free(&b);
    }
    free(one.busy), batch_free(&alone);
    return a;
}

static void run(Lab *lab) {
    int slots = (int)option_int(&lab->args, "slots", 1, 64),
        count = (int)option_int(&lab->args, "requests", 1, 1000),
        drawn = (int)option_int(&lab->args, "drawn", 1000, 10000000);
    double mean = option_real(&lab->args, "mean", 2, LONGEST / 4.0);
    Rng rng = lab->rng;
    Model model = model_make(lab);
    InferModel m;
    Error err;
    if (!infer_of_model(&m, &model, &err)) die("%s", err.text);
    Answered a = answer(lab, &m, count, mean, slots);
    claim_steps(lab, slots, mean, drawn, &rng);
    claim_equal(lab, "6.52", "tokens other than when alone", 0, a.wrong);
    // a product of one row may be summed in another order than one of several: some
    // 2 x 8 products of 32 to 96 terms
    claim_near(lab, "6.52", "logits, largest difference", 0, a.off,
               16 * sqrt(96) * 0x1p-24 * a.size);
    draw(lab, a.served, slots);
    for (int kind = 0; kind < BATCHING_KINDS; kind++) free(a.served[kind].busy);
    infer_model_free(&m), model_free(&model);
}

const LabSpec lab_batching = {"batching", "6.13", "Requests of unequal length", run,
                              options};
