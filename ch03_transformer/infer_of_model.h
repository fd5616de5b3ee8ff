// A model of this chapter as one that infer.h runs: views of its parameters. Lecture,
// section 3.12.
//
// infer.h runs two kinds, and a Config must be one of them (and Pre-LN with a norm at
// the end, 1e-5 in every norm, unscaled embeddings and logits):
//
//     LLaMA-like   RMS norm, SwiGLU, RoPE (interleaved, base 10000), no biases, any number of key-value heads
//     GPT-2-like   layer norm with bias, GELU by tanh, learned positions, biases everywhere
#pragma once
#include "ch03_transformer/infer_model.h"
#include "ch03_transformer/model.h"

// m: after model_allocate; it must outlive *to, and what it learns meanwhile is seen at
// once, but for what has an adapter (linear.h): there *to has the folded weights of
// now. False and err (one line) where infer.h cannot run it. infer_model_free frees
// what is not the model's.
bool infer_of_model(InferModel *to, const Model *m, Error *err);
