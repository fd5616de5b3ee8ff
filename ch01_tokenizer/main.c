#include "ch01_tokenizer/commands.h"
#include "common/program/lab.h"

extern const LabSpec lab_byte_fallback, lab_embedding, lab_longest_match, lab_merges,
    lab_word_bpe, lab_train_cost, lab_encode_cost, lab_compression, lab_zipf,
    lab_bits_per_byte, lab_wordpiece, lab_unigram;

static const LabSpec *const tour[] = {&lab_byte_fallback,
                                      &lab_embedding,
                                      &lab_longest_match,
                                      &lab_merges,
                                      &lab_word_bpe,
                                      &lab_train_cost,
                                      &lab_encode_cost,
                                      &lab_compression,
                                      &lab_zipf,
                                      &lab_bits_per_byte,
                                      &lab_wordpiece,
                                      &lab_unigram,
                                      NULL};

static const Option options[] = {
    {"data", NULL, "the text to measure on (the lectures of this repository)"}, {0}};

int main(int argc, char **argv) {
    return program_main(
        &(Program){"Chapter 1: text to tokens", tour, tokenizer_commands, options},
        argc, argv);
}
