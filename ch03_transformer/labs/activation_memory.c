// The memory of a training step that does depend on the batch, activations.
// Lecture, section 3.11.
//
//     this chapter's GPT, numbers per layer and token:  10 d + 2 f + 4 + a T
//                                                                          d wide, f = 4 d, a heads, T tokens
//     Korthikanti et al., bytes, mixed precision:     34 h + 5 a s          the same layer with dropout
//
// Each row of the lists below is a tensor that the tape keeps; the tape's counter is
// equal to their sum, to the byte. Bytes are linear in the number of sequences,
// quadratic in their length, and say nothing about the number of parameters: the story
// of "activations, twice the parameters" is too high for a short sequence and too low
// for a long one. Korthikanti et al., "Reducing activation recomputation in large
// transformer models" (2022), arXiv:2205.05198.
#include <stdio.h>

#include "ch03_transformer/accounting.h"
#include "ch03_transformer/labs/counted.h"
#include "ch03_transformer/published.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"channels", "32", "d of the small models, a multiple of 8"},
    {"longest", "512", "T of the figure's last point"},
    {0}};

enum { HEADS = 4, KV_HEADS = 2, LAYERS = 2, VOCABULARY = 40, CONTEXT = 4096 };

// ---- what the tape keeps, tensor by tensor

typedef struct {
    const char *name;
    // numbers per token: so many times d, the keys' width, f, V, 1
    int of_d, of_kv, of_f, of_v, of_1;
    int of_scores;  // so many times heads x T
} Kept;

static const Kept gpt_layer[] = {
    {"norm, its output, mean and 1/s", .of_d = 1, .of_1 = 2},
    {"queries, keys, values", .of_d = 1, .of_kv = 2},
    {"weights of attention", .of_scores = 1},
    {"what attention returns", .of_d = 1},
    {"output of W_O", .of_d = 1},
    {"residual sum", .of_d = 1},
    {"norm, its output, mean and 1/s", .of_d = 1, .of_1 = 2},
    {"up: input of GELU", .of_f = 1},
    {"output of GELU", .of_f = 1},
    {"output of down", .of_d = 1},
    {"residual sum", .of_d = 1},
    {0}};
static const Kept gpt_outside[] = {{"token embeddings", .of_d = 1},
                                   {"position embeddings", .of_d = 1},
                                   {"their sum", .of_d = 1},
                                   {"final norm, mean and 1/s", .of_d = 1, .of_1 = 2},
                                   {"logits", .of_v = 1},
                                   {"logarithms of the softmax's sums", .of_1 = 1},
                                   {0}};
static const Kept llama_layer[] = {
    {"RMS norm, its output and 1/s", .of_d = 1, .of_1 = 1},
    {"queries, keys, values", .of_d = 1, .of_kv = 2},
    {"weights of attention", .of_scores = 1},
    {"what attention returns", .of_d = 1},
    {"output of W_O", .of_d = 1},
    {"residual sum", .of_d = 1},
    {"RMS norm, its output and 1/s", .of_d = 1, .of_1 = 1},
    {"gate: input of SiLU", .of_f = 1},
    {"up", .of_f = 1},
    {"SiLU of the gate times up", .of_f = 1},
    {"output of down", .of_d = 1},
    {"residual sum", .of_d = 1},
    {0}};
static const Kept llama_outside[] = {{"token embeddings", .of_d = 1},
                                     {"final norm and 1/s", .of_d = 1, .of_1 = 1},
                                     {"logits", .of_v = 1},
                                     {"logarithms of the softmax's sums", .of_1 = 1},
                                     {0}};

// Numbers a token; `scores`: also those of the score matrices.
static long long numbers(const Kept *list, const Config *c, long long T, bool scores) {
    long long sum = 0;
    for (const Kept *k = list; k->name; k++)
        sum += (long long)k->of_d * c->channels
               + (long long)k->of_kv * c->kv_heads * c->head_dim
               + (long long)k->of_f * c->hidden + (long long)k->of_v * c->vocabulary
               + k->of_1 + (scores ? k->of_scores * c->heads * T : 0);
    return sum;
}

static long long bytes_derived(const Config *c, long long batch, long long T,
                               bool scores) {
    bool llama = c->ffn == FFN_SWIGLU;
    long long a_token =
        c->layers * numbers(llama ? llama_layer : gpt_layer, c, T, scores)
        + numbers(llama ? llama_outside : gpt_outside, c, T, scores);
    return (long long)sizeof(real) * (batch * T * a_token + 1);  // 1: the loss
}

// ---- claims

static Counted counted(const Config *c, const Rng *rng, int batch, int T) {
    Model m;
    counted_model(&m, c);
    model_allocate(&m, rng), params_allocate_grads(&m.params);
    Counted n = counted_step(&m, (StepShape){.batch = batch, .time = T});
    model_free(&m);
    return n;
}

static Config completed(Config c) {
    Error err;
    if (!config_complete(&c, &err)) die("%s", err.text);
    return c;
}
static Config gpt(int d, int layers) {
    return completed(config_small_gpt(VOCABULARY, CONTEXT, d, layers, HEADS));
}
static Config llama(int d) {
    return completed(
        config_small_llama(VOCABULARY, CONTEXT, d, LAYERS, HEADS, KV_HEADS));
}

static void claim_list(Lab *lab, int d) {
    const Config configs[] = {gpt(d, LAYERS), llama(d)};
    const int shapes[][2] = {{1, 37}, {3, 16}};
    char what[80];
    for (int i = 0; i < 2; i++)
        for (int s = 0; s < 2; s++) {
            snprintf(what, sizeof what, "%s, %d x %d tokens: bytes that the tape keeps",
                     configs[i].name, shapes[s][0], shapes[s][1]);
            claim_equal(lab, "3.80", what,
                        bytes_derived(&configs[i], shapes[s][0], shapes[s][1], true),
                        counted(&configs[i], &lab->rng, shapes[s][0], shapes[s][1])
                            .activation_bytes);
        }
    Config deep = gpt(d, LAYERS + 1);
    const int T = 16;
    long long layer = counted(&deep, &lab->rng, 1, T).activation_bytes
                      - counted(&configs[0], &lab->rng, 1, T).activation_bytes;
    claim_equal(lab, "3.80", "gpt, one layer more, 1 x 16: 18 d + 4 + a T numbers",
                4LL * T * (18 * d + 4 + HEADS * T), layer);
}

// f(1) - 2 f(2) + f(3) of three counts.
static long long second_difference(const long long *f) {
    return f[0] - 2 * f[1] + f[2];
}

static void claim_growth(Lab *lab, int d) {
    Config c = gpt(d, LAYERS), deep = gpt(d, 4 * LAYERS);
    const int T = 16, step = 8;
    long long by_batch[3], by_time[3];
    for (int i = 0; i < 3; i++) {
        by_batch[i] = counted(&c, &lab->rng, 1 + i, T).activation_bytes;
        by_time[i] = counted(&c, &lab->rng, 1, T + i * step).activation_bytes;
    }
    claim_equal(lab, "3.81", "in the batch: second difference", 0,
                second_difference(by_batch));
    claim_equal(lab, "3.81", "in T, by steps of 8: second difference 8^2 8 L a",
                8LL * step * step * LAYERS * HEADS, second_difference(by_time));
    claim_equal(lab, "3.81", "buffers of gradients, bytes: 8 layers as 2 layers",
                counted(&c, &lab->rng, 1, T).grad_bytes,
                counted(&deep, &lab->rng, 1, T).grad_bytes);
}

static void claim_published(Lab *lab) {
    const double GB = 1e9, h = 4096, a = 32, L = 32, s = 2048,
                 figures[] = {30.6, 9.1, 0.54};
    const char *const names[] = {"stored fully", "without score matrices",
                                 "recomputed"};
    const PublishedModel *m = published_find("llama-7b");
    char what[80];
    // Figures with one digit after the point, the last with two: half of it.
    for (int i = ACTIVATIONS_FULL; i <= ACTIVATIONS_RECOMPUTED; i++) {
        snprintf(what, sizeof what, "LLaMA-7B, 1 x 2048, %s: GB", names[i]);
        claim_near(
            lab, "3.82", what, figures[i],
            activation_bytes(m, 1, 2048, PRECISION_MIXED, (ActivationStorage)i) / GB,
            i == ACTIVATIONS_RECOMPUTED ? 0.005 : 0.05);
    }
    // In fp32 numbers take 4 bytes, masks 1: 4 x 16 + 2 instead of 34, and 4 x 2 + 1
    // instead of 5. Two sums of whole numbers.
    claim_near(lab, "3.82", "the same in fp32, L s h (66 + 9 a s / h): GB",
               L * s * h * (66 + 9 * a * s / h) / GB,
               activation_bytes(m, 1, 2048, PRECISION_FP32, ACTIVATIONS_FULL) / GB, 0);
    lab_print(lab, "LLaMA-7B in fp32, GB: %.1f for 1 x 512 tokens, %.1f for 8 x 2048",
              activation_bytes(m, 1, 512, PRECISION_FP32, ACTIVATIONS_FULL) / GB,
              activation_bytes(m, 8, 2048, PRECISION_FP32, ACTIVATIONS_FULL) / GB);
}

// "Twice the parameters": 8 bytes per parameter, at any length.
static void claim_story(Lab *lab, int d) {
    Config c = gpt(d, LAYERS);
    c.context = 64;  // the table of positions is not what this is about
    Model m;
    counted_model(&m, &c);
    long long story = 8 * (long long)m.params.size;
    model_free(&m);
    claim_at_most(lab, "3.83", "1 x 4 tokens: bytes, at most 8 a parameter",
                  (double)story, (double)counted(&c, &lab->rng, 1, 4).activation_bytes);
    claim_at_least(lab, "3.83", "32 x 64 tokens: bytes, at least 80 a parameter",
                   10 * (double)story,
                   (double)counted(&c, &lab->rng, 32, 64).activation_bytes);
}

// ---- the figure

static void draw(Lab *lab, int d, int longest) {
    Config c = gpt(d, LAYERS);
    const double MB = 1e6;
    Plot *p = plot_new(lab, "activation_memory",
                       "tokens counted derived no_scores scores recomputed");
    for (int T = 4; T <= longest; T *= 2) {
        double all = (double)bytes_derived(&c, 1, T, true) / MB,
               without = (double)bytes_derived(&c, 1, T, false) / MB;
        // Each layer's input alone, beside what is outside the layers.
        double outside = (double)(sizeof(real) * (size_t)T)
                         * (double)numbers(gpt_outside, &c, T, false) / MB;
        plot_row(p, T, (double)counted(&c, &lab->rng, 1, T).activation_bytes / MB, all,
                 without, all - without,
                 outside + (double)sizeof(real) * T * LAYERS * d / MB);
    }
    plot_axes(p, "T: tokens of a sequence", "activations, MB");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y"),
        plot_set(p, "format y \"10^{%%T}\""), plot_set(p, "yrange [1e-3:*]");
    plot_set(p, "xrange [3.5:%g]", 1.2 * longest);
    plot_line(p, "tokens", "derived", "sum of the list"),
        plot_dashes(p, "tokens", "no_scores", "without scores, as T"),
        plot_dashes(p, "tokens", "scores", "scores, as T^2"),
        plot_dashes(p, "tokens", "recomputed", "layers' inputs only");
    plot_points(p, "tokens", "counted", "counted by the tape");
    plot_end(p);
}

static void run(Lab *lab) {
    int d = (int)option_int(&lab->args, "channels", 8, 128),
        longest = (int)option_int(&lab->args, "longest", 8, 2048);
    if (d % 8) die("--channels %d: expected a multiple of 8", d);
    claim_list(lab, d);
    claim_growth(lab, d);
    claim_published(lab);
    claim_story(lab, d);
    draw(lab, d, longest);
}

const LabSpec lab_activation_memory = {
    "activation-memory", "3.11",
    "What the tape keeps: linear in the batch, quadratic in the length", run, options};
