// loses: 1, says: a word goes on after a special token, keeps: 22
// Special tokens are passed over, as if they were not there.
#include "ch04_pretrain/homework/hw04.h"
#define find_words solved_find_words
#include "../solution.c"
#undef find_words

int find_words(const Piece *pieces, int n, Word *words) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (pieces[i] == PIECE_SPECIAL) continue;
        if (pieces[i] == PIECE_BEGINS || count == 0) words[count++] = (Word){i, 0};
        words[count - 1].count++;
    }
    return count;
}
