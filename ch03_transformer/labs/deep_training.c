// A stack of 100 layers, trained with each of the three places for the norm. Lecture,
// section 3.7.
//
// The text is a Markov chain whose entropy is known: the next symbol is a fixed
// function of this one, but with probability NOISE any symbol. A model's loss on it
// lies between two numbers:
//
//     ln V = 2.77 nats   all symbols are equally frequent: a model that ignores the input pays this
//     h    = 0.57 nats   the source's own entropy: E[loss - loss of the source] = KL >= 0
//
// Wang et al., "DeepNet" (2022), arXiv:2203.00555, section 3, is about how far the
// first steps move a model. What this lab finds at 100 layers: after the first, the
// output of Post-LN no longer depends on its input.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/deepnorm.h"
#include "ch03_transformer/labs/defaults.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/schedule.h"
#include "common/program/plot.h"

static const Option options[] = {{"layers", "100", "of each stack, 1 to 200"},
                                 {"steps", "80", "of training, 2 to 2000"},
                                 {"rate", "0.001", "learning rate"},
                                 {"warmup", "80", "steps of the run with warm-up"},
                                 {"optimiser", "adam", "adam or sgd"},
                                 {0}};
static const char *const optimisers[] = {"adam", "sgd", NULL};

// TESTS: held-out batches
enum { V = 16, CHANNELS = 32, TIME = 16, BATCH = 8, ROWS = BATCH * TIME, TESTS = 32 };
static const double NOISE = 0.1;

// ---- the source

// x -> 5 x + 3 modulo 16 visits all symbols in turn, so that all are equally frequent.
static int successor(int symbol) { return (5 * symbol + 3) % V; }

static double source_probability(int from, int to) {
    return NOISE / V + (to == successor(from) ? 1 - NOISE : 0);
}

static double source_entropy(void) {
    double h = 0;
    for (int k = 0; k < V; k++)
        h -= source_probability(0, k) * log(source_probability(0, k));
    return h;
}

static void draw_batch(Rng rng, int *tokens, int *targets) {
    for (int i = 0; i < ROWS; i++) {
        tokens[i] = i % TIME ? targets[i - 1] : rng_below(&rng, V);
        targets[i] =
            rng_uniform(&rng) < NOISE ? rng_below(&rng, V) : successor(tokens[i]);
    }
}

// ---- four runs

typedef struct {
    const char *name;
    NormPlace place;
    bool warmed;
} Run;
enum { POST, POST_WARMED, PRE, DEEP, RUNS };
static const Run runs[RUNS] = {{"Post-LN", PLACE_POST, false},
                               {"Post-LN, warm-up", PLACE_POST, true},
                               {"Pre-LN", PLACE_PRE, false},
                               {"DeepNorm", PLACE_DEEPNORM, false}};

typedef struct {
    double *losses;  // a step, on its own batch
    double start_kept, start_share, end_share;
    double loss;  // held out
    // loss - the source's on the same tokens, and its standard error
    double excess, error;
    double entropy;  // of the held-out targets' frequencies
    // largest |logit of a row - the same logit of the first row|, held out
    double spread;
} Outcome;

static void make_model(Lab *lab, Model *m, NormPlace place) {
    int layers = (int)option_int(&lab->args, "layers", 1, 200);
    Config c = {.name = "deep-training",
                .family = FAMILY_DECODER,
                .vocabulary = V,
                .context = TIME,
                .channels = CHANNELS,
                .layers = layers,
                .heads = 2,
                .ffn = FFN_RELU,
                .norm = NORM_LAYER,
                .place = place,
                .final_norm = place == PLACE_PRE,
                .position = POSITION_LEARNED,
                .embedding_scale = sqrt(CHANNELS),
                .norm_bias = true,
                .ffn_bias = true,
                .init = INIT_XAVIER};
    Error err;
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &lab->rng);  // the same draw for all four
    params_allocate_grads(&m->params);
}

// What part of the output's second moment varies from row to row: 0 if all tokens have
// the same vector.
static double share_of_input(Mat h) {
    double all = 0, common = 0;
    for (int j = 0; j < h.cols; j++) {
        double sum = 0;
        for (int i = 0; i < h.rows; i++) {
            double x = (double)*mat_at(h, i, j);
            sum += x, all += x * x;
        }
        common += sum * sum / h.rows;
    }
    return 1 - common / all;
}

// The mean over the rows of cos^2 between a token's embedding and its output, both
// without their means.
static double kept_of_input(const Model *m, const int *tokens, Mat h) {
    Mat token = params_value(&m->params, m->token),
        position = params_value(&m->params, m->position);
    double kept = 0;
    for (int i = 0; i < h.rows; i++) {
        double x[CHANNELS], mx = 0, mh = 0, xx = 0, hh = 0, xh = 0;
        for (int j = 0; j < CHANNELS; j++) {
            x[j] = m->config.embedding_scale * (double)*mat_at(token, tokens[i], j);
            x[j] += (double)*mat_at(position, i % TIME, j);
            mx += x[j] / CHANNELS, mh += (double)*mat_at(h, i, j) / CHANNELS;
        }
        for (int j = 0; j < CHANNELS; j++) {
            double a = x[j] - mx, b = (double)*mat_at(h, i, j) - mh;
            xx += a * a, hh += b * b, xh += a * b;
        }
        kept += xh * xh / (xx * hh) / h.rows;
    }
    return kept;
}

static void train(Lab *lab, Model *m, int run, Outcome *o) {
    int steps = (int)option_int(&lab->args, "steps", 2, 2000), tokens[ROWS],
        targets[ROWS];
    Schedule schedule = {.peak = option_real(&lab->args, "rate", 0, 1),
                         .total = steps + 1};
    schedule.last = schedule.peak;
    schedule.warmup = runs[run].warmed ? option_int(&lab->args, "warmup", 1, 2000) : 1;
    if (schedule.total <= schedule.warmup) schedule.total = schedule.warmup + 1;
    bool sgd = option_choice(&lab->args, "optimiser", optimisers) == 1;
    Optimiser optimiser = optimiser_new(
        &m->params, (OptimiserSettings){.kind = sgd ? OPTIMISER_SGD : OPTIMISER_ADAM});
    Tape *t = tape_new(&m->params);
    Tokens in = {.batch = BATCH, .time = TIME, .tokens = tokens};
    for (int s = 0; s < steps; s++) {
        draw_batch(rng_split(&lab->rng, (uint64_t)s), tokens, targets);
        Node *hidden = model_hidden(t, m, &in),
             *loss = cross_entropy(t, model_logits(t, m, hidden), targets);
        o->losses[s] = (double)*loss->value.at;
        o->end_share = share_of_input(hidden->value);
        if (s == 0)
            o->start_share = o->end_share,
            o->start_kept = kept_of_input(m, tokens, hidden->value);
        tape_backward(t, loss);
        optimiser_step(&optimiser, &m->params, schedule_rate(&schedule, s + 1));
        params_zero_grads(&m->params);
        tape_reset(t);
        lab_progress_value(lab, run + (s + 1.0) / steps, RUNS, "loss", o->losses[s]);
    }
    tape_free(t), optimiser_free(&optimiser);
}

static double entropy_of_counts(const int *counts, int n) {
    double h = 0;
    for (int k = 0; k < V; k++)
        if (counts[k]) h -= (double)counts[k] / n * log((double)counts[k] / n);
    return h;
}

// Held-out batches; sequences are independent, so the standard error is that of their
// means.
static void test(Lab *lab, Model *m, Outcome *o) {
    int tokens[ROWS], targets[ROWS], counts[V] = {0};
    double squares = 0, first[V];
    Tape *t = tape_new(&m->params);
    Rng stream = rng_split(&lab->rng, UINT64_MAX);  // training's are 0, 1, 2 ...
    for (int b = 0; b < TESTS; b++) {
        draw_batch(rng_split(&stream, (uint64_t)b), tokens, targets);
        Tokens in = {.batch = BATCH, .time = TIME, .tokens = tokens};
        Node *logits = model_logits(t, m, model_hidden(t, m, &in)),
             *log_probs = token_log_probs(t, logits, targets);
        for (int k = 0; k < V && b == 0; k++)
            first[k] = (double)*mat_at(logits->value, 0, k);
        double excess = 0;
        for (int i = 0; i < ROWS; i++) {
            double loss = -(double)*mat_at(log_probs->value, i, 0);
            o->loss += loss / (TESTS * ROWS), counts[targets[i]]++;
            excess += (loss + log(source_probability(tokens[i], targets[i]))) / TIME;
            for (int k = 0; k < V; k++)
                o->spread = nan_max(
                    o->spread, fabs((double)*mat_at(logits->value, i, k) - first[k]));
            if (i % TIME == TIME - 1)
                o->excess += excess / (TESTS * BATCH), squares += excess * excess,
                    excess = 0;
        }
        tape_reset(t);
    }
    double n = TESTS * BATCH;
    o->error = sqrt((squares / n - o->excess * o->excess) / (n - 1));
    o->entropy = entropy_of_counts(counts, TESTS * ROWS);
    tape_free(t);
}

// What 2 L sublayers leave of the embedding's own direction with DeepNorm. Each one
// divides by 1 + v / alpha^2, v the second moment of F: attention's is at most beta^4
// (W_V and W_O each have gain beta, averaging only lowers it), the feed-forward's 0.32
// beta^4 (Xavier, d -> 4 d -> d: 2/5, halved by ReLU, times 8/5).
static double kept_bound(int layers) {
    DeepNorm dn = deepnorm(0, layers, true);
    return exp(-layers * (1 + 0.32) * pow(dn.beta, 4) / (dn.alpha * dn.alpha));
}

static void claims(Lab *lab, const Outcome *o) {
    double below = INFINITY, margin = INFINITY, gap = log(V) - source_entropy();
    for (int r = 0; r < RUNS; r++) {
        lab_print(lab,
                  "%-16s held out %.4f, the source's %+.4f +- %.4f; varies with the "
                  "input: %.1e, in the end %.1e",
                  runs[r].name, o[r].loss, o[r].excess, o[r].error, o[r].start_share,
                  o[r].end_share);
        below = nan_min(below, o[r].excess / o[r].error);
        margin = nan_min(margin, o[r].loss - o[r].entropy + 2 * o[r].spread);
    }
    claim_at_least(lab, "3.45", "DeepNorm before training: cos^2(embedding, output)",
                   kept_bound((int)option_int(&lab->args, "layers", 1, 200)),
                   o[DEEP].start_kept);
    // A theorem, but for sampling: 4 standard errors.
    claim_at_least(lab, "3.46",
                   "held-out loss - the source's, in standard errors, least of all", -4,
                   below);
    // A theorem for these very tokens; the loss is a mean of 4096 floats of about 3,
    // each within some ulps.
    claim_at_least(lab, "3.47",
                   "loss - (entropy of the targets - 2 spread), least of all", -1e-5,
                   margin);
    if (!lab_at_defaults(lab)) return;
    // Rounding: a logit is a sum of d products, whose sizes add up to at most |z| |w| <=
    // 2 sqrt(d), as |z| is about sqrt(d) after a norm and |w| at most 2; two of them,
    // each rounded d + 8 times.
    claim_at_most(lab, "3.48", "Post-LN: spread of the logits over all inputs",
                  2 * 2 * sqrt(CHANNELS) * (CHANNELS + 8) * 0x1p-24, o[POST].spread);
    // With 3.47: at most 1 % of what there is to learn.
    claim_at_most(lab, "3.48", "the same with warm-up", gap / 200,
                  o[POST_WARMED].spread);
    // 19/20 of what there is to learn.
    claim_at_most(lab, "3.49", "Pre-LN: held-out loss - the source's", gap / 20,
                  o[PRE].excess);
    claim_at_most(lab, "3.49", "DeepNorm: held-out loss - the source's", gap / 20,
                  o[DEEP].excess);
}

// A run's losses, one a step: a line, though measured, since dots would hide one another.
static void draw_run(Plot *p, const char *column, const char *colour,
                     const char *title) {
    plot_series(p,
                "using \"step\":\"%s\" with lines linewidth 2.5 linecolor \"%s\" "
                "title \"%s\"",
                column, colour, title);
}

static void draw_limit(Plot *p, const char *column, int dashes, const char *title) {
    plot_series(p,
                "using \"step\":\"%s\" with lines dashtype %d linewidth 1.5 "
                "linecolor \"#000000\" title \"%s\"",
                column, dashes, title);
}

static void draw(Lab *lab, const Outcome *o) {
    Plot *p = plot_new(lab, "deep_training",
                       "step post post_warmup pre deepnorm ln_V entropy");
    int steps = (int)option_int(&lab->args, "steps", 2, 2000);
    for (int s = 0; s < steps; s++)
        plot_row(p, s + 1, o[POST].losses[s], o[POST_WARMED].losses[s],
                 o[PRE].losses[s], o[DEEP].losses[s], log(V), source_entropy());
    plot_axes(p, "step", "loss, nats");
    plot_set(p, "yrange [0:*]");
    plot_title(p, "Training a stack of many layers: Post-LN, Pre-LN and DeepNorm");
    draw_limit(p, "ln_V", 2, "ln V");
    draw_limit(p, "entropy", 4, "source's entropy");
    draw_run(p, "post", "#7f7f7f", "Post-LN");
    draw_run(p, "post_warmup", "#e69f00", "Post-LN, warm-up");
    draw_run(p, "pre", "#0072b2", "Pre-LN");
    draw_run(p, "deepnorm", "#d55e00", "DeepNorm");
    plot_end(p);
}

static void run(Lab *lab) {
    Outcome o[RUNS] = {0};
    for (int r = 0; r < RUNS; r++) {
        Model m;
        make_model(lab, &m, runs[r].place);
        o[r].losses = allocate((size_t)option_int(&lab->args, "steps", 2, 2000),
                               sizeof *o[r].losses);
        train(lab, &m, r, &o[r]);
        test(lab, &m, &o[r]);
        model_free(&m);
    }
    claims(lab, o);
    draw(lab, o);
    for (int r = 0; r < RUNS; r++) free(o[r].losses);
}

const LabSpec lab_deep_training = {
    "deep-training", "3.7", "100 layers: Post-LN, Pre-LN and DeepNorm", run, options};
