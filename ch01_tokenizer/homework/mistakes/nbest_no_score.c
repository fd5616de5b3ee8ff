// loses: 4, says: log_p is not the sum of theirs, keeps: 4
// The tokens are filled in, their ln p is not.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    size_t count = solved_unigram_nbest(unigram, text, n, most, best);
    for (size_t i = 0; i < count; i++) best[i].log_p = 0;
    return count;
}
