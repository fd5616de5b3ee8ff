// A chapter's program: a table of labs and a table of commands. program_main does the
// rest:
//
//     ./ch02_attention                        all labs, in the lecture's order: the tour
//     ./ch02_attention --list                 their names
//     ./ch02_attention rope-decay --dim 64    one lab, with its own options
//     ./ch01_tokenizer encode --model m FILE  a command
//     ./ch02_attention --claim 2.36           the lab that states a claim
//     ./ch02_attention --help
#pragma once
#include "common/program/options.h"

typedef struct LabSpec LabSpec;

typedef struct {
    const char *name;              // "train"
    const char *usage;             // "[--pattern P] -o FILE TEXT..."
    const char *title;             // one line
    int (*run)(const Args *args);  // returns the exit status
    const Option *options;
} Command;

// Which lab states a claim. make writes the table of a chapter from its labs/*.c.
typedef struct {
    const char *claim, *lab;  // "2.36", "rope-decay"
} ClaimPlace;
extern const ClaimPlace claim_places[];  // ends with {0}

typedef struct {
    const char *title;           // "Chapter 1: text to tokens"
    const LabSpec *const *labs;  // ends with NULL
    const Command *commands;     // ends with {0}; NULL: none
    // of the tour, beside the common ones, for the labs that list them too; NULL: none
    const Option *options;
    // what --version says beside the title and the compiler; NULL: nothing
    void (*print_version)(void);
    const ClaimPlace *claims;  // for --claim; NULL: none
} Program;

// The whole of a chapter's main(). Whatever was printed is checked at its end: a full
// disk is status 2.
int program_main(const Program *program, int argc, char **argv);

// The path of a file of the repository, from the folder the program stands in (or the
// current one): repository_file("docs/ch01_tokenizer.md"). NULL where there is none.
// The caller frees it.
char *repository_file(const char *path);
// The folder the program stands in, with a slash at the end; "" is the current one.
const char *program_folder(void);
