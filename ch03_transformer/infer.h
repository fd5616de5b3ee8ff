// Generation: a trained decoder run forward, one new token at a time. Lecture, section
// 3.12.
//
//     x = E[token] (+ P[position])                            GPT-2 adds learned positions; LLaMA turns q and k
//     each layer:   y = norm(x);   x += attention(y W_Q, y W_K, y W_V) W_O
//                   y = norm(x);   x += ffn(y)
//     logits = norm(x) W_out
//
//                     norm        ffn                                      biases   positions   heads
//     LLaMA           RMS norm    (silu(y W_gate) * y W_up) W_down         none     RoPE        grouped
//     GPT-2           layer norm  gelu(y W_up) W_down, GELU by tanh        all      learned     as many kv
//
// Training sees all tokens at once and needs the tape; generating needs neither. The
// prompt goes through in one piece (prefill: products of matrices, as fast as the
// machine multiplies), then each new token alone, with the keys and values of the
// others from the cache: products of a row and a matrix, each weight read once for two
// operations. So
//
//     tokens a second <= bytes a second of memory / bytes of all weights
//
// An InferModel is plain data with views, rows = outputs, as in llama2.c's and llm.c's
// files. checkpoint_llama2c.h and checkpoint_gpt2.h read one; so can anyone who has
// trained weights make one: views of them are enough, transposed ones (in x out) as
// well.
#pragma once
#include "ch02_attention/kv_cache.h"
#include "common/error.h"
#include "common/numeric/rng.h"

typedef struct {
    Mat norm, norm_bias;  // 1 x dim; a bias that is not there has .at NULL
    // heads d x dim, kv_heads d x dim, the same, dim x heads d
    Mat q, k, v, o;
    Mat q_bias, k_bias, v_bias, o_bias;  // 1 x rows of the matrix
    Mat ffn_norm, ffn_norm_bias;         // 1 x dim
    // hidden x dim, hidden x dim, dim x hidden; gate .at NULL: GELU in place of SwiGLU
    Mat gate, up, down;
    Mat up_bias, down_bias;
} InferLayer;

typedef struct {
    int dim, hidden, layers, heads, kv_heads;
    int vocab;      // tokens; the tables may have more rows (padding)
    int context;    // most positions
    bool rms_norm;  // else layer norm; epsilon is 1e-5 for both
    Mat embedding;  // at least vocab x dim
    // context x dim; .at NULL: RoPE, interleaved pairs, base 10000
    Mat positions;
    InferLayer *layer;  // layers of them
    Mat final_norm, final_norm_bias;
    // at least vocab x dim; tied: the same memory as embedding
    Mat output;
    Mat *owned;  // what infer_model_free frees
    size_t owned_count, owned_capacity;
} InferModel;

// Zeros that belong to the model.
Mat infer_model_new_mat(InferModel *m, int rows, int cols);
void infer_model_free(InferModel *m);
// numbers that one new token's products read
size_t infer_model_weights(const InferModel *m);

typedef struct {
    const InferModel *model;
    KvCache cache;
    Position position;
    int time, capacity;                      // positions filled, positions there are
    Mat x, y, q, k, v, mixed, gate, hidden;  // rows: tokens that go through together
    // since inference_new: numbers that products went through, each once a product,
    size_t weights_read;
    // and 2 x their multiply-adds; without attention, which has no weights
    double flops;
} Inference;

// Room for `capacity` positions, at most m->context. The model must outlive it. False
// and err where the cache would be too large to address.
bool inference_new(Inference *s, const InferModel *m, int capacity, Error *err);
void inference_free(Inference *s);
void inference_clear(Inference *s);  // begins a new text

// Appends `count` tokens (0 .. vocab-1). logits: 1 x vocab for the token that follows
// the last one, or count x vocab for those that follow each, or empty. time + count
// must stay within capacity.
void infer(Inference *s, const int *tokens, int count, Mat logits);

// ---- the next token, from logits (1 x vocab)

int token_greedy(Mat logits);  // the largest; of equal ones the first
// From softmax(logits / temperature), temperature > 0, cut to the smallest set of most
// likely tokens that has top_p of the probability (1: all). Holtzman et al. (2020),
// arXiv:1904.09751.
int token_sample(Mat logits, double temperature, double top_p, Rng *rng);
