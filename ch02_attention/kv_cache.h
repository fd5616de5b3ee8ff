// The KV cache: keys and values of all tokens so far, so that a new token costs one row
// of attention, not a table. Lecture, section 2.4.
//
//     bytes per token = 2 x layers x n_kv_heads x head_dim x bytes per number
//
// (2: keys and values).
//
// One new token reads every cached number once and uses it for 2 x group operations:
// decoding is as fast as memory. So a head's keys lie one after the other:
//
//     keys:  [layer 0: [sequence 0: [kv head 0: capacity x head_dim][kv head 1: ...]]
//                      [sequence 1: ...]]
//            [layer 1: ...]
//
// Keys are cached turned to their positions. With a causal mask the outputs are those
// of one pass over all tokens. It is a cache for generating; in training all tokens are
// there at once, and it would save nothing.
#pragma once
#include "ch02_attention/multihead.h"

typedef struct {
    int layers, batch, n_kv_heads, head_dim, capacity;
    int *time;         // of each layer: positions filled
    Mat keys, values;  // layers batch n_kv_heads capacity x head_dim
    size_t bytes;      // what keys and values occupy
    bool borrowed;     // by kv_cache_in: they lie in the caller's room
    Mat room;          // of one new token: each head's query and scores
} KvCache;

// empty
KvCache kv_cache_new(int layers, int batch, int n_kv_heads, int head_dim, int capacity);
// The same in the caller's room, of so many numbers, all 0: who has many caches does best
// with one room in large pages (large.h), as a step reads a little of each.
size_t kv_cache_room(int layers, int batch, int n_kv_heads, int head_dim, int capacity);
KvCache kv_cache_in(real *room, int layers, int batch, int n_kv_heads, int head_dim,
                    int capacity);
void kv_cache_free(KvCache *c);
void kv_cache_clear(KvCache *c);
// What is cached in `from`, into a cache of the same shape.
void kv_cache_copy(KvCache *to, const KvCache *from);
size_t kv_cache_bytes_per_token(int layers, int n_kv_heads, int head_dim,
                                size_t bytes_a_number);

// Appends T tokens to a layer and attends from them to everything cached: prefill with
// T = the prompt's length, then T = 1 a step. out and q (B T x H d), k and v (B T x
// H_kv d), as in attend_heads, col_stride 1. The new tokens are at the end: at
// positions time .. time + T - 1, which must stay below capacity. heads->mask
// is each sequence's own, as everywhere; a table in it is T x (time + T).
void attend_cached(Mat out, Mat q, Mat k, Mat v, KvCache *cache, int layer,
                   const Heads *heads);

// The same for T = 1, in pieces, which a caller may share out over threads of its own:
//
//     kv_cache_ready(cache, heads)                       once, before any
//     attend_next(..., b, kv) for each sequence and      in any order, on any threads
//       key-value head
//     kv_cache_next(cache, layer)                        after all of them
void kv_cache_ready(KvCache *cache, const Heads *heads);
void attend_next(Mat out, Mat q, Mat k, Mat v, KvCache *cache, int layer,
                 const Heads *heads, int b, int kv);
// Asks memory for the keys and values that attend_next is going to read, so that they come
// while another head is computed. Nothing depends on it but time.
void attend_next_soon(const KvCache *cache, int layer, int b, int kv);
void kv_cache_next(KvCache *cache, int layer);
