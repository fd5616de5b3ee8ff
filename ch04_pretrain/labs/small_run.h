// A small model trained on a language, and what it loses on held-out rows on the way:
// for the labs of sections 4.11 to 4.13.
#pragma once
#include "ch04_pretrain/trainer.h"
#include "common/program/lab.h"

enum { RUN_POINTS = 16 };

// Held-out rows after so many tokens of training: nats per target.
typedef struct {
    double tokens;
    double loss, loss_error;      // and its standard error
    double floor;                 // what the language itself loses on the same targets
    double excess, excess_error;  // paired: of the rows' differences
} RunPoint;

typedef struct {
    Language *language;
    Config config;  // vocabulary and context are filled in
    ObjectiveSettings objective;
    TrainSettings settings;  // all but the seed
    int time, held_out;      // rows
    int context;             // positions of the model; 0: as many as a row has
    uint64_t seed;
    Data data, held_out_data;
    Model model;
    Trainer trainer;
    RunPoint points[RUN_POINTS];
    int count;
} SmallRun;

// AdamW with beta2 = 0.98, no decay, a norm of 1 at most; the rate rises to 3e-3 in the
// first fiftieth of the steps and falls to a twentieth of that.
TrainSettings small_run_settings(int batch, long long steps);
// Trains from first to last step, with points at about equal ratios of steps.
void small_run(Lab *lab, SmallRun *r);
// Its parts, for runs that measure something else as well: model and trainer made; trained
// up to this step; a point added.
void small_run_begin(SmallRun *r);
void small_run_to(Lab *lab, SmallRun *r, long long step);
void small_run_add_point(SmallRun *r);
void small_run_free(SmallRun *r);
// The language and data of the run alone, for other models on the same rows.
void small_run_data(SmallRun *r);
// The steps at which points are taken, last the end; returns how many.
int small_run_steps(long long steps, long long at[RUN_POINTS]);
