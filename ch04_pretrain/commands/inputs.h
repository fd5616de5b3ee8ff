// What commands are given: a trained model, a prompt, rows of data. Each ends the program
// with one line where it cannot be had.
#pragma once
#include "ch03_transformer/sample.h"
#include "ch04_pretrain/pretrained.h"
#include "common/program/options.h"

// The model in --checkpoint.
Pretrained checkpoint_of(const Args *args, const char *command);
// Where the model's language is given by options as well, they must say the same.
void check_language(const Args *args, const Lexicon *l);
// END and the ids of a text, after which a model goes on; the caller frees .at.
Ids prompt_of(const Lexicon *l, const char *text);

// --temperature (at least `coldest`), --top-k, --top-p and --min-p.
Sampling filters_of(const Args *args, double coldest);

// Data of --data, a text file or a language, in this lexicon's ids.
typedef struct {
    Documents text;
    Corpus corpus;
    Data data;
} Rows;

// The lexicon must outlive it, and *r not be moved. name: as --data was given.
void rows_open(Rows *r, const Lexicon *l, const char *name, int time, uint64_t seed);
void rows_close(Rows *r);
