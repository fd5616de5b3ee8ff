// loses: 4, says: `most` was returned, keeps: 6
// Says that there are as many as were asked for.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    size_t count = solved_unigram_nbest(unigram, text, n, most, best);
    for (size_t i = count; i < most; i++) best[i].count = 0;
    return most;
}
