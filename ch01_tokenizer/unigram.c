#include "ch01_tokenizer/unigram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/error.h"
#include "common/numeric/small.h"

// ---- the model

static void build_trie(Unigram *u) {
    trie_free(&u->trie);
    for (size_t i = 0; i < u->count; i++)
        trie_add(&u->trie, u->tokens[i].text, u->tokens[i].size, (int)i);
}

Unigram unigram_new(const UnigramToken *tokens, size_t count) {
    Unigram u = {allocate(count, sizeof *u.tokens), count, {0}};
    for (size_t i = 0; i < count; i++) u.tokens[i] = tokens[i];
    build_trie(&u);
    return u;
}

void unigram_free(Unigram *u) {
    free(u->tokens);
    trie_free(&u->trie);
    *u = (Unigram){0};
}

// ---- the lattice

// The tokens that begin at text[i], one after the other: `token`, which ends at `end`.
typedef struct {
    const Unigram *u;
    const char *text;
    size_t n, end;
    int node, token;
} Arcs;

static Arcs arcs_from(const Unigram *u, const char *text, size_t n, size_t i) {
    return (Arcs){u, text, n, i, TRIE_ROOT, NO_TOKEN};
}

static bool next_arc(Arcs *a) {
    if (a->u->trie.count == 0) return false;
    while (a->end < a->n) {
        a->node = a->u->trie.nodes[a->node].next[(unsigned char)a->text[a->end++]];
        if (!a->node) break;
        a->token = a->u->trie.nodes[a->node].token;
        if (a->token != NO_TOKEN && a->u->tokens[a->token].log_p > -INFINITY)
            return true;
    }
    a->end = a->n;  // asked again, it stays there
    return false;
}

// ln(e^a + e^b)
static double log_add(double a, double b) {
    double high = fmax(a, b), low = fmin(a, b);
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

static double *filled(size_t count, double value) {
    double *numbers = allocate(count, sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = value;
    return numbers;
}

// alpha[0 .. n]
static double *forward(const Unigram *u, const char *text, size_t n) {
    double *alpha = filled(n + 1, -INFINITY);
    alpha[0] = 0;
    for (size_t i = 0; i < n; i++)
        for (Arcs a = arcs_from(u, text, n, i); alpha[i] > -INFINITY && next_arc(&a);)
            alpha[a.end] = log_add(alpha[a.end], alpha[i] + u->tokens[a.token].log_p);
    return alpha;
}

double unigram_log_p(const Unigram *u, const char *text, size_t n) {
    double *alpha = forward(u, text, n), log_p = alpha[n];
    free(alpha);
    return log_p;
}

double unigram_expect(const Unigram *u, const char *text, size_t n, double weight,
                      double *expected) {
    double *alpha = forward(u, text, n), *beta = filled(n + 1, -INFINITY),
           log_p = alpha[n];
    beta[n] = 0;
    for (size_t i = n; log_p > -INFINITY && i-- > 0;)
        for (Arcs a = arcs_from(u, text, n, i); next_arc(&a);) {
            double rest = u->tokens[a.token].log_p + beta[a.end];
            beta[i] = log_add(beta[i], rest);
            expected[a.token] += weight * exp(alpha[i] + rest - log_p);
        }
    free(alpha), free(beta);
    return log_p;
}

typedef struct {
    double log_p;
    size_t begin;  // of the last token
    int token;
} Best;

static size_t trace_back(const Best *best, size_t n, int *tokens) {
    size_t count = 0;
    for (size_t i = n; i > 0; i = best[i].begin) count++;
    for (size_t i = n, k = count; i > 0; i = best[i].begin)
        if (tokens) tokens[--k] = best[i].token;
    return count;
}

double unigram_viterbi(const Unigram *u, const char *text, size_t n, int *tokens,
                       size_t *count) {
    Best *best = allocate(n + 1, sizeof *best);
    for (size_t i = 1; i <= n; i++) best[i].log_p = -INFINITY;
    for (size_t i = 0; i < n; i++)
        for (Arcs a = arcs_from(u, text, n, i);
             best[i].log_p > -INFINITY && next_arc(&a);) {
            double log_p = best[i].log_p + u->tokens[a.token].log_p;
            if (log_p >= best[a.end].log_p) best[a.end] = (Best){log_p, i, a.token};
        }
    double log_p = best[n].log_p;
    size_t found = log_p > -INFINITY ? trace_back(best, n, tokens) : 0;
    if (count) *count = found;
    free(best);
    return log_p;
}

size_t unigram_sample(const Unigram *u, const char *text, size_t n, double power,
                      Rng *rng, int *tokens) {
    double *beta = filled(n + 1, -INFINITY);
    beta[n] = 0;
    for (size_t i = n; i-- > 0;)
        for (Arcs a = arcs_from(u, text, n, i); next_arc(&a);)
            beta[i] = log_add(beta[i], power * u->tokens[a.token].log_p + beta[a.end]);
    assert(beta[0] > -INFINITY && "a text without a segmentation");
    size_t count = 0;
    for (size_t i = 0, end = 0; i < n; i = end) {
        // A token from i to j is next with probability exp(power ln p + beta_j -
        // beta_i).
        double rest = rng_uniform(rng);
        for (Arcs a = arcs_from(u, text, n, i); next_arc(&a);) {
            if (beta[a.end] == -INFINITY) continue;
            // rounding may leave a sliver: the last one gets it
            end = a.end, tokens[count] = a.token;
            if ((rest -= exp(power * u->tokens[a.token].log_p + beta[a.end] - beta[i]))
                < 0)
                break;
        }
        count++;
    }
    free(beta);
    return count;
}

// ---- EM

double unigram_expect_all(const Unigram *u, const WordCount *words, size_t n,
                          double *expected) {
    double total = 0;
    for (size_t i = 0; i < u->count; i++) expected[i] = 0;
    for (size_t w = 0; w < n; w++)
        total +=
            words[w].count
            * unigram_expect(u, words[w].text, words[w].size, words[w].count, expected);
    return total;
}

void unigram_maximise(Unigram *u, const double *expected) {
    double total = 0;
    for (size_t i = 0; i < u->count; i++) total += expected[i];
    for (size_t i = 0; i < u->count; i++) u->tokens[i].log_p = log(expected[i] / total);
}

// psi(x + 1) = psi(x) + 1/x carries x above 8; there psi(x) = ln x - 1/2x - 1/12x^2 +
// 1/120x^4 - 1/252x^6.
static double digamma(double x) {
    double sum = 0;
    for (; x < 8; x++) sum -= 1 / x;
    double y = 1 / (x * x);
    return sum + log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y / 252));
}

void unigram_digamma_step(Unigram *u, const double *expected) {
    double total = 0;
    for (size_t i = 0; i < u->count; i++) total += expected[i];
    for (size_t i = 0; i < u->count; i++)
        u->tokens[i].log_p =
            expected[i] > 0 ? digamma(expected[i]) - digamma(total) : -INFINITY;
}

// ---- pruning

typedef struct {
    UnigramToken token;
    double worth;
} Candidate;

static int by_text(const void *a, const void *b) {
    const UnigramToken *x = &((const Candidate *)a)->token,
                       *y = &((const Candidate *)b)->token;
    int order = memcmp(x->text, y->text, size_min(x->size, y->size));
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

// Characters first, then by falling worth; equals by their bytes, so that no two are
// equal for qsort.
static int by_worth(const void *a, const void *b) {
    const Candidate *x = a, *y = b;
    if (x->token.character != y->token.character) return x->token.character ? -1 : 1;
    if (x->worth != y->worth) return x->worth > y->worth ? -1 : 1;
    return by_text(a, b);
}

// The characters and the `keep` worthiest others, in the order of their bytes; how
// many.
static size_t select_candidates(Candidate *candidates, size_t n, size_t keep) {
    if (n == 0) return 0;
    qsort(candidates, n, sizeof *candidates, by_worth);
    size_t characters = 0;
    while (characters < n && candidates[characters].token.character) characters++;
    size_t kept = keep < n - characters ? characters + keep : n;
    qsort(candidates, kept, sizeof *candidates, by_text);
    return kept;
}

static Unigram model_of(const Candidate *candidates, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) total += exp(candidates[i].token.log_p);
    UnigramToken *tokens = allocate(n, sizeof *tokens);
    for (size_t i = 0; i < n; i++) {
        tokens[i] = candidates[i].token;
        tokens[i].log_p -= log(total);
    }
    Unigram u = unigram_new(tokens, n);
    free(tokens);
    return u;
}

static double loss_without(Unigram *u, size_t i, double expected) {
    UnigramToken *token = &u->tokens[i];
    double log_p = token->log_p;
    if (log_p == -INFINITY || expected == 0) return 0;
    token->log_p = -INFINITY;
    double best = unigram_viterbi(u, token->text, token->size, NULL, NULL);
    token->log_p = log_p;
    return expected * (log_p - best);
}

void unigram_prune(Unigram *u, const double *expected, size_t keep) {
    Candidate *candidates = allocate(u->count, sizeof *candidates);
    double total = 0;
    for (size_t i = 0; i < u->count; i++) total += expected[i];
    for (size_t i = 0; i < u->count; i++) {
        double worth = u->tokens[i].character ? 0 : loss_without(u, i, expected[i]);
        candidates[i] = (Candidate){u->tokens[i], worth};
        double *log_p = &candidates[i].token.log_p;
        if (u->tokens[i].character) *log_p = fmax(*log_p, log(0.5 / total));
    }
    size_t kept = select_candidates(candidates, u->count, keep);
    Unigram pruned = model_of(candidates, kept);
    free(candidates);
    unigram_free(u);
    *u = pruned;
}

// ---- the seed

typedef struct {
    Candidate *items;
    size_t n, capacity;
} Candidates;

// Every substring of a word of up to `longest` characters, with the word's count as its
// worth.
static void add_substrings(Candidates *c, const WordCount *word, size_t longest) {
    int length;
    for (size_t i = 0; i < word->size; i += (size_t)length) {
        size_t end = i;
        for (size_t characters = 1; characters <= longest && end < word->size;
             characters++) {
            utf8_decode(word->text + end, word->size - end, &length);
            end += (size_t)length;
            reserve(c->items, c->capacity, c->n + 1);
            UnigramToken token = {word->text + i, end - i, 0, characters == 1};
            c->items[c->n++] = (Candidate){token, word->count};
        }
        utf8_decode(word->text + i, word->size - i, &length);
    }
}

// Sorted substrings, equal ones side by side: one of each stays, its count is theirs
// together.
static void unite(Candidates *c) {
    size_t n = 0;
    if (c->n) qsort(c->items, c->n, sizeof *c->items, by_text);
    for (size_t i = 0; i < c->n; i++) {
        if (n && by_text(&c->items[n - 1], &c->items[i]) == 0)
            c->items[n - 1].worth += c->items[i].worth;
        else c->items[n++] = c->items[i];
    }
    c->n = n;
}

static void keep_repeated(Candidates *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        Candidate item = c->items[i];
        if (!item.token.character && item.worth < 2) continue;
        item.token.log_p = log(item.worth);
        item.worth *= (double)item.token.size;
        c->items[n++] = item;
    }
    c->n = n;
}

Unigram unigram_seed(const WordCount *words, size_t n, size_t longest, size_t most) {
    Candidates c = {0};
    for (size_t w = 0; w < n; w++) add_substrings(&c, &words[w], longest);
    unite(&c);
    keep_repeated(&c);
    Unigram u = model_of(c.items, select_candidates(c.items, c.n, most));
    free(c.items);
    return u;
}
