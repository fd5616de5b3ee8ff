// The operations of a training step, counted and derived. Lecture, section 3.11.
//
//     forward   2 N T + attention
//                                a sequence of T tokens; N: numbers in matrices that tokens are multiplied by
//     training  3 x forward            so 6 N per token, and 6 N D for D tokens
//     attention, a layer and token, forward:  full 4 T d_a, causal 2 (T + 1) d_a
//
// The tape counts at every matrix product, from its shape; attention is counted once
// more here, by the weights above 0. Attention catches up with the weights where 2 N =
// 2 L (T + 1) d: T + 1 = N / (L d); counted fully, at half of that. Kaplan et al.
// (2020), arXiv:2001.08361, section 2.1; Chowdhery et al. (2022), arXiv:2204.02311,
// appendix B.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ch03_transformer/accounting.h"
#include "ch03_transformer/labs/counted.h"
#include "ch03_transformer/published.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"channels", "16", "d of the small models, a multiple of 8"}, {0}};

// V / L is whole, and so is where lines cross
enum { LAYERS = 2, HEADS = 4, LONGEST = 1024, VOCABULARY = 16 * LAYERS };

static Config gpt(int d) {
    return config_small_gpt(VOCABULARY, LONGEST, d, LAYERS, HEADS);
}
static Config llama(int d) {
    return config_small_llama(VOCABULARY, LONGEST, d, LAYERS, HEADS, HEADS / 2);
}

// The original's arrangement, with stacks of different depth.
static Config encoder_decoder(int d) {
    Config c = *config_find("transformer-base");
    c.name = "encoder-decoder", c.vocabulary = VOCABULARY, c.channels = d,
    c.heads = HEADS, c.dropout = 0;
    c.layers = LAYERS, c.decoder_layers = LAYERS + 1, c.embedding_scale = sqrt(d);
    return c;
}

static void trainable(Model *m, const Config *c, const Rng *rng) {
    counted_model(m, c);
    model_allocate(m, rng);
    params_allocate_grads(&m->params);
}

// ---- attention's own share, counted by what it left

static long long pairs_seen;  // of all heads, since it was set to 0

static Node *watched_attend(Tape *t, Node *q, Node *k, Node *v, Node *position_param,
                            const Heads *heads) {
    Node *out = attend(t, q, k, v, position_param, heads);
    Mat map = mat_new(q->value.rows / heads->batch, k->value.rows / heads->batch);
    for (int i = 0; i < heads->batch * heads->n_heads; i++) {
        attend_map(map, out, i / heads->n_heads, i % heads->n_heads);
        for (size_t j = 0; j < (size_t)map.rows * (size_t)map.cols; j++)
            pairs_seen += map.at[j] > 0;
    }
    mat_free(map);
    return out;
}

typedef struct {
    long long forward, backward;
    // of forward: two products of head_dim multiply-adds for every pair
    long long attention;
} Operations;

static Operations operations(Model *m, StepShape shape) {
    model_set_attend(m, watched_attend);
    pairs_seen = 0;
    Counted c = counted_step(m, shape);
    return (Operations){c.forward, c.backward, 4 * pairs_seen * m->config.head_dim};
}

// ---- what N is

// Numbers in matrices, without those that are only looked up; `part`: only of names
// that contain it.
static long long matrix_numbers(const Model *m, const char *part) {
    long long sum = 0;
    for (int i = 0; i < m->params.count; i++) {
        const Param *q = &m->params.list[i];
        bool looked_up =
            i == m->position || i == m->segment || (i == m->token && !m->config.tied);
        if (q->rows > 1 && !looked_up && strstr(q->name, part))
            sum += (long long)param_size(q);
    }
    return sum;
}

// A step of T tokens is 6 N T + c T (T + 1): second differences are 2 c, and one token
// costs 6 N + 2 c.
static long long weights_from_counters(Model *m) {
    long long f[3];
    for (int i = 0; i < 3; i++) {
        Counted c = counted_step(m, (StepShape){.batch = 1, .time = i + 1});
        f[i] = c.forward + c.backward;
    }
    return (f[0] - (f[2] - 2 * f[1] + f[0])) / 6;
}

static void claim_weights(Lab *lab, Model *m) {
    char what[80];
    long long n = weights_from_counters(m);
    snprintf(what, sizeof what, "%s: N by counters: with head, without look-up",
             m->config.name);
    claim_equal(lab, "3.72", what, matrix_numbers(m, ""), n);
    long long inside = matrix_numbers(m, "block."), d = m->config.channels;
    snprintf(what, sizeof what, "%s: of it outside the blocks: V d", m->config.name);
    claim_equal(lab, "3.72", what, VOCABULARY * d, n - inside);
}

// ---- claims

enum { BATCH = 3, TIME = 24 };

static void claim_step(Lab *lab, Model *m) {
    char what[80];
    PublishedModel p = published_of(&m->config);
    Operations o =
        operations(m, (StepShape){.batch = BATCH, .time = TIME, .source = TIME});
    Flops derived = flops_forward(&p, TIME, ATTENTION_CAUSAL);
    snprintf(what, sizeof what, "%s: forward, 2 N T + attention", m->config.name);
    claim_equal(lab, "3.70", what, BATCH * derived.total, o.forward);
    snprintf(what, sizeof what, "%s: attention, by weights above 0", m->config.name);
    claim_equal(lab, "3.70", what, BATCH * derived.attention, o.attention);
    snprintf(what, sizeof what, "%s: backward, twice forward", m->config.name);
    claim_equal(lab, "3.71", what, 2 * o.forward, o.backward);
}

static void claim_conventions(Lab *lab, Model *m) {
    const long long T = TIME, d = m->config.channels, L = LAYERS, P = T / 2;
    Operations causal = operations(m, (StepShape){.batch = 1, .time = TIME});
    Operations full =
        operations(m, (StepShape){.batch = 1, .time = TIME, .prefix = TIME});
    Operations half =
        operations(m, (StepShape){.batch = 1, .time = TIME, .prefix = TIME / 2});
    long long weights = 6 * matrix_numbers(m, "") * T;
    claim_equal(lab, "3.73", "causal, training: 6 L d T (T + 1)",
                6 * L * d * T * (T + 1), causal.forward + causal.backward - weights);
    claim_equal(lab, "3.73", "causal, forward: a token Kaplan's 2 L T d and 2 L d",
                2 * L * T * d + 2 * L * d, causal.attention / T);
    claim_equal(lab, "3.73", "full, training: PaLM's 12 L H Q T a token",
                12 * L * d * T * T, full.forward + full.backward - weights);
    // Row i < P sees P keys instead of i + 1: P (P - 1) / 2 pairs more than causal.
    claim_equal(lab, "3.73", "prefix of P, forward: 2 L d P (P - 1) above causal",
                2 * L * d * P * (P - 1), half.forward - causal.forward);
}

static void claim_crossing(Lab *lab, Model *m) {
    int causal = 12 * m->config.channels + VOCABULARY / LAYERS - 1,
        full = (causal + 1) / 2;
    Operations a = operations(m, (StepShape){.batch = 1, .time = causal});
    Operations b = operations(m, (StepShape){.batch = 1, .time = full, .prefix = full});
    char what[80];
    snprintf(what, sizeof what, "causal, T = 12 d + V / L - 1 = %d: half attention",
             causal);
    claim_equal(lab, "3.74", what, a.forward, 2 * a.attention);
    snprintf(what, sizeof what, "full, T = 6 d + V / 2 L = %d: half attention", full);
    claim_equal(lab, "3.74", what, b.forward, 2 * b.attention);
}

// Source tokens meet the encoder and the cross-attention's W_K and W_V; target tokens
// the rest.
static void claim_two_sides(Lab *lab, Model *m) {
    const long long S = 2 * TIME, T = TIME, d = m->config.channels,
                    encoders = m->config.layers, decoders = m->config.decoder_layers;
    long long by_source = matrix_numbers(m, "encoder.") + matrix_numbers(m, "cross.key")
                          + matrix_numbers(m, "cross.value");
    long long by_target = matrix_numbers(m, "") - by_source;
    long long pairs = encoders * S * S + decoders * (T * (T + 1) / 2 + T * S);
    Operations o =
        operations(m, (StepShape){.batch = 1, .time = (int)T, .source = (int)S});
    claim_equal(lab, "3.75", "encoder-decoder: 6 (N_S S + N_T T) + 12 d pairs",
                6 * (by_source * S + by_target * T) + 12 * d * pairs,
                o.forward + o.backward);
}

// LLaMA's paper (arXiv:2302.13971, section 2.4), of the 65B model: 380 tokens a second
// on each of 2048 GPUs, 1.4e12 tokens, about 21 days.
static void claim_days(Lab *lab) {
    const double tokens = 1.4e12, a_second = 380, gpus = 2048, peak = 312e12;
    const PublishedModel *m = published_find("llama-65b");
    Flops f = flops_training(m, 2048, ATTENTION_FULL);
    double weights = (double)f.weights / 2048, all = (double)f.total / 2048;
    // "Approximately 21" is a whole number: half a day.
    claim_near(lab, "3.76", "LLaMA-65B, 1.4e12 tokens: days", 21,
               tokens / (a_second * gpus) / 86400, 0.5);
    lab_print(lab,
              "LLaMA-65B: 6 N D = %.3g, with attention %.3g operations; %.0f %% and "
              "%.0f %% of %d A100s' peak",
              weights * tokens, all * tokens, 100 * weights * a_second / peak,
              100 * all * a_second / peak, (int)gpus);
    m = published_find("llama-7b");
    for (int c = ATTENTION_FULL; c <= ATTENTION_CAUSAL; c++) {
        f = flops_forward(m, 2048, (AttentionConvention)c);
        lab_print(lab, "LLaMA-7B, 2048 tokens: attention is %.1f %% of all, counted %s",
                  100.0 * (double)f.attention / (double)f.total,
                  c == ATTENTION_FULL ? "fully" : "causally");
    }
}

// ---- the figure

static void draw(Lab *lab, Model *m) {
    PublishedModel p = published_of(&m->config);
    Plot *plot = plot_new(
        lab, "flops",
        "tokens weights causal full weights_derived causal_derived full_derived");
    for (int T = 4; T <= LONGEST; T *= 2) {
        Operations a = operations(m, (StepShape){.batch = 1, .time = T});
        Operations b = operations(m, (StepShape){.batch = 1, .time = T, .prefix = T});
        Flops causal = flops_forward(&p, T, ATTENTION_CAUSAL),
              full = flops_forward(&p, T, ATTENTION_FULL);
        const long long of_all[] = {
            a.forward - a.attention, a.attention,      b.attention,
            causal.weights,          causal.attention, full.attention};
        double row[7] = {T};
        for (int i = 0; i < 6; i++) row[1 + i] = (double)of_all[i] / T;
        plot_row_values(plot, row);
    }
    int crossing = 12 * m->config.channels + VOCABULARY / LAYERS - 1;
    plot_title(plot, "Operations per token, forward: weights and attention");
    plot_axes(plot, "T: tokens of a sequence", "operations per token");
    plot_set(plot, "logscale x 2"), plot_set(plot, "logscale y"),
        plot_set(plot, "format y \"10^{%%T}\"");
    plot_set(plot, "xrange [3.5:%d]", LONGEST * 5 / 4);
    for (int i = 1; i <= 2; i++)
        plot_set(plot,
                 "arrow from %d,graph 0 to %d,graph 1 nohead dashtype 3 linecolor "
                 "\"#7f7f7f\"",
                 (crossing + 1) / i - (i == 1), (crossing + 1) / i - (i == 1));
    plot_line(plot, "tokens", "weights_derived", "weights: 2 N");
    plot_line(plot, "tokens", "causal_derived", "causal: 2 L (T+1) d");
    plot_line(plot, "tokens", "full_derived", "full: 4 L T d");
    plot_points(plot, "tokens", "weights", "weights, counted"),
        plot_points(plot, "tokens", "causal", "causal, counted"),
        plot_points(plot, "tokens", "full", "full, counted");
    plot_end(plot);
}

static void run(Lab *lab) {
    int d = (int)option_int(&lab->args, "channels", 8, 64);
    if (d % 8) die("--channels %d: expected a multiple of 8", d);
    const Config configs[] = {gpt(d), llama(d), encoder_decoder(d)};
    Model models[3];
    for (int i = 0; i < 3; i++) trainable(&models[i], &configs[i], &lab->rng);
    for (int i = 0; i < 3; i++) claim_step(lab, &models[i]);
    for (int i = 0; i < 2; i++) claim_weights(lab, &models[i]);
    claim_conventions(lab, &models[0]);
    claim_crossing(lab, &models[0]);
    claim_two_sides(lab, &models[2]);
    claim_days(lab);
    draw(lab, &models[0]);
    for (int i = 0; i < 3; i++) model_free(&models[i]);
}

const LabSpec lab_flops = {
    "flops", "3.11", "Operations of a training step: 6 N per token, and attention", run,
    options};
