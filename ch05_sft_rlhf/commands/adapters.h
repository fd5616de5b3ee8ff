// --lora, --alpha, --dora and --int8 of the commands that train: what they train, and
// what they write.
#pragma once
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/lora.h"
#include "common/program/options.h"

#define ADAPTER_OPTIONS \
    {"lora", NULL, "rank of adapters that are trained in place of the weights"}, \
        {"alpha", NULL, "of the adapters; else twice the rank"}, \
        {"dora", OPTION_FLAG, "adapters that learn the columns' lengths as well"}, { \
        "int8", OPTION_FLAG, "with --lora: frozen layers rounded to 8 bits" \
    }

// count 0: there are none.
typedef Lora Adapters;

// Whether any of these options is given.
bool adapters_asked_for(const Args *args);
// The model to be trained: `base` itself, or that of adapters beside it. Ends the program
// on a rank that does not fit, and on adapters' options without --lora. *l must not be
// moved.
Model *adapters_open(Adapters *l, const Args *args, const char *command, Model *base);
// What was learnt: the assistant, or the adapters alone (lora_file.h); of those it says
// how many numbers they are.
bool adapters_save(const char *path, const Adapters *l, const Assistant *a, Stage stage,
                   const char *made, Error *err);
void adapters_close(Adapters *l);
