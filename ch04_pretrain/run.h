// A training run, from a plan: the text read, split, cut into tokens; a model, its
// trainer, and the rows it is validated on.
#pragma once
#include "ch04_pretrain/evaluate.h"
#include "ch04_pretrain/plan.h"

typedef struct {
    Plan plan;          // complete
    Language language;  // kind NULL: the data is a text, and this is it:
    Documents text, held_out_text;
    Tokenizer tokenizer;
    Corpus corpus, held_out;
    Data data, held_out_data;
    ObjectiveSettings objective;
    Model model;
    Trainer trainer;
    Team *team;     // NULL: alone
    int zero;       // ZeRO's stage (shard.h)
    int recompute;  // blocks between kept activations (segment.h); 0: all are kept
} Run;

// False and err (one line) where a file cannot be read or is too short for one row. The
// plan's 0s are filled in, but for steps; they are set with run_set_steps. A Run must
// not be moved.
bool run_open(Run *run, const Plan *plan, Error *err);
void run_free(Run *run);

// Parameters and a trainer: before it there are none. All of a team's processes open
// the same run; NULL: alone.
void run_begin(Run *run, Team *team, int zero);
// How many steps the schedule has. Before the first step.
void run_set_steps(Run *run, long long steps);
// Activations are computed again in backward: the same bits from less memory, and no
// part of the plan.
void run_recompute(Run *run, int blocks);
// Draws the parameters again and forgets all steps: as new.
void run_restart(Run *run);

// The loss on the held-out text: on all of it, or on its first `rows` rows.
enum { RUN_ALL_ROWS = -1 };
Evaluation run_validate(Run *run, long long rows);
