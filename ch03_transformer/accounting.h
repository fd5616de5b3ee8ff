// What training costs: operations and memory, from formulas. Lecture, section 3.11.
//
// Operations. A weight matrix of n numbers does n multiply-adds per token: 2 n operations
// forward. Backward does two products of that size, one for the gradient with respect to
// the input and one for that with respect to the weights: 4 n. So
//
//     forward   2 N + attention                    per token
//     training  6 N + 3 attention
//
//     N: all numbers in weight matrices that tokens are multiplied by: with the output
//        matrix, without embedding look-ups, positions, biases, norms
//     attention, per layer and token, forward:
//        ATTENTION_FULL    4 T d_a           every query, every key
//        ATTENTION_CAUSAL  2 (T + 1) d_a     the mean over causal rows
//
// with d_a = heads head_dim (twice: q k^T, then times v). PaLM's 12 L H Q T per token in
// training is the full convention, 3 x 4 T d; Kaplan et al.'s 2 n_layer n_ctx d forward
// is the causal one with T for T + 1. They differ by two, so say which. Kaplan et al.
// (2020), arXiv:2001.08361, section 2.1; Chowdhery et al., "PaLM" (2022),
// arXiv:2204.02311, appendix B.
//
// Memory, bytes per parameter:
//
//               parameters   gradients   master weights   moments   together
//     fp32           4           4             -             8          16
//     mixed          2           2             4             8          16      + 4: gradients summed in fp32
//
// Mixed precision does not make model state smaller: it makes products faster and
// activations smaller. ZeRO shards over R ranks: 1 the moments and master weights, 2
// also the gradients, 3 also the parameters. LoRA freezes the parameters (nothing but
// the first column remains) and trains rank r (d_in + d_out) more for each adapted
// matrix. Backward still needs the gradients with respect to inputs, not those with
// respect to weights: about 4 N instead of 6 N. Rajbhandari et al., "ZeRO" (2019),
// arXiv:1910.02054, section 3; Hu et al., "LoRA" (2021), arXiv:2106.09685.
//
// Activations, bytes per layer in mixed precision (Korthikanti et al. (2022),
// arXiv:2205.05198, equation 1; s tokens per sequence, b sequences, h = d, a heads),
// itemised by activation_items:
//
//     stored fully              s b h (34 + 5 a s / h)
//     without score matrices    s b h 34                 recomputed from q and k, as FlashAttention does
//     with full recomputation   s b h 2                  only each layer's input; costs one more forward: 8 N
//
// They grow with b and s, so no multiple of the parameters can stand for them.
#pragma once
#include "ch03_transformer/published.h"

// ---- operations

typedef enum { ATTENTION_FULL, ATTENTION_CAUSAL } AttentionConvention;

// N: the numbers in weight matrices that every token is multiplied by. Of an
// encoder-decoder: see flops_forward.
long long matmul_weights_count(const PublishedModel *m);

// Operations; a multiply-add is two. Whole numbers, exact below 2^53 = 9e15, and then to
// 16 digits: a long context's operations pass 2^63.
typedef struct {
    double weights, attention, total;
} Flops;

// One sequence of `tokens` tokens through a stack; of an encoder-decoder, `tokens` on
// each side. The convention is about self-attention in decoders: encoders and
// cross-attention are always full.
Flops flops_forward(const PublishedModel *m, long long tokens,
                    AttentionConvention convention);
// 3 x forward
Flops flops_training(const PublishedModel *m, long long tokens,
                     AttentionConvention convention);
// Training adapters: the frozen weights' own gradients are not computed. (About: the
// adapters' own operations are left out, r / d of all, and so is that below the lowest
// adapters nobody asks for a gradient; the lab `lora` counts both.)
Flops flops_lora(const PublishedModel *m, long long tokens,
                 AttentionConvention convention);

// ---- memory: model state, bytes on one rank

typedef enum { PRECISION_FP32, PRECISION_MIXED, PRECISION_KINDS } Precision;
typedef enum {
    METHOD_FULL,
    METHOD_LORA,
    METHOD_ZERO1,
    METHOD_ZERO2,
    METHOD_ZERO3,
    METHOD_KINDS
} Method;
extern const char *const training_precision_names[],
    *const method_names[];  // end with NULL

typedef struct {
    Precision precision;
    Method method;
    int ranks;  // of ZeRO; 1 for the others
    // mixed precision: a second set of gradients, summed over micro-batches
    bool fp32_accumulation;
} TrainingSetup;

typedef struct {
    double parameters, gradients, accumulation, master, moments, total;
} StateBytes;

// `frozen` parameters that only run forward and backward, `trained` ones that are also
// updated.
StateBytes state_bytes(double frozen, double trained, const TrainingSetup *setup);
// LoRA adapters of that rank on W_Q and W_V of every attention: L r (d + H head_dim + d
// + H_kv head_dim).
long long lora_count(const PublishedModel *m, int rank);

// ---- memory: activations, bytes

typedef struct {
    const char *name;       // "softmax output"; ends with NULL
    int numbers_of_h;       // s b h times this many numbers ...
    int masks_of_h;         // ... and this many bytes (dropout masks)
    int numbers_of_scores;  // a s^2 b times this many numbers
    int masks_of_scores;
} ActivationItem;

// of one layer, f = 4 h, with dropout, as in the paper
extern const ActivationItem activation_items[];

typedef enum {
    ACTIVATIONS_FULL,
    ACTIVATIONS_NO_SCORES,
    ACTIVATIONS_RECOMPUTED
} ActivationStorage;

// All layers of `m`, `batch` sequences of `tokens` tokens. fp32 takes 4 bytes per number,
// masks stay a byte.
double activation_bytes(const PublishedModel *m, long long batch, long long tokens,
                        Precision precision, ActivationStorage storage);
