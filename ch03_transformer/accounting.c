#include "ch03_transformer/accounting.h"

#include <stddef.h>

const char *const training_precision_names[] = {
    [PRECISION_FP32] = "fp32", [PRECISION_MIXED] = "mixed", NULL};
const char *const method_names[] = {
    [METHOD_FULL] = "full",   [METHOD_LORA] = "lora",   [METHOD_ZERO1] = "zero1",
    [METHOD_ZERO2] = "zero2", [METHOD_ZERO3] = "zero3", NULL};

// Bytes per number: of parameters, gradients and activations; of the master weights.
static const struct {
    int number, master;
} precisions[] = {[PRECISION_FP32] = {4, 0}, [PRECISION_MIXED] = {2, 4}};

// Which parts of the state each rank has only its share of.
static const struct {
    bool optimiser, gradients, parameters;
} sharding[] = {[METHOD_FULL] = {false, false, false},
                [METHOD_LORA] = {false, false, false},
                [METHOD_ZERO1] = {true, false, false},
                [METHOD_ZERO2] = {true, true, false},
                [METHOD_ZERO3] = {true, true, true}};

#define COUNT(table) (sizeof(table) / sizeof *(table))
_Static_assert(COUNT(training_precision_names) == PRECISION_KINDS + 1
                   && COUNT(precisions) == PRECISION_KINDS,
               "a precision without its name or bytes");
_Static_assert(COUNT(method_names) == METHOD_KINDS + 1
                   && COUNT(sharding) == METHOD_KINDS,
               "a method without its name or sharding");
#undef COUNT

// ---- operations

long long matmul_weights_count(const PublishedModel *m) {
    bool cross = m->encoder_layers && m->decoder_layers;
    long long attentions = published_layers(m) + (cross ? m->decoder_layers : 0);
    long long inside = attentions * attention_weights_count(m)
                       + published_layers(m) * ffn_weights_count(m);
    long long projection = m->embedding ? (long long)m->embedding * m->d : 0;
    // an encoder without a task's head has no output matrix
    bool output = m->decoder_layers || !m->pooler;
    return inside + projection + (output ? (long long)m->vocab * m->d : 0);
}

// The query-key pairs that one head computes, forward, for `tokens` queries.
static double score_pairs(const PublishedModel *m, long long tokens,
                          AttentionConvention convention) {
    double n = (double)tokens, full = n * n, causal = n * (n + 1) / 2;
    double own = convention == ATTENTION_CAUSAL ? causal : full;
    bool cross = m->encoder_layers && m->decoder_layers;
    return m->encoder_layers * full + m->decoder_layers * (own + (cross ? full : 0));
}

static Flops flops(const PublishedModel *m, long long tokens,
                   AttentionConvention convention, int weights, int attention) {
    Flops f = {.weights =
                   2.0 * weights * (double)matmul_weights_count(m) * (double)tokens};
    f.attention = 4.0 * attention * score_pairs(m, tokens, convention) * m->heads
                  * published_head_dim(m);
    f.total = f.weights + f.attention;
    return f;
}

Flops flops_forward(const PublishedModel *m, long long tokens,
                    AttentionConvention convention) {
    return flops(m, tokens, convention, 1, 1);
}
Flops flops_training(const PublishedModel *m, long long tokens,
                     AttentionConvention convention) {
    return flops(m, tokens, convention, 3, 3);
}
Flops flops_lora(const PublishedModel *m, long long tokens,
                 AttentionConvention convention) {
    // attention has no weights: both its factors need gradients
    return flops(m, tokens, convention, 2, 3);
}

// ---- model state

StateBytes state_bytes(double frozen, double trained, const TrainingSetup *setup) {
    int number = precisions[setup->precision].number,
        master = precisions[setup->precision].master;
    double ranks = setup->ranks;
    double state_ranks = sharding[setup->method].optimiser ? ranks : 1;
    double gradient_ranks = sharding[setup->method].gradients ? ranks : 1;
    double parameter_ranks = sharding[setup->method].parameters ? ranks : 1;
    StateBytes s = {.parameters = number * (frozen + trained) / parameter_ranks,
                    .gradients = number * trained / gradient_ranks,
                    .accumulation = number < 4 && setup->fp32_accumulation
                                        ? 4 * trained / gradient_ranks
                                        : 0,
                    .master = master * trained / state_ranks,
                    .moments = 8 * trained / state_ranks};
    s.total = s.parameters + s.gradients + s.accumulation + s.master + s.moments;
    return s;
}

long long lora_count(const PublishedModel *m, int rank) {
    bool cross = m->encoder_layers && m->decoder_layers;
    long long attentions = published_layers(m) + (cross ? m->decoder_layers : 0),
              dim = published_head_dim(m);
    if (m->shared_layers) attentions = 1;
    return attentions * rank * (2LL * m->d + (m->heads + m->kv_heads) * dim);
}

// ---- activations

// What backward needs, operation by operation; the numbers take 2 bytes (mixed) or 4,
// the masks 1.
const ActivationItem activation_items[] = {
    {"layer norms' inputs", 2, 0, 0, 0},
    {"input of W_Q, W_K, W_V", 1, 0, 0, 0},
    {"queries and keys", 2, 0, 0, 0},
    {"values", 1, 0, 0, 0},
    {"weights before dropout", 0, 0, 1, 0},
    {"weights after dropout", 0, 0, 1, 1},
    {"input of W_O", 1, 0, 0, 0},
    {"dropout after W_O", 0, 1, 0, 0},
    {"input of the first feed-forward matrix", 1, 0, 0, 0},
    {"input of GELU", 4, 0, 0, 0},
    {"input of the second feed-forward matrix", 4, 0, 0, 0},
    {"dropout after it", 0, 1, 0, 0},
    {0}};

double activation_bytes(const PublishedModel *m, long long batch, long long tokens,
                        Precision precision, ActivationStorage storage) {
    double number = precisions[precision].number, of_h = 0, of_scores = 0;
    for (const ActivationItem *i = activation_items; i->name; i++) {
        of_h += number * i->numbers_of_h + i->masks_of_h;
        of_scores += number * i->numbers_of_scores + i->masks_of_scores;
    }
    if (storage != ACTIVATIONS_FULL) of_scores = 0;
    if (storage == ACTIVATIONS_RECOMPUTED) of_h = number;  // the layer's input
    double sb = (double)batch * (double)tokens;
    return published_layers(m) * sb
           * (of_h * m->d + of_scores * m->heads * (double)tokens);
}
