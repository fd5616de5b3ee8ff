// Toy languages: prompts and answers of a few ids, and a small model that learns them from
// nothing, in a second. For the labs of section 5.17.
#pragma once
#include "ch05_sft_rlhf/exchange.h"

// A language draws exchanges; the same rng draws the same one. `held_out`: one of those
// that nobody may be trained on, else one of the others.
typedef Exchange ToyDraw(const void *self, bool held_out, Rng *rng);
typedef struct {
    ToyDraw *draw;
    const void *self;
    int ids, longest;  // ids there are; tokens of an exchange, END among them
} Toy;

typedef struct {
    int layers, channels, rows;
    long long steps;
    double rate;
    uint64_t seed;
    // called after so many steps, and at the end; NULL: nobody looks
    void (*look)(void *self, const Model *m, long long step);
    long long every;
    void *self;
} ToyPlan;
// Two layers of 32 channels, 32 rows, rate 4e-3.
ToyPlan toy_plan(long long steps, uint64_t seed);

// *m becomes a model trained on the language; it must not be moved.
void toy_train(Model *m, const Toy *toy, const ToyPlan *plan);
// Share of `count` exchanges that a model answers rightly, END among the answer, greedy.
double toy_right(const Model *m, const Toy *toy, bool held_out, int count, Rng rng);
