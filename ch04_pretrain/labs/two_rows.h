// A text of two rows, one of 50 targets and one of 10, and a small model that learns it:
// where a mean of means goes wrong. For labs.
#pragma once
#include "ch04_pretrain/trainer.h"

enum {
    TWO_ROWS_LONG = 50,
    TWO_ROWS_SHORT = 10,
    TWO_ROWS_IDS = 12,
    TWO_ROWS_STEPS = 20
};

// Two letters in turn, 50 of them, then other letters: the first row is easily learned.
Corpus two_rows_text(Rng *rng);

typedef struct {
    Data data;
    Model model;
    Trainer trainer;
} TwoRows;

// c must outlive it, and *r not be moved. zero: ZeRO's stage.
void two_rows_begin(TwoRows *r, const Corpus *c, int layers, TrainSettings s,
                    Team *team, int zero);
void two_rows_end(TwoRows *r);
// The settings of all of them: 20 steps.
TrainSettings two_rows_settings(int batch, int accumulate, uint64_t seed);
