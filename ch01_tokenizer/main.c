#include <stdio.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/labs/corpus.h"
#include "ch01_tokenizer/pattern.h"
#include "common/program/lab.h"

extern const LabSpec lab_four_ways, lab_byte_fallback, lab_longest_match, lab_merges,
    lab_word_bpe, lab_train_cost, lab_encode_cost, lab_compression, lab_zipf,
    lab_bits_per_byte, lab_wordpiece, lab_unigram, lab_how_fast, lab_word_memory,
    lab_embedding;

static const LabSpec *const tour[] = {
    &lab_four_ways, &lab_byte_fallback, &lab_longest_match, &lab_merges,
    &lab_word_bpe,  &lab_train_cost,    &lab_encode_cost,   &lab_compression,
    &lab_zipf,      &lab_bits_per_byte, &lab_wordpiece,     &lab_unigram,
    &lab_how_fast,  &lab_word_memory,   &lab_embedding,     NULL};

static const Command commands[] = {
    {"train", "[--vocab N] [--pattern P] [--special TEXT] -o MODEL [FILE...]",
     "learn a vocabulary from text", train, train_options},
    {"encode", "--model MODEL [--allow-special] [FILE...]",
     "text to ids, one line per file", encode, encode_options},
    {"decode", "--model MODEL [FILE...]", "ids to the exact bytes", decode,
     decode_options},
    {"show", "--model MODEL [--merges] [TEXT | --file FILE]",
     "the tokens of a text, side by side", show, show_options},
    {"inspect", "--model MODEL", "the vocabulary, one line per id", inspect,
     inspect_options},
    {"export", "--model MODEL --format tiktoken|gpt2 -o FILE",
     "the vocabulary in another format", export_model, export_options},
    {0}};

static const Option options[] = {DATA_OPTION, {0}};

static void print_version(void) {
    char unicode[128];
    unicode_version(unicode, sizeof unicode);
    printf("%s decides what is a letter, a digit, white space\n", unicode);
}

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 1: text to tokens", tour, commands, options,
                                   print_version, claim_places},
                        argc, argv);
}
