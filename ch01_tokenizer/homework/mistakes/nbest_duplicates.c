// loses: 4, says: duplicates, keeps: 6
// The way back goes along the best way to each inner place, whatever the rank.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    size_t count = solved_unigram_nbest(unigram, text, n, most, best);
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            if (best[i].tokens[best[i].count - 1] != best[j].tokens[best[j].count - 1])
                continue;
            memcpy(best[i].tokens, best[j].tokens,
                   best[j].count * sizeof *best[j].tokens);
            best[i].count = best[j].count;
            break;
        }
    return count;
}
