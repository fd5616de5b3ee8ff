// The memory of words, and the cuts of long pieces.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/joins.h"
#include "ch01_tokenizer/pieces.h"
#include "ch01_tokenizer/tokenizer.h"
#include "ch01_tokenizer/word_memory.h"
#include "common/numeric/rng.h"

static void key_of(uint64_t key[2], const char *word, size_t n) {
    word_key(key, word, n, n);
}

// ---- words

// What follows a word in memory is not in its key, and its length is.
Test(word_memory, keys) {
    static const char text[] = "abcdefghijklmnopqrstuvwxyz";
    for (size_t n = 0; n <= WORD_BYTES; n++) {
        uint64_t wide[2], narrow[2], other[2];
        word_key(wide, text, n, sizeof text);
        word_key(narrow, text, n, n);
        cr_expect(wide[0] == narrow[0] && wide[1] == narrow[1], "%zu bytes", n);
        char longer[WORD_BYTES + 1] = {0};
        memcpy(longer, text, n);
        if (n == WORD_BYTES) break;
        key_of(other, longer, n + 1);  // a zero byte is a byte
        cr_expect(other[0] != narrow[0] || other[1] != narrow[1], "%zu bytes", n);
    }
}

// Three words of one line: the newest two are known, each with its own ids.
Test(word_memory, a_line_holds_two) {
    WordMemory *m = word_memory_new();
    uint64_t first[2], keys[3][2];
    int found = 0;
    key_of(first, "a 0", 3);
    for (int i = 0; found < 3; i++) {
        char word[WORD_BYTES + 1];
        int n = snprintf(word, sizeof word, "a %d", i);
        key_of(keys[found], word, (size_t)n);
        found += word_line(keys[found]) == word_line(first);
    }
    for (int i = 0; i < 3; i++) {
        int ids[] = {i, 10 + i, 20 + i};
        cr_expect_null(word_find(m, keys[i]));
        word_keep(m, keys[i], ids, WORD_IDS);
        const Word *word = word_find(m, keys[i]);
        cr_assert(word && word->count == 3 && word->ids[0] == i
                  && word->ids[2] == 20 + i);
    }
    cr_expect_null(word_find(m, keys[0]));
    cr_expect(word_find(m, keys[1]) && word_find(m, keys[1])->ids[1] == 11);
    cr_expect(word_find(m, keys[2]) && word_find(m, keys[2])->ids[1] == 12);
    word_memory_free(m);
}

// A part of the key does not do: words that differ in one byte alone, whichever it is.
Test(word_memory, no_word_is_taken_for_another) {
    WordMemory *m = word_memory_new();
    static const int id = 7;
    for (size_t n = 1; n <= WORD_BYTES; n++) {
        char word[WORD_BYTES + 1] = {0};
        uint64_t key[2];
        key_of(key, word, n);
        word_keep(m, key, &id, 1);
        // the same line, as if the hashes were the same
        Word *line = m->words[word_line(key)];
        for (size_t b = 0; b < n; b++) {
            word[b] = 1;
            uint64_t other[2];
            key_of(other, word, n);
            Word *there = m->words[word_line(other)];
            there[0] = there[1] = line[0];
            cr_expect_null(word_find(m, other), "byte %zu of %zu", b, n);
            word[b] = 0;
        }
        memset(m, 0, sizeof *m);
    }
    word_memory_free(m);
}

Test(word_memory, long_words) {
    WordMemory *m = word_memory_new();
    char word[LONG_WORD_BYTES];
    memset(word, 'x', sizeof word);
    static const int ids[LONG_WORD_IDS + 1] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (size_t n = 1; n <= LONG_WORD_BYTES; n++) {
        uint64_t key[4], other[4];
        long_word_key(key, word, n);
        cr_assert_null(long_word_find(m, key));
        long_word_keep(m, key, ids, LONG_WORD_IDS + 1);
        cr_assert_null(long_word_find(m, key), "more ids than fit");
        long_word_keep(m, key, ids, LONG_WORD_IDS);
        const LongWord *known = long_word_find(m, key);
        cr_assert(known && known->count == LONG_WORD_IDS);
        cr_assert(memcmp(known->ids, ids, sizeof known->ids) == 0);
        word[n - 1] = 'y';
        long_word_key(other, word, n);
        m->long_words[long_word_line(other)] = *known;
        cr_assert_null(long_word_find(m, other), "%zu bytes", n);
        word[n - 1] = 'x';
    }
    word_memory_free(m);
}

Test(word_memory, a_pool_is_bounded) {
    static WordPool pool;
    WordMemory *taken[WORD_POOL];
    cr_assert_leq(WORD_POOL * sizeof(WordMemory), (size_t)WORD_POOL_BYTES);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < (int)WORD_POOL; i++) {
            WordMemory *m = word_pool_take(&pool, round);
            cr_assert(m);
            // what was given comes back
            int known = 0;
            for (int k = 0; k < (int)WORD_POOL && round; k++) known += m == taken[k];
            if (round) cr_assert_eq(known, 1);
            else taken[i] = m;
        }
        cr_assert_null(word_pool_take(&pool, round), "one more than the pool may have");
        for (int i = 0; i < (int)WORD_POOL; i++) word_pool_give(&pool, taken[i], i);
    }
    word_pool_give(&pool, NULL, 0);
    word_pool_free(&pool);
}

// ---- cuts

// Characters of every size, some that share their first or last bytes.
static const char *const characters[] = {
    "a", "b", " ", "é", "è", "ж", "今", "他", "天", "夫", "😀", "😁", "\xe4\xbb\x8b"};
enum { CHARACTERS = sizeof characters / sizeof *characters };

static size_t random_characters(Rng *rng, char *text, int count) {
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        const char *c = characters[rng_below(rng, CHARACTERS)];
        memcpy(text + n, c, strlen(c));
        n += strlen(c);
    }
    return n;
}

// A token is any stretch of bytes of a text: between two characters that it holds, or
// parts of, there is no cut.
Test(joins, no_cut_inside_a_token) {
    Rng rng = rng_new(4);
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t n = random_characters(&rng, text, 2 + rng_below(&rng, 4)), size;
        size_t from = (size_t)rng_below(&rng, (int)n),
               to = from + 1 + (size_t)rng_below(&rng, (int)(n - from));
        Joins joins = joins_new(64);
        joins_add(&joins, text + from, to - from);
        JoinChar left = join_char(text, &size), right;
        for (size_t at = size; at < n; at += size, left = right) {
            right = join_char(text + at, &size);
            if (at > from && at < to)
                cr_assert(joins_may(&joins, left, right, size),
                          "bytes %zu to %zu, a cut at %zu", from, to, at);
        }
        joins_free(&joins);
    }
}

// And where no token is, there are cuts: a piece of Chinese falls apart.
Test(joins, there_are_cuts) {
    Joins joins = joins_new(1 << 16);
    size_t size;
    joins_add(&joins, "今天", 6);
    JoinChar jin = join_char("今", &size), tian = join_char("天", &size);
    cr_assert(joins_may(&joins, jin, tian, 3));
    cr_assert_not(joins_may(&joins, tian, jin, 3));
    cr_assert_not(joins_may(&joins, tian, tian, 3));
    joins_free(&joins);
}

// ---- many at once

// One tokenizer, used by several threads at the same time, and again by each.
Test(word_memory, one_tokenizer_on_many_threads) {
    enum { TEXTS = 64, SIZE = 3000 };
    Rng rng = rng_new(6);
    Error err;
    Tokenizer t;
    Pieces pieces = {0};
    Pattern *pattern = pattern_new("o200k", &err);
    static char texts[TEXTS][SIZE];
    size_t sizes[TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        sizes[i] = random_characters(&rng, texts[i], SIZE / 4 - 1);
        pieces_add(&pieces, pattern, NULL, 0, texts[i], sizes[i], &err);
    }
    Words words = pieces_to_words(&pieces);
    cr_assert(tokenizer_train(&t, &words, 300, NULL, 0, "o200k", &err));
    static Ids first[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        tokenizer_encode(&t, texts[i], sizes[i], false, &first[i], NULL);
    int wrong = 0;
#pragma omp parallel for reduction(+ : wrong) num_threads(WORD_POOL + 2)
    for (int k = 0; k < 4 * TEXTS; k++) {
        int i = k % TEXTS;
        Ids ids = {0};
        tokenizer_encode(&t, texts[i], sizes[i], false, &ids, NULL);
        wrong += ids.size != first[i].size
                 || memcmp(ids.at, first[i].at, ids.size * sizeof *ids.at) != 0;
        free(ids.at);
    }
    cr_assert_eq(wrong, 0);
    for (int i = 0; i < TEXTS; i++) free(first[i].at);
    words_free(&words), pieces_free(&pieces), pattern_free(pattern);
    tokenizer_free(&t);
}
