#include "ch01_tokenizer/wordpiece.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/utf8.h"
#include "common/error.h"

// ---- likelihood

static double x_ln_x(double x) { return x > 0 ? x * log(x) : 0; }

double likelihood_of_counts(const uint64_t *counts, size_t n) {
    double sum = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) sum += x_ln_x((double)counts[i]), all += counts[i];
    return sum - x_ln_x((double)all);
}

double likelihood_gain(double c_a, double c_b, double r, double n) {
    double after = x_ln_x(c_a - r) + x_ln_x(c_b - r) + x_ln_x(r) - x_ln_x(n - r);
    double before = x_ln_x(c_a) + x_ln_x(c_b) - x_ln_x(n);
    return after - before;
}

double likelihood_gain_twin(double c_a, double r, double n) {
    double after = x_ln_x(c_a - 2 * r) + x_ln_x(r) - x_ln_x(n - r);
    return after - x_ln_x(c_a) + x_ln_x(n);
}

// ---- training

typedef struct {
    int *at;  // the word as it is segmented so far
    size_t n;
    uint32_t count;
} Word;

typedef struct {
    Word *words;
    size_t word_count;
    int *cells;         // what the words point into
    uint64_t *symbols;  // [symbol_count] how often each symbol occurs
    size_t symbol_count;
    // every pair ever seen has a number; its counts are those of this round
    PairTable numbers;
    PairCount *pairs;
    size_t pair_count, capacity;
} State;

// A run of cells between gaps is a word.
static State state_of(const Words *words, int base, int merges) {
    State s = {.symbol_count = (size_t)base};
    s.symbols = allocate((size_t)(base + merges), sizeof *s.symbols);
    s.cells = allocate(words->size, sizeof *s.cells);
    size_t capacity = 0;
    for (size_t i = 0, end; i < words->size; i = end) {
        for (end = i; end < words->size && words->cells[end] != NO_SYMBOL; end++)
            s.cells[end] = words->cells[end];
        if (end == i) {
            end++;
            continue;
        }
        reserve(s.words, capacity, s.word_count + 1);
        s.words[s.word_count++] =
            (Word){s.cells + i, end - i, words->counts[i / WORD_ALIGN]};
    }
    return s;
}

static void state_free(State *s) {
    free(s->words), free(s->cells), free(s->symbols), free(s->pairs);
    pair_table_free(&s->numbers);
}

static PairCount *counter(State *s, int left, int right) {
    int number = pair_find(&s->numbers, left, right);
    if (number != NO_SYMBOL) return &s->pairs[number];
    reserve(s->pairs, s->capacity, s->pair_count + 1);
    s->pairs[s->pair_count] = (PairCount){.pair = {left, right}};
    pair_table_add(&s->numbers, left, right, (int)s->pair_count);
    return &s->pairs[s->pair_count++];
}

static void count_word(State *s, const Word *word) {
    // where the run of equal symbols began: of aaaa, pairs 0 and 2 are replaced
    size_t run = 0;
    for (size_t i = 0; i < word->n; i++) {
        s->symbols[word->at[i]] += word->count;
        if (i + 1 == word->n) break;
        if (i && word->at[i] != word->at[i - 1]) run = i;
        PairCount *pair = counter(s, word->at[i], word->at[i + 1]);
        pair->found += word->count;
        if (word->at[i] != word->at[i + 1] || (i - run) % 2 == 0)
            pair->replaced += word->count;
    }
}

static void count_all(State *s) {
    memset(s->symbols, 0, s->symbol_count * sizeof *s->symbols);
    for (size_t p = 0; p < s->pair_count; p++)
        s->pairs[p].found = s->pairs[p].replaced = 0;
    for (size_t i = 0; i < s->word_count; i++) count_word(s, &s->words[i]);
    for (size_t p = 0; p < s->pair_count; p++) {
        s->pairs[p].left = s->symbols[s->pairs[p].pair.left];
        s->pairs[p].right = s->symbols[s->pairs[p].pair.right];
    }
}

PairCount *count_pairs(const Words *words, int base, size_t *n) {
    State s = state_of(words, base, 0);
    count_all(&s);
    PairCount *pairs = s.pairs;
    *n = s.pair_count;
    s.pairs = NULL;
    state_free(&s);
    return pairs;
}

double pair_gain(const PairCount *p, double n) {
    double c_a = (double)p->left, c_b = (double)p->right, r = (double)p->replaced;
    return p->pair.left == p->pair.right ? likelihood_gain_twin(c_a, r, n)
                                         : likelihood_gain(c_a, c_b, r, n);
}

double pair_score(const PairCount *p) {
    return (double)p->found / ((double)p->left * (double)p->right);
}

static double value_of(const PairCount *pair, double n, MergeCriterion criterion) {
    if (criterion == MERGE_BY_LIKELIHOOD) return pair_gain(pair, n);
    return criterion == MERGE_BY_SCORE ? pair_score(pair) : (double)pair->found;
}

static bool smaller(Pair a, Pair b) {
    return a.left != b.left ? a.left < b.left : a.right < b.right;
}

// NULL where no pair is left.
static const PairCount *best_pair(const State *s, double n, MergeCriterion criterion) {
    const PairCount *best = NULL;
    double best_value = 0;
    for (const PairCount *p = s->pairs; p < s->pairs + s->pair_count; p++) {
        if (p->found == 0) continue;
        double value = value_of(p, n, criterion);
        if (best
            && (value < best_value
                || (value == best_value && !smaller(p->pair, best->pair))))
            continue;
        best_value = value;
        best = p;
    }
    return best;
}

static void merge_word(Word *word, Pair pair, int merged) {
    size_t n = 0;
    for (size_t i = 0; i < word->n; i++) {
        bool here = i + 1 < word->n && word->at[i] == pair.left
                    && word->at[i + 1] == pair.right;
        word->at[n++] = here ? merged : word->at[i];
        i += here;
    }
    word->n = n;
}

static uint64_t all_symbols(const State *s) {
    uint64_t n = 0;
    for (size_t i = 0; i < s->word_count; i++) n += s->words[i].n * s->words[i].count;
    return n;
}

static WordPieceTraining training_new(int base, int count) {
    size_t most = (size_t)count;
    WordPieceTraining t = {.merges = {.base = base}};
    t.merges.pairs = allocate(most, sizeof *t.merges.pairs);
    t.merges.found = allocate(most, sizeof *t.merges.found);
    t.merges.replaced = allocate(most, sizeof *t.merges.replaced);
    t.gains = allocate(most, sizeof *t.gains);
    t.totals = allocate(most + 1, sizeof *t.totals);
    return t;
}

WordPieceTraining wordpiece_train(const Words *words, int base, int count,
                                  MergeCriterion criterion) {
    WordPieceTraining t = training_new(base, count);
    State s = state_of(words, base, count);
    for (;;) {
        count_all(&s);
        int step = t.merges.count;
        double n = (double)all_symbols(&s);
        t.totals[step] = likelihood_of_counts(s.symbols, s.symbol_count);
        const PairCount *best = step < count ? best_pair(&s, n, criterion) : NULL;
        if (!best) break;
        t.merges.pairs[step] = best->pair;
        t.merges.found[step] = best->found;
        t.merges.replaced[step] = best->replaced;
        t.gains[step] = pair_gain(best, n);
        for (size_t i = 0; i < s.word_count; i++)
            merge_word(&s.words[i], best->pair, base + step);
        t.merges.count++;
        s.symbol_count++;
    }
    state_free(&s);
    return t;
}

void wordpiece_training_free(WordPieceTraining *training) {
    merges_free(&training->merges);
    free(training->gains), free(training->totals);
    *training = (WordPieceTraining){0};
}

// ---- encoding

WordPiece wordpiece_new(const char *const *tokens, int n, int unknown) {
    assert(0 <= unknown && unknown < n);
    WordPiece wordpiece = {.unknown = unknown};
    for (int i = 0; i < n; i++)
        trie_add(&wordpiece.trie, tokens[i], strlen(tokens[i]), i);
    wordpiece.continuation = trie_node(&wordpiece.trie, TRIE_ROOT, "##", 2);
    return wordpiece;
}

void wordpiece_free(WordPiece *wordpiece) { trie_free(&wordpiece->trie); }

static size_t characters(const char *text, size_t size) {
    size_t n = 0;
    int length;
    for (size_t i = 0; i < size; i += (size_t)length, n++)
        utf8_decode(text + i, size - i, &length);
    return n;
}

size_t wordpiece_encode(const WordPiece *wordpiece, const char *word, size_t size,
                        int *tokens) {
    size_t count = 0;
    bool known = characters(word, size) <= WORDPIECE_MOST_CHARACTERS;
    for (size_t i = 0, length; known && i < size; i += length) {
        int from = i == 0 ? TRIE_ROOT : wordpiece->continuation, token = NO_TOKEN;
        if (from >= 0)
            token =
                trie_longest(&wordpiece->trie, from, word + i, size - i, &length, NULL);
        known = token != NO_TOKEN;
        tokens[count++] = token;
    }
    if (known) return count;
    tokens[0] = wordpiece->unknown;  // not the part it was stuck at: the word
    return 1;
}
