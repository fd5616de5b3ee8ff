// The jobs of the program beside its labs, one a file; commands.c is their table.
#pragma once
#include "ch04_pretrain/language.h"
#include "common/program/lab.h"

extern const Command pretrain_commands[];

int command_source(const Args *args);
int command_next(const Args *args);
int command_train(const Args *args);
int command_sample(const Args *args);
int command_eval(const Args *args);
int command_fill(const Args *args);
int command_classify(const Args *args);
int command_show_batch(const Args *args);
int command_plot(const Args *args);
int command_clean(const Args *args);
extern const Option source_options[], next_options[];
extern const Option train_options[], sample_options[], eval_options[], fill_options[];
extern const Option show_batch_options[], plot_options[], clean_options[];
extern const Option classify_options[];

// --order, --symbols and --concentration of a language, and its rows' --seed.
#define LANGUAGE_OPTIONS \
    {"order", "2", "markov: symbols that the next one depends on"}, \
        {"symbols", "3", "markov, chains: different symbols"}, { \
        "concentration", "0.5", "markov: rows are Dirichlet(concentration)" \
    }
// The language of that name, by those options. Ends the program on a bad value.
Language language_of(const Args *args, const char *name);
