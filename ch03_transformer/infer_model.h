// The weights that generation runs: plain data, views of matrices. Lecture, section
// 3.12.
//
//                     norm        ffn                                      biases   positions   heads
//     LLaMA           RMS norm    (silu(y W_gate) * y W_up) W_down         none     RoPE        grouped
//     GPT-2           layer norm  gelu(y W_up) W_down, GELU by tanh        all      learned     as many kv
//
// Rows = outputs, as in llama2.c's and llm.c's files. checkpoint_llama2c.h and
// checkpoint_gpt2.h read a model; infer_of_model.h makes one of a trained Model; and so
// can anyone who has weights: views of them are enough, transposed ones (in x out) as
// well.
#pragma once
#include "ch03_transformer/ffn.h"
#include "ch03_transformer/norm.h"
#include "common/numeric/mat.h"

typedef struct {
    Mat norm, norm_bias;  // 1 x dim; a matrix that is not there has .at NULL
    // heads d x dim, kv_heads d x dim, the same, dim x heads d
    Mat q, k, v, o;
    Mat q_bias, k_bias, v_bias, o_bias;  // 1 x rows of the matrix
    Mat ffn_norm, ffn_norm_bias;         // 1 x dim
    // hidden x dim, hidden x dim, dim x hidden; gate only where the kind has one
    Mat gate, up, down;
    Mat up_bias, down_bias;
} InferLayer;

typedef struct {
    int dim, hidden, layers, heads, kv_heads;
    int vocab;      // tokens; the tables may have more rows (padding)
    int context;    // most positions
    NormKind norm;  // epsilon is 1e-5
    FfnKind ffn;
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
