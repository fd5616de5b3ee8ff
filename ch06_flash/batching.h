// Requests of unequal length on a fixed number of slots: a step makes one token for
// each request that has a slot, and nobody knows beforehand when one will end. Lecture,
// section 6.13.
//
//                   static                        continuous
//     slot 0     [ a a a a a a ][ d d . . . ]     [ a a a a a a ][ f f ]
//     slot 1     [ b b . . . . ][ e e e e e ]     [ b b ][ d d ][ e e e e e ]
//     slot 2     [ c . . . . . ][ f f . . . ]     [ c ][ ...
//
//     static        slots are filled together, when all are free: a group costs as many
//                   steps as its longest request
//     continuous    a slot is filled again as soon as its request has ended
//
// With requests of R_i tokens and b slots no order needs fewer steps than
//
//     max( ceil(sum_i R_i / b),  max_i R_i )
//
// and continuous batching, in any order, at most (sum_i R_i + (b - 1) max_i R_i) / b
// (Graham, "Bounds on multiprocessing timing anomalies", 1969). Yu et al., "Orca"
// (2022).
#pragma once

#define BATCHING_LIST(KIND) \
    KIND(STATIC, static) \
    KIND(CONTINUOUS, continuous)

#define KIND(NAME, name) BATCHING_##NAME,
typedef enum { BATCHING_LIST(KIND) BATCHING_KINDS } BatchingKind;
#undef KIND
extern const char *const batching_names[];  // by kind, then NULL

typedef struct {
    BatchingKind kind;
    int slots, busy;  // slots in all, and with a request
    int *request;     // of each slot; -1: free
    int next;         // the first request that waits
} Batching;

Batching batching_new(BatchingKind kind, int slots);
void batching_free(Batching *b);
// Before a step: gives free slots to requests next .. count - 1, in order. Returns how
// many slots are busy; 0: all requests have ended.
int batching_fill(Batching *b, int count);
void batching_end(Batching *b, int slot);  // its request has ended

// How many steps requests of these lengths take, by formula: static, the sum of the
// groups' longest; continuous, each request begins where a slot is free first.
long long batching_steps(BatchingKind kind, const int *lengths, int n, int slots);
// What no order can be faster than, and no order is slower than, with continuous
// batching.
long long batching_least(const int *lengths, int n, int slots);
double batching_most(const int *lengths, int n, int slots);
