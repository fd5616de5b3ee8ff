// llama2.c's checkpoints, the legacy format: stories15M.bin and its like. Lecture,
// section 3.12.
//
//     int32 x 7  dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len
//                vocab_size < 0: the classifier is not tied to the embedding,
//                and there are -vocab_size tokens
//     fp32       token_embedding      vocab x dim
//                rms_att              layers x dim
//                wq, wk, wv, wo       layers x (dim x dim), (kv_dim x dim), (kv_dim x dim), (dim x dim)
//                rms_ffn              layers x dim
//                w1, w2, w3           layers x (hidden x dim), (dim x hidden), (hidden x dim): gate, down, up
//                rms_final            dim
//                freq_cis_real, _imag seq_len x head_dim/2 each: cosines and sines of RoPE;
//                skipped when reading
//                wcls                 vocab x dim, only if not tied
//
// with head_dim = dim / n_heads, kv_dim = n_kv_heads head_dim; a matrix has a row for
// each output. Source: github.com/karpathy/llama2.c, run.c and export.py
// (legacy_export), read, not copied.
#pragma once
#include "ch03_transformer/infer_model.h"
#include "common/error.h"

// False and err (one line) on anything else; nothing large is allocated before the
// file's size fits its header.
bool llama2c_read(InferModel *m, const char *path, Error *err);
// m: RMS norm, SwiGLU, RoPE, no biases (a caller's bug otherwise); tied if output and
// embedding share memory.
bool llama2c_write(const InferModel *m, const char *path, Error *err);
