// A recurrent network trained on a small run's rows at its rates: for labs.
#pragma once
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/recurrent.h"

typedef struct {
    Recurrent net;
    Optimiser optimiser;
    Tape *tape;
    // reads rows from their end, and predicts the token before
    bool backward;
} RecurrentRun;

// After small_run_data. *r must not be moved.
void recurrent_run_new(RecurrentRun *r, const SmallRun *run, CellKind cell,
                       int channels, bool backward);
void recurrent_run_free(RecurrentRun *r);
// Step 0, 1, ...
void recurrent_run_step(RecurrentRun *r, SmallRun *run, long long step);
// Nats per token on the first rows of the held-out data.
double recurrent_run_held_out(RecurrentRun *r, SmallRun *run, int rows);
// Rows n .. n + rows - 1 of the data as this network reads them; free it with batch_free.
Batch recurrent_run_batch(const RecurrentRun *r, const SmallRun *run, Data *d,
                          long long n, int rows);
