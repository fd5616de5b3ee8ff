// What ppo and dpo share: the small problem of --enumerate, printed, and the table of a
// run's steps.
#pragma once
#include "ch05_sft_rlhf/enumerated.h"
#include "common/program/file.h"
#include "common/program/options.h"

#define ENUMERATE_OPTIONS \
    {"enumerate", OPTION_FLAG, \
     "the small problem: every answer, and at the end KL(pi || ref), TV to pi*, J"}, \
        {"symbols", "3", "of the small problem, beside END"}, \
        {"longest", "4", "tokens of its answers, at most"}, { \
        "prompts", "2", "of it" \
    }

// Ends the program where an option of an assistant was given as well.
void enumerate_alone(const Args *args, const char *const *others);
// Ends the program on a bad value. *x must not be moved.
void enumerate_open(Enumerated *x, const Args *args);
// The table of all answers and its last line, to standard output; before that a line
// with the loss, unless that is NAN.
void enumerate_print(Enumerated *x, double beta, double loss);

// --log FILE: step, reward, kl, entropy, length, clip_fraction, explained_variance, tv,
// and of dpo margin: the mean implicit reward of chosen answers less that of the
// others. A `-` is what a method does not have.
typedef struct {
    Output out;
    bool open, margin;
} StepLog;

StepLog step_log_open(const Args *args, bool margin);
// NAN: `-`. tv: where pi* is not known; margin: of ppo.
void step_log_write(StepLog *l, long long step, const PpoStep *s, double tv,
                    double margin);
void step_log_close(StepLog *l);

// The same figures of the policy as it is now, from sums over all answers in place of
// draws; what draws alone have is NAN.
PpoStep enumerate_figures(Enumerated *x);
