#include "ch04_pretrain/commands/commands.h"

#include <string.h>

#include "ch04_pretrain/language_notes.h"

const Command pretrain_commands[] = {
    {"source",
     "story|markov|hmm|chains|glossary [--sample N] [--logprob] [--format tsv]",
     "texts of a language, and their exact log-probabilities", command_source,
     source_options},
    {"next", "--prompt TEXT [--checkpoint FILE] [--exact] [--data story|...]",
     "the exact distribution of the next word, and a model's", command_next,
     next_options},
    {"show-batch", "--data FILE|story|... [--objective clm|mlm|span|...]",
     "what a model reads and what it must predict", command_show_batch,
     show_batch_options},
    {"clean", "-o OUT FILE... [--trusted FILE] [--weights 0.7,0.3] [--format tsv]",
     "documents worth reading: rules, duplicates, quality, weights", command_clean,
     clean_options},
    {"train", "--data FILE -o FILE [--minutes N | --steps N] [--resume] ...",
     "train a model on a text", command_train, train_options},
    {"plot", "--log A.tsv[,B.tsv...]", "the losses of training runs in one figure",
     command_plot, plot_options},
    {"eval", "--checkpoint FILE --data FILE [--by position|class]",
     "a model's loss on a text, against the floor where it is known", command_eval,
     eval_options},
    {"sample", "--checkpoint FILE [--prompt TEXT] ...", "what a trained model writes",
     command_sample, sample_options},
    {"fill", "--checkpoint FILE \"Tom [MASK] the red ball\"",
     "what a masked model puts in the gaps", command_fill, fill_options},
    {"classify", "--checkpoint FILE TRAIN.tsv TEST.tsv",
     "a masked model learns labels from a file, and gives them to another",
     command_classify, classify_options},
    {0}};

static LanguageName name_of(const char *name) {
    int which = language_named(name);
    if (which >= 0) return (LanguageName)which;
    char listed[128] = "";
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        strcat(strcat(listed, i ? ", " : ""), language_names[i]);
    die("'%s': expected a language: %s", name, listed);
}

// The settings that the options describe, of any language.
static LanguageSettings language_settings_of(const Args *args) {
    LanguageSettings s = {.seed = 1};
    s.symbols = (int)option_int(args, "symbols", 2, 26);
    s.order = (int)option_int(args, "order", 0, 10);
    s.concentration = option_real(args, "concentration", 0.01, 1000);
    Error err;
    if (!language_settings_check(&s, &err)) die("%s", err.text);
    return s;
}

Language language_of(const Args *args, const char *name) {
    LanguageSettings s = language_settings_of(args);
    return language_new(name_of(name), &s);
}
