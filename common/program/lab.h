// Labs and claims: how a chapter's program shows that its lecture is right.
//
// A lab is one function. It measures, states claims, and draws one figure. A chapter's
// main.c is a table of labs; program_main makes the rest of it:
//
//     ./ch02_attention                        all labs, in the lecture's order: the tour
//     ./ch02_attention --list                 their names
//     ./ch02_attention rope-decay --dim 64    one lab, with its own options
//     ./ch02_attention --help
//
// A claim compares what a formula of the lecture predicts with what the lab measured.
// Its row says predicted, measured, tolerance and ok or FAIL; a program with a failed
// claim exits with status 1. A tolerance is derived (standard errors, rounding, the
// sign of a bound), and a comment says how.
//
// Same --seed, same output, bit for bit, for any --threads.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/numeric/compare.h"  // nan_max: claims of the worst of many
#include "common/numeric/rng.h"
#include "common/program/options.h"

typedef struct Lab Lab;

typedef struct {
    const char *name;     // "rope-decay", as typed on the command line
    const char *section;  // "2.7": where the lecture derives it
    const char *title;    // one line
    void (*run)(Lab *lab);
    const Option *options;  // the lab's own; ends with {0}; NULL: none
} LabSpec;

typedef struct {
    const char *name;              // "train"
    const char *usage;             // "[--pattern P] -o FILE TEXT..."
    const char *title;             // one line
    int (*run)(const Args *args);  // returns the exit status
    const Option *options;
} Command;

typedef struct {
    const char *title;           // "Chapter 1: text to tokens"
    const LabSpec *const *labs;  // ends with NULL
    const Command *commands;     // ends with {0}; NULL: none
    // of the tour, beside the common ones, for the labs that list them too; NULL: none
    const Option *options;
    // what --version says beside the title; NULL: nothing
    void (*print_version)(void);
} Program;

struct Lab {
    const LabSpec *spec;
    Args args;
    uint64_t seed;
    // the lab's own stream: does not depend on which labs ran before
    Rng rng;
    char *out;             // the folder for figures and their data
    const char *terminal;  // svg, png or dumb
    int claims, failed;
};

// The whole of a chapter's main().
int program_main(const Program *program, int argc, char **argv);

// |measured - predicted| <= tolerance. Claims of equality have tolerance 0. NaN fails.
void claim_near(Lab *lab, const char *id, const char *what, double predicted,
                double measured, double tolerance);
// measured <= bound, measured >= bound.
void claim_at_most(Lab *lab, const char *id, const char *what, double bound,
                   double measured);
void claim_at_least(Lab *lab, const char *id, const char *what, double bound,
                    double measured);
// Whole numbers, exactly.
void claim_equal(Lab *lab, const char *id, const char *what, long long predicted,
                 long long measured);

// A line of text among the claims, indented.
void lab_print(Lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));
// "name: 40 %" on stderr, when that is a terminal.
void lab_progress(Lab *lab, double done, double total);
// The path of a file of the repository, from the folder the program stands in (or the
// current one): repository_file("docs/ch01_tokenizer.md"). NULL where there is none.
// The caller frees it.
char *repository_file(const char *path);
