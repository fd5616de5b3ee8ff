// loses: 6, says: were added up in float, keeps: 9
// Adds in float.
#include "ch01_tokenizer/homework/hw01.h"
#define memory_words solved_memory_words
#include "../solution.c"
#undef memory_words

size_t memory_words(size_t ranks, double a, double share) {
    if (share >= 1) return ranks;
    float all = 0, held = 0;
    for (size_t r = 1; r <= ranks; r++) all += (float)pow((double)r, -a);
    size_t words = 0;
    while (words < ranks && held < share * (double)all)
        held += (float)pow((double)++words, -a);
    return words;
}
