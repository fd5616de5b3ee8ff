// loses: 6, says: counted from 0, keeps: 6
// The last rank that is needed, counted from 0.
#include "ch01_tokenizer/homework/hw01.h"
#define memory_words solved_memory_words
#include "../solution.c"
#undef memory_words

size_t memory_words(size_t ranks, double a, double share) {
    size_t words = solved_memory_words(ranks, a, share);
    return words ? words - 1 : 0;
}
