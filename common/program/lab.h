// Labs and claims: how a chapter's program shows that its lecture is right.
//
// A lab is one function. It measures, states claims (claim.h), and draws one figure
// (plot.h). Its random numbers are its own: they do not depend on the labs before it.
//
// Same --seed, same output, bit for bit, for any --threads.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/numeric/compare.h"  // nan_max: claims of the worst of many
#include "common/numeric/rng.h"
#include "common/program/claim.h"
#include "common/program/options.h"
#include "common/program/program.h"

typedef struct LabSpec {
    const char *name;     // "rope-decay", as typed on the command line
    const char *section;  // "2.7": where the lecture derives it
    const char *title;    // one line
    void (*run)(Lab *lab);
    const Option *options;  // the lab's own; ends with {0}; NULL: none
} LabSpec;

struct Lab {
    const LabSpec *spec;
    Args args;
    uint64_t seed;
    // the lab's own stream: does not depend on which labs ran before
    Rng rng;
    char *out;             // the folder for figures and their data
    const char *terminal;  // svg, png or dumb
    const char *as;  // --as NAME: what the files are called instead; NULL: as usual
    bool open;       // --open: figures are shown when they are drawn
    bool tour;       // one of many
    int claims, failed;
    bool heads;   // the columns of this lab's claims have their heads
    int figures;  // of this lab, so far
    bool wrote;   // some lab of this run left files in the folder
};

// For program.c: begins with the options given, runs one lab, and ends: the last line is
// printed, the exit status returned.
void lab_begin(Lab *lab, const Args *args);
void lab_run(Lab *lab, const LabSpec *spec);
int lab_end(Lab *lab);

// A line of text among the claims, indented.
void lab_print(Lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));
// "name: 40 %" on stderr, when that is a terminal.
void lab_progress(Lab *lab, double done, double total);
// The same with a quantity, "name: 40 %, loss 2.31": what one looks at while waiting.
void lab_progress_value(Lab *lab, double done, double total, const char *quantity,
                        double value);
// Before anything else is printed: takes the progress off its line. lab_print, claims and
// figures do so themselves.
void lab_line(void);
