// What the commands share: a model, files, and standard output, each of them or the end
// of the program with one line and status 2.
#pragma once
#include "ch01_tokenizer/model_file.h"
#include "common/program/file.h"
#include "common/program/options.h"

#define MODEL_OPTIONS \
    {"model", NULL, "a vocabulary: ours, GPT-2's vocab.bpe, or a .tiktoken file"}, \
        {"pattern", NULL, "pre-split pattern in place of the model's own"}, { \
        "special", NULL, \
            "one more special token (again for more); its id follows the last" \
    }

// The tokenizer that --model, --pattern and --special ask for; tokenizer_free frees it.
void model_or_die(Tokenizer *t, const Args *args);
// The files of the command line; none: standard input.
const char *const *files_of(const Args *args, size_t *count);
// For a command that takes none.
void no_files(const Args *args, const char *command);
Bytes read_or_die(const char *path);
// The ids of a text; `label` is what a message calls it.
Ids encode_or_die(const Tokenizer *t, Bytes text, bool allow_special,
                  const char *label);

Output open_or_die(const char *path);
Output standard_output(void);
void commit_or_die(Output *out);
