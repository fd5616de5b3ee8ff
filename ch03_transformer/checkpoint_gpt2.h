// llm.c's checkpoints of GPT-2: gpt2_124M.bin, gpt2_124M_bf16.bin. Lecture, section
// 3.12.
//
//     int32 x 256  20240326, version, max_seq_len, vocab_size, num_layers, num_heads, channels,
//     padded_vocab_size, 0 ...
//                  version 3: numbers are fp32; 5: bf16
//     numbers      wte                  padded_vocab x C: the embedding, and the output matrix
//                  wpe                  max_seq_len x C
//                  ln1w, ln1b           L x C each
//                  qkvw, qkvb           L x (3C x C), L x 3C: queries, keys, values below one another
//                  attprojw, attprojb   L x (C x C), L x C
//                  ln2w, ln2b           L x C each
//                  fcw, fcb             L x (4C x C), L x 4C
//                  fcprojw, fcprojb     L x (C x 4C), L x C
//                  lnfw, lnfb           C each
//
// A matrix has a row for each output. Rows of wte from vocab_size on are padding: never
// a token, never a logit. Source: github.com/karpathy/llm.c, train_gpt2.c and
// train_gpt2.py (write_model), read, not copied.
#pragma once
#include "ch03_transformer/infer_model.h"
#include "common/error.h"

enum { GPT2_MAGIC = 20240326 };

// False and err (one line) on anything else; nothing large is allocated before the
// file's size fits its header.
bool gpt2_read(InferModel *m, const char *path, Error *err);
