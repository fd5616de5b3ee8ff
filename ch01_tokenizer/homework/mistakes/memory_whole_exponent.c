// loses: 6, says: right where a is a whole number, keeps: 8
// The exponent is made an int.
#include "ch01_tokenizer/homework/hw01.h"
#define memory_words solved_memory_words
#include "../solution.c"
#undef memory_words

size_t memory_words(size_t ranks, double a, double share) {
    double all = 0, held = 0;
    for (size_t r = ranks; r > 0; r--) all += pow((double)r, -(int)a);
    for (size_t r = 0; r < ranks; r++) {
        if (held >= share * all) return r;
        held += pow((double)r + 1, -(int)a);
    }
    return ranks;
}
