// loses: 6, says: 1 / r is 0 in integers, keeps: 6
// 1 / r is computed in integers.
#include "ch01_tokenizer/homework/hw01.h"
#define memory_words solved_memory_words
#include "../solution.c"
#undef memory_words

size_t memory_words(size_t ranks, double a, double share) {
    double all = 0, held = 0;
    for (size_t r = ranks; r > 0; r--) all += pow((double)(1 / r), a);
    for (size_t r = 0; r < ranks; r++) {
        if (held >= share * all) return r;
        held += pow((double)(1 / (r + 1)), a);
    }
    return ranks;
}
