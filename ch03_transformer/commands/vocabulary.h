// Text in and out, with the vocabulary that belongs to a checkpoint.
#pragma once
#include "ch01_tokenizer/model_file.h"
#include "ch03_transformer/commands/any_checkpoint.h"
#include "ch03_transformer/tokenizer_llama2c.h"
#include "ch03_transformer/word_list.h"

typedef struct {
    bool known;  // false: none, ids only
    // llama2.c's models come with LLaMA's tokens; the others with chapter 1's, the last
    // one the end
    bool llama;
    LlamaTokenizer of_llama;
    Tokenizer of_gpt2;
    WordList words;  // count > 0: of a model that was trained on a language
} Vocabulary;

// The vocabulary in file `path`; path NULL: the one that chapter 4's `train` keeps in the
// checkpoint (tokenizer_notes.h, word_list.h), if there is one. A file that cannot be
// read, or does not fit, ends the program.
void vocabulary_open(Vocabulary *w, const char *path, const AnyCheckpoint *c,
                     const char *checkpoint_path);
void vocabulary_close(Vocabulary *w);
// A text's ids; the caller frees .at. What has no token ends the program.
Ids vocabulary_ids(const Vocabulary *w, const char *text, const InferModel *m);
// The bytes of an id that follows `previous`, to standard output.
void vocabulary_print(const Vocabulary *w, int previous, int id);
// The token that texts begin and end with.
int vocabulary_start(const Vocabulary *w, const InferModel *m);
bool vocabulary_is_end(const Vocabulary *w, const InferModel *m, int id);
