#include "ch04_pretrain/commands/commands.h"

#include <math.h>
#include <string.h>

const Command pretrain_commands[] = {
    {"source", "story|markov|hmm|chains [--sample N] [--logprob] [--format tsv]",
     "texts of a language, and their exact log-probabilities", command_source,
     source_options},
    {"next", "--prompt TEXT [--data story|markov|hmm|chains] [--format tsv]",
     "the exact distribution of the next word", command_next, next_options},
    {"train", "--data FILE -o FILE [--minutes N | --steps N] [--resume] ...",
     "train a model on a text", command_train, train_options},
    {"sample", "--checkpoint FILE [--prompt TEXT] ...", "what a trained model writes",
     command_sample, sample_options},
    {0}};

static LanguageName name_of(const char *name) {
    char listed[128] = "";
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        if (strcmp(name, language_names[i]) == 0) return (LanguageName)i;
        strcat(strcat(listed, i ? ", " : ""), language_names[i]);
    }
    die("'%s': expected a language: %s", name, listed);
}

Language language_of(const Args *args, const char *name) {
    LanguageSettings s = {.seed = 1};
    s.symbols = (int)option_int(args, "symbols", 2, 26);
    s.order = (int)option_int(args, "order", 0, 10);
    s.concentration = option_real(args, "concentration", 0.01, 1000);
    if (pow(s.symbols, s.order) > 1024)
        die("--order %d with --symbols %d: expected at most 1024 contexts", s.order,
            s.symbols);
    return language_new(name_of(name), &s);
}
