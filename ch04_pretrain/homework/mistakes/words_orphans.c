// loses: 1, says: one word together, keeps: 22
// Each token without a beginning is a word.
#include "ch04_pretrain/homework/hw04.h"
#define find_words solved_find_words
#include "../solution.c"
#undef find_words

int find_words(const Piece *pieces, int n, Word *words) {
    int count = 0;
    bool begun = false;
    for (int i = 0; i < n; i++) {
        if (pieces[i] != PIECE_CONTINUES) begun = pieces[i] == PIECE_BEGINS;
        if (pieces[i] == PIECE_SPECIAL) continue;
        if (pieces[i] == PIECE_BEGINS || !begun) words[count++] = (Word){i, 0};
        words[count - 1].count++;
    }
    return count;
}
