// loses: 1, says: every count is 1: a word, keeps: 19
#include "ch04_pretrain/homework/hw04.h"

#define find_words solved_find_words
#include "../solution.c"
#undef find_words

int find_words(const Piece *pieces, int n, Word *words) {
    int count = 0;
    bool inside = false;  // of words[count - 1]
    for (int i = 0; i < n; i++) {
        if (pieces[i] != PIECE_SPECIAL) {
            if (pieces[i] == PIECE_BEGINS || !inside) words[count++] = (Word){i, 0};
            words[count - 1].count = 1;
        }
        inside = pieces[i] != PIECE_SPECIAL;
    }
    return count;
}
