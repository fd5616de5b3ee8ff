#include "ch01_tokenizer/word_bpe.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/error.h"
#include "common/numeric/small.h"

static const char END_MARK[] = "</w>", CONTINUATION_MARK[] = "##";
enum { REPLACEMENT = 0xFFFD };

// ---- words

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int by_bytes(const void *a, const void *b) {
    const WordCount *x = a, *y = b;
    int order = memcmp(x->text, y->text, size_min(x->size, y->size));
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

WordCount *count_words(const char *text, size_t size, size_t *n) {
    WordCount *words = NULL;
    size_t all = 0, capacity = 0, distinct = 0;
    for (size_t i = 0; i < size;) {
        size_t begin = i;
        while (i < size && !is_space(text[i])) i++;
        if (i > begin) {
            reserve(words, capacity, all + 1);
            words[all++] = (WordCount){text + begin, i - begin, 1};
        } else i++;
    }
    if (all) qsort(words, all, sizeof *words, by_bytes);
    for (size_t i = 0; i < all; i++) {
        if (distinct && by_bytes(&words[distinct - 1], &words[i]) == 0)
            words[distinct - 1].count++;
        else words[distinct++] = words[i];
    }
    *n = distinct;
    return words;
}

// ---- letters

// The keys of a word's letters, whether known or not; `keys` has room for size + 1.
static size_t word_keys(WordMark mark, const char *word, size_t size, int *keys) {
    size_t n = 0;
    int length;
    for (size_t i = 0; i < size; i += (size_t)length) {
        int point = utf8_decode(word + i, size - i, &length);
        keys[n++] = point == UTF8_BAD ? REPLACEMENT : point;
    }
    if (mark == MARK_SEPARATE) keys[n++] = LETTER_MARKED;
    else if (mark == MARK_FUSED && n) keys[n - 1] += LETTER_MARKED;
    else if (mark == MARK_CONTINUATION)
        for (size_t i = 1; i < n; i++) keys[i] += LETTER_MARKED;
    return n;
}

static int by_value(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

Letters letters_of(const WordCount *words, size_t n, WordMark mark) {
    Letters letters = {.mark = mark};
    size_t all = 0, capacity = 0;
    for (size_t w = 0; w < n; w++) {
        reserve(letters.keys, capacity, all + words[w].size + 1);
        all += word_keys(mark, words[w].text, words[w].size, letters.keys + all);
    }
    if (all) qsort(letters.keys, all, sizeof *letters.keys, by_value);
    for (size_t i = 0; i < all; i++)
        if (i == 0 || letters.keys[i] != letters.keys[i - 1])
            letters.keys[letters.count++] = letters.keys[i];
    return letters;
}

void letters_free(Letters *letters) {
    free(letters->keys);
    *letters = (Letters){0};
}

size_t letters_split(const Letters *letters, const char *word, size_t size,
                     int *symbols) {
    size_t n = word_keys(letters->mark, word, size, symbols);
    for (size_t i = 0; i < n; i++) {
        const int *key =
            letters->count ? bsearch(&symbols[i], letters->keys, (size_t)letters->count,
                                     sizeof *letters->keys, by_value)
                           : NULL;
        symbols[i] = key ? (int)(key - letters->keys) : NO_SYMBOL;
    }
    return n;
}

Words letters_corpus(const Letters *letters, const WordCount *words, size_t n) {
    Words corpus = {0};
    int *symbols = NULL;
    size_t capacity = 0;
    for (size_t w = 0; w < n; w++) {
        reserve(symbols, capacity, words[w].size + 1);
        size_t count = letters_split(letters, words[w].text, words[w].size, symbols);
        if (count) words_add(&corpus, symbols, count, words[w].count);
    }
    free(symbols);
    return corpus;
}

// ---- symbols as text

static char *join(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    char *text = allocate(n + m + 1, 1);
    memcpy(text, a, n);
    memcpy(text + n, b, m);
    return text;
}

static char *letter_text(WordMark mark, int key) {
    char letter[5] = {0};
    if (key == LETTER_MARKED && mark == MARK_SEPARATE) return join(END_MARK, "");
    bool marked = key >= LETTER_MARKED;
    letter[utf8_encode(letter, marked ? key - LETTER_MARKED : key)] = '\0';
    if (!marked) return join(letter, "");
    return mark == MARK_FUSED ? join(letter, END_MARK)
                              : join(CONTINUATION_MARK, letter);
}

char **symbol_texts(const Letters *letters, const Merges *merges) {
    int merged = merges ? merges->count : 0;
    assert(!merges || merges->base == letters->count);
    char **texts = allocate((size_t)(letters->count + merged), sizeof *texts);
    for (int i = 0; i < letters->count; i++)
        texts[i] = letter_text(letters->mark, letters->keys[i]);
    // The right part of a merge is never a word's first letter: its ## goes.
    size_t skip = letters->mark == MARK_CONTINUATION ? strlen(CONTINUATION_MARK) : 0;
    for (int t = 0; t < merged; t++)
        texts[letters->count + t] =
            join(texts[merges->pairs[t].left], texts[merges->pairs[t].right] + skip);
    return texts;
}

void symbol_texts_free(char **texts, int count) {
    for (int i = 0; i < count; i++) free(texts[i]);
    free(texts);
}

// ---- training and encoding

WordBpe word_bpe_train(const WordCount *words, size_t n, WordMark mark, int merges) {
    assert(mark != MARK_CONTINUATION && "that is WordPiece");
    WordBpe bpe = {.letters = letters_of(words, n, mark)};
    Words corpus = letters_corpus(&bpe.letters, words, n);
    bpe_train(&bpe.merges, &corpus, bpe.letters.count, merges, NULL);
    words_free(&corpus);
    bpe.table = pair_table_of(&bpe.merges);
    bpe.texts = symbol_texts(&bpe.letters, &bpe.merges);
    return bpe;
}

void word_bpe_free(WordBpe *bpe) {
    symbol_texts_free(bpe->texts, bpe->letters.count + bpe->merges.count);
    pair_table_free(&bpe->table);
    merges_free(&bpe->merges);
    letters_free(&bpe->letters);
    *bpe = (WordBpe){0};
}

size_t word_bpe_encode(const WordBpe *bpe, const char *word, size_t size,
                       int *symbols) {
    size_t n = letters_split(&bpe->letters, word, size, symbols), count = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && symbols[end] != NO_SYMBOL;) end++;
        size_t kept = bpe_encode_naive(&bpe->table, symbols + i, end - i, NULL);
        memmove(symbols + count, symbols + i, kept * sizeof *symbols);
        count += kept;
        // the unknown one: nothing merges across it
        if (end < n) symbols[count++] = symbols[end++];
    }
    return count;
}
