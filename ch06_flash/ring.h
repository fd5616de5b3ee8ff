// Ring attention: a text too long for one device lies on r of them, and keys and values
// go round. Lecture, section 6.14.
//
//     device 0: Q_0      device 1: Q_1      device 2: Q_2
//        K_0 V_0  ----->    K_1 V_1  ----->    K_2 V_2  ---.
//          ^------------------------------------------------'      r - 1 times
//
// Each device attends with its own queries to the keys that are with it, merges what
// comes out (split_k.h), and passes the keys on: after r rounds all have met. Words
// sent:
//
//     r devices x (r - 1) times x 2 (N / r) d  =  2 (r - 1) N d
//
// With a causal mask a device has nothing to do where all keys are later than its
// queries, but the ring waits for the slowest in every round. Which tokens a device has
// decides:
//
//     contiguous   0 0 0 0 1 1 1 1     N/r in a row
//     striped      0 1 0 1 0 1 0 1     every r-th
//     zigzag       0 0 1 1 1 1 0 0     piece i of 2r, and the i-th from the end
//
// Liu, Zaharia and Abbeel, "Ring attention" (2023), arXiv:2310.01889; Brandon et al.,
// "Striped attention" (2023), arXiv:2311.09431.
#pragma once
#include "ch06_flash/flash_head.h"

#define RING_LIST(KIND) \
    KIND(CONTIGUOUS, contiguous) \
    KIND(STRIPED, striped) \
    KIND(ZIGZAG, zigzag)

#define KIND(NAME, name) RING_##NAME,
typedef enum { RING_LIST(KIND) RING_KINDS } RingOrder;
#undef KIND
extern const char *const ring_names[];  // by kind, then NULL

// The positions of a device's tokens, tokens / devices of them, rising. tokens is a
// multiple of 2 devices.
void ring_positions(RingOrder order, int tokens, int devices, int device,
                    int *positions);

typedef struct {
    long long sent;     // words, from device to device
    long long pairs;    // of a query and a key that it sees, all devices together
    long long longest;  // the same, the sum over rounds of the busiest device's
} RingCost;

// out (N x d_v), lse (N x 1) = attention of q, k, v (N rows each), computed by that
// many devices, each with memory of its own; causal or full.
RingCost ring_attention(Mat out, Mat lse, Mat q, Mat k, Mat v, real scale, bool causal,
                        RingOrder order, int devices);

// RingCost.longest by formula, with a causal mask.
long long ring_longest(RingOrder order, int tokens, int devices);
