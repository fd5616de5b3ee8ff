#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/bpe_train.h"
#include "common/numeric/rng.h"

enum { LONGEST = 60 };

// A corpus small enough for ties, runs and repeated words to be everywhere.
static Words random_words(Rng rng, int letters) {
    Words words = {0};
    for (int w = rng_below(&rng, 30); w >= 0; w--) {
        int symbols[LONGEST], n = rng_below(&rng, LONGEST);
        for (int i = 0; i < n; i++)
            symbols[i] = rng_below(&rng, 3) ? rng_below(&rng, letters) : 0;
        words_add(&words, symbols, (size_t)n, 1 + (uint32_t)rng_below(&rng, 4));
    }
    return words;
}

static bool same_merges(const Merges *a, const Merges *b) {
    size_t n = (size_t)a->count;
    return a->count == b->count && memcmp(a->pairs, b->pairs, n * sizeof *a->pairs) == 0
           && memcmp(a->found, b->found, n * sizeof *a->found) == 0
           && memcmp(a->replaced, b->replaced, n * sizeof *a->replaced) == 0;
}

// The segmented corpora: the same symbols in the same order, wherever the gaps are.
static bool same_words(const Words *a, const Words *b) {
    size_t j = 0;
    for (size_t i = 0; i < a->size; i++) {
        if (a->cells[i] == NO_SYMBOL) continue;
        while (j < b->size && b->cells[j] == NO_SYMBOL) j++;
        if (j == b->size || a->cells[i] != b->cells[j++]) return false;
    }
    return true;
}

Test(bpe, both_ways_of_training_agree) {
    for (uint64_t seed = 1; seed <= 600; seed++) {
        Rng rng = rng_new(seed);
        int letters = 1 + rng_below(&rng, 6), count = rng_below(&rng, 60);
        Words a = random_words(rng, letters), b = random_words(rng, letters);
        Merges x, y;
        bpe_train_naive(&x, &a, letters, count, NULL);
        bpe_train(&y, &b, letters, count, NULL);
        cr_assert(same_merges(&x, &y), "seed %d", (int)seed);
        cr_assert(same_words(&a, &b), "seed %d", (int)seed);
        merges_free(&x), merges_free(&y), words_free(&a), words_free(&b);
    }
}

// With so many words, the first threshold is above 1. Seven words in eight are the same
// seven again and again: once they are merged the counts fall, the threshold does too,
// and lists are thrown away.
Test(bpe, recounting_changes_nothing) {
    Rng rng = rng_new(7);
    Words a = {0}, b = {0};
    for (int w = 0; w < 4000; w++) {
        Rng known = rng_new((uint64_t)w % 8), *from = w % 8 ? &known : &rng;
        int symbols[20], n = 1 + rng_below(from, 20);
        for (int i = 0; i < n; i++)
            symbols[i] = (int)(8 * rng_uniform(from) * rng_uniform(from));
        words_add(&a, symbols, (size_t)n, 1), words_add(&b, symbols, (size_t)n, 1);
    }
    Merges x, y;
    TrainWork work;
    bpe_train_naive(&x, &a, 8, 300, NULL);
    bpe_train(&y, &b, 8, 300, &work);
    cr_assert(same_merges(&x, &y));
    cr_assert(same_words(&a, &b));
    cr_assert_gt(work.lowered, 0);
    merges_free(&x), merges_free(&y), words_free(&a), words_free(&b);
}

Test(bpe, ties_go_to_the_smaller_left_then_right) {
    int symbols[] = {2, 1, 9, 1, 2, 9, 1, 0};  // 21, 12, 10 once each, and 9s between
    Words words = {0};
    words_add(&words, symbols, 2, 1), words_add(&words, symbols + 3, 2, 1),
        words_add(&words, symbols + 6, 2, 1);
    Merges m;
    bpe_train(&m, &words, 10, 5, NULL);
    cr_assert_eq(m.count, 3);  // then no pair is left
    cr_assert(m.pairs[0].left == 1 && m.pairs[0].right == 0);
    cr_assert(m.pairs[1].left == 1 && m.pairs[1].right == 2);
    cr_assert(m.pairs[2].left == 2 && m.pairs[2].right == 1);
    merges_free(&m), words_free(&words);
}

Test(bpe, empty_corpora) {
    Words none = {0}, empty_word = {0};
    words_add(&empty_word, NULL, 0, 1);
    Merges m;
    bpe_train(&m, &none, 256, 10, NULL);
    cr_assert_eq(m.count, 0);
    merges_free(&m);
    bpe_train(&m, &empty_word, 256, 10, NULL);
    cr_assert_eq(m.count, 0);
    merges_free(&m);
    bpe_train_naive(&m, &empty_word, 256, 10, NULL);
    cr_assert_eq(m.count, 0);
    merges_free(&m), words_free(&empty_word);
}

Test(bpe, all_encoders_agree) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        Rng rng = rng_new(seed);
        int letters = 2 + rng_below(&rng, 5);
        Words words = random_words(rng, letters);
        Merges m;
        bpe_train(&m, &words, letters, 40, NULL);
        PairTable pairs = pair_table_of(&m);
        for (int i = 0; i < 50; i++) {
            int a[200], b[200], c[200];
            size_t n = (size_t)rng_below(&rng, 200);
            for (size_t j = 0; j < n; j++)
                a[j] = b[j] = c[j] = rng_below(&rng, letters);
            EncodeWork work = {0};
            size_t x = bpe_encode_naive(&pairs, a, n, NULL),
                   y = bpe_encode_heap(&pairs, b, n, &work);
            size_t z = bpe_encode_scan(&pairs, c, n);
            cr_assert(x == y && x == z && memcmp(a, b, x * sizeof *a) == 0
                      && memcmp(a, c, x * sizeof *a) == 0);
            cr_assert_leq(work.pushes, n ? 3 * (n - 1) : 0);
        }
        pair_table_free(&pairs), merges_free(&m), words_free(&words);
    }
}

// The training text encodes to what training left of it: encoding repeats training's
// merges in their order.
Test(bpe, encoding_repeats_training) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        Rng rng = rng_new(seed);
        Words words = random_words(rng, 4), raw = random_words(rng, 4);
        Merges m;
        bpe_train(&m, &words, 4, 30, NULL);
        PairTable pairs = pair_table_of(&m);
        for (size_t begin = 0; begin < raw.size;) {
            int symbols[LONGEST];
            size_t n = 0, at = begin;
            while (raw.cells[at] != NO_SYMBOL) symbols[n++] = raw.cells[at++];
            n = bpe_encode_heap(&pairs, symbols, n, NULL);
            for (size_t i = 0, cell = begin; i < n; cell++)
                if (words.cells[cell] != NO_SYMBOL)
                    cr_assert_eq(words.cells[cell], symbols[i++]);
            begin = (at / WORD_ALIGN + 1) * WORD_ALIGN;
        }
        pair_table_free(&pairs), merges_free(&m), words_free(&words), words_free(&raw);
    }
}

// "aaa" merges from the left; merge order decides, not length: with bc < ab < cd, abcd
// is a bc d.
Test(bpe, order_of_merges) {
    PairTable runs = {0}, order = {0};
    pair_table_add(&runs, 0, 0, 1);
    int aaa[] = {0, 0, 0}, abcd[] = {0, 1, 2, 3};
    cr_assert_eq(bpe_encode_heap(&runs, aaa, 3, NULL), 2);
    cr_assert(aaa[0] == 1 && aaa[1] == 0);
    pair_table_add(&order, 1, 2, 4), pair_table_add(&order, 0, 1, 5),
        pair_table_add(&order, 2, 3, 6);
    cr_assert_eq(bpe_encode_scan(&order, abcd, 4), 3);
    cr_assert(abcd[0] == 0 && abcd[1] == 4 && abcd[2] == 3);
    pair_table_free(&runs), pair_table_free(&order);
}
