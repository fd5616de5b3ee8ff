// Generation: a trained decoder run forward, one new token at a time. Lecture, section
// 3.12.
//
//     x = E[token] (+ P[position])
//                                                           GPT-2 adds learned positions; LLaMA turns q and k
//     each layer:   y = norm(x);   x += attention(y W_Q, y W_K, y W_V) W_O
//                   y = norm(x);   x += ffn(y)
//     logits = norm(x) W_out
//
// Training sees all tokens at once and needs the tape; generating needs neither. The
// prompt goes through in one piece (prefill: products of matrices, as fast as the
// machine multiplies), then each new token alone, with the keys and values of the
// others from the cache: products of a row and a matrix, each weight read once for two
// operations. So
//
//     tokens per second <= bytes per second of memory / bytes of all weights
//
// infer_model.h has the weights, infer_packed.h a copy for many texts, project.h the
// products, sample.h what becomes of logits.
#pragma once
#include "ch02_attention/kv_cache.h"
#include "ch03_transformer/infer_packed.h"
#include "common/error.h"

typedef struct {
    const InferModel *model;
    // of the model; NULL: its weights as they lie
    const InferPacked *packed;
    KvCache cache;
    // of all caches, after inference_new_together; NULL: none, or another's
    real *room;
    Position position;
    bool beside;                             // workspace and positions are another's
    int time, capacity;                      // positions filled, positions there are
    Mat x, y, q, k, v, mixed, gate, hidden;  // rows: tokens that go through together
    // since inference_new: numbers that products went through, each once a product,
    size_t weights_read;
    // and 2 x their multiply-adds; without attention, which has no weights
    double flops;
    // the first layer and position where a number was not finite; layer -1: none so far
    int broken_layer, broken_position;
} Inference;

// Room for `capacity` positions, at most m->context. The model must outlive it. Whoever
// has packed it may set s->packed. False and err where the cache would be too large to
// address.
bool inference_new(Inference *s, const InferModel *m, int capacity, Error *err);
// One more text of the same model and capacity: with a cache of its own, and the workspace
// and positions of `first`, which must outlive it and run on the same thread.
bool inference_new_beside(Inference *s, const Inference *first, Error *err);
// So many texts of one model at once: each[0] by inference_new, the others beside it, with
// all caches in one room, which each[0] has: it is freed last.
bool inference_new_together(Inference *const *each, int count, const InferModel *m,
                            int capacity, Error *err);
void inference_free(Inference *s);
void inference_clear(Inference *s);  // begins a new text
// `to` goes on with the text that `from` has; both of one model and capacity.
void inference_copy(Inference *to, const Inference *from);

// Appends `count` tokens (0 .. vocab-1). logits: 1 x vocab for the token that follows
// the last one, or count x vocab for those that follow each, or empty. time + count
// must stay within capacity.
void infer(Inference *s, const int *tokens, int count, Mat logits);
// One more token for each of several texts of one model, no two the same: every weight is
// read once for all of them, and each text attends to its own cache. So they may be of any
// lengths, and there is no padding. logits: count x vocab. Counters are those of each[0].
void infer_together(Inference *const *each, int count, const int *tokens, Mat logits);
// Whether all numbers so far were finite; err says in which layer and at which position,
// counted from 1, the first was not (then logits mean nothing).
bool infer_finite(const Inference *s, Error *err);
