#include "ch01_tokenizer/word_memory.h"

#include <stdlib.h>

#include "common/error.h"

#define BYTES(n) ((uint64_t)-1 >> (64 - 8 * (n)))
#define UP_TO_8(n) \
    { BYTES(n), 0 }
#define ABOVE_8(n) \
    { BYTES(8), BYTES((n)-8) }
const uint64_t word_masks[][2] = {
    {0, 0},      UP_TO_8(1),  UP_TO_8(2),  UP_TO_8(3),  UP_TO_8(4),  UP_TO_8(5),
    UP_TO_8(6),  UP_TO_8(7),  UP_TO_8(8),  ABOVE_8(9),  ABOVE_8(10), ABOVE_8(11),
    ABOVE_8(12), ABOVE_8(13), ABOVE_8(14), ABOVE_8(15),
};
_Static_assert(sizeof word_masks / sizeof *word_masks == WORD_BYTES + 1,
               "a mask per number of bytes, 0 too");

WordMemory *word_memory_new(void) {
    WordMemory *memory = aligned_alloc(CACHE_LINE, sizeof *memory);
    if (!memory) die("out of memory");
    // no word has a key of zeros: its length is in it
    memset(memory, 0, sizeof *memory);
    return memory;
}

void word_memory_free(WordMemory *memory) { free(memory); }

WordMemory *word_pool_take(WordPool *pool, int place) {
    for (int i = 0; i < (int)WORD_POOL; i++) {
        WordMemory *_Atomic *at = &pool->kept[(place + i) % (int)WORD_POOL];
        WordMemory *kept = atomic_exchange(at, NULL);
        if (kept) return kept;
    }
    if (atomic_fetch_add(&pool->made, 1) < (int)WORD_POOL) return word_memory_new();
    atomic_fetch_sub(&pool->made, 1);
    return NULL;
}

void word_pool_give(WordPool *pool, WordMemory *memory, int place) {
    if (!memory) return;
    for (int i = 0; i < (int)WORD_POOL; i++) {
        WordMemory *_Atomic *at = &pool->kept[(place + i) % (int)WORD_POOL];
        WordMemory *none = NULL;
        if (atomic_compare_exchange_strong(at, &none, memory)) return;
    }
    // a place was free, but others gave and took while this one looked
    word_memory_free(memory);
    atomic_fetch_sub(&pool->made, 1);
}

void word_pool_free(WordPool *pool) {
    for (int i = 0; i < (int)WORD_POOL; i++) word_memory_free(pool->kept[i]);
}

void word_keep(WordMemory *m, const uint64_t key[2], const int *ids, size_t count) {
    if (count > WORD_IDS) return;
    Word *line = m->words[word_line(key)], word = {{key[0], key[1]}, {0}, (int)count};
    memcpy(word.ids, ids, count * sizeof *ids);
    line[1] = line[0];
    line[0] = word;
}

void long_word_keep(WordMemory *m, const uint64_t key[4], const int *ids,
                    size_t count) {
    if (count > LONG_WORD_IDS) return;
    LongWord *word = &m->long_words[long_word_line(key)];
    *word = (LongWord){.count = (int)count};
    memcpy(word->key, key, sizeof word->key);
    memcpy(word->ids, ids, count * sizeof *ids);
}
