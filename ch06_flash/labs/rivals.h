// The versions of attention for whole heads, forward and backward, as somebody who
// compares them uses them: `bench`, and the lab of time and memory against N.
//
//     table      chapter 2's, which keeps its weights: H N N numbers
//     blocked    chapter 2's, which keeps none: blocks of rows; no backward
//     fa1        flash1, head after head, one thread; no backward
//     fa2        flash2 and flash_backward, head after head, one thread
//     fast       flash_heads
#pragma once
#include "ch02_attention/multihead.h"
#include "common/numeric/rng.h"

#define RIVAL_LIST(KIND) \
    KIND(TABLE, table) \
    KIND(BLOCKED, blocked) \
    KIND(FA1, fa1) \
    KIND(FA2, fa2) \
    KIND(FAST, fast)

#define KIND(NAME, name) RIVAL_##NAME,
typedef enum { RIVAL_LIST(KIND) RIVALS } RivalKind;
#undef KIND

// Inputs and outputs, and what forward keeps for backward.
typedef struct {
    Mat q, k, v, out;                      // N x H d, N x H_kv d; one sequence
    Mat out_grad, q_grad, k_grad, v_grad;  // .at NULL: forward alone
    Heads heads;
    Mat kept;  // the table's weights, or L
} Contest;

extern const char *const rival_names[];  // by kind, then NULL

typedef struct {
    void (*forward)(Contest *c);   // c->kept is made anew
    void (*backward)(Contest *c);  // after forward; NULL: it has none
} Rival;
extern const Rival rivals[];

typedef struct {
    int n, heads, kv_heads, d;
    bool causal, backward;
    int window;  // 0: none
} ContestSize;
Contest contest_new(ContestSize size, Rng *rng);  // normal numbers
void contest_free(Contest *c);
void contest_forget(Contest *c);  // frees what forward kept

// Root of the mean square of the error, over that of the exact result, for so many rows
// of out and (backward) of q_grad, spread over heads and positions; exact in double.
double contest_error(const Contest *c, int rows);
double contest_grad_error(const Contest *c, int rows);
