// Automata against brute force: all texts, one by one.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/automaton.h"
#include "ch04_pretrain/hmm.h"
#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/tests/enumerate.h"
#include "ch04_pretrain/unifilar.h"

typedef struct {
    const Automaton *automaton;
    const Bindings *bindings;
} Case;

// Sum over paths and bindings, from the definition; no scaling, no filter.
static double paths(const Case *c, int state, int binding, const int *text, int n) {
    if (n == 0) return 1;
    double sum = 0;
    const Automaton *m = c->automaton;
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        if (e->from != state || edge_word(e, c->bindings, binding) != text[0]) continue;
        for (int v = 0; v < c->bindings->count; v++) {
            double follows = e->ends ? c->bindings->weight[v] : v == binding;
            if (follows > 0)
                sum += e->chance * follows * paths(c, e->to, v, text + 1, n - 1);
        }
    }
    return sum;
}

static double chance(const void *self, const int *text, int n) {
    const Case *c = self;
    double sum = 0;
    for (int s = 0; s < c->automaton->states; s++)
        for (int v = 0; v < c->bindings->count; v++)
            if (c->automaton->start[s] > 0)
                sum += c->automaton->start[s] * c->bindings->weight[v]
                       * paths(c, s, v, text, n);
    return sum;
}

// Probabilities sum to 1; the reader's product is the sum over paths; the next symbol
// is a ratio of two.
static void check_reader(const Case *c, int n) {
    int text[16], symbols = c->automaton->symbols;
    double total = 0, next[16];
    for (long code = 0; code < texts_of(symbols, n); code++) {
        text_of(code, symbols, n, text);
        double exact = chance(c, text, n), product = 1;
        Reader r = reader_new(c->automaton, c->bindings);
        for (int i = 0; i < n && product > 0; i++) {
            reader_next(&r, next);
            double p = next[text[i]], read = reader_read(&r, text[i]);
            cr_assert_float_eq(read, p, 1e-14);
            product *= p;
        }
        cr_assert_float_eq(product, exact, 1e-14);
        total += exact;
        reader_free(&r);
    }
    cr_assert_float_eq(total, 1, 1e-12);
}

static void check_posterior(const Case *c, Rng *rng, int n) {
    const Corruption kinds[] = {
        BERT_CORRUPTION, {0.6, 0.5, 0.3}, {0.5, 0.0, 0.5}, ERASURE(0.4)};
    int text[16], seen[16], symbols = c->automaton->symbols;
    bool selected[16];
    double got[256], want[256];
    for (int t = 0; t < 24; t++) {
        const Corruption *k = &kinds[t % 4];
        automaton_write(c->automaton, c->bindings, rng, text, n);
        corrupt(k, rng, symbols, text, n, seen, selected);
        cr_assert(automaton_mask_posterior(c->automaton, c->bindings, k, seen, n, got));
        enumerate_posterior(chance, c, symbols, k, seen, n, want);
        for (int i = 0; i < n; i++) {
            // ERASURE: a place that shows its symbol was not selected
            if (seen[i] != MASKED && k->mask == 1) continue;
            for (int u = 0; u < symbols; u++)
                cr_assert_float_eq(got[i * symbols + u], want[i * symbols + u], 1e-13,
                                   "text %d, place %d: %g, not %g", t, i,
                                   got[i * symbols + u], want[i * symbols + u]);
        }
    }
}

Test(automaton, markov_of_every_order) {
    Rng rng = rng_new(1);
    for (int order = 0; order <= 3; order++) {
        Markov m = markov_random(&rng, 3, order, 0.7, 0.01);
        Case c = {&m.automaton, &ALWAYS};
        check_reader(&c, 5), check_posterior(&c, &rng, 6);
        markov_free(&m);
    }
}

Test(automaton, hidden_markov) {
    Rng rng = rng_new(2);
    Hmm mess = hmm_mess3(0.05, 0.85);
    Hmm two =
        hmm_classic((double[]){.9, .1, .2, .8}, (double[]){.85, .15, .3, .7}, 2, 2);
    Case c = {&mess.automaton, &ALWAYS}, d = {&two.automaton, &ALWAYS};
    check_reader(&c, 5), check_posterior(&c, &rng, 6);
    check_reader(&d, 7), check_posterior(&d, &rng, 7);
    hmm_free(&mess), hmm_free(&two);
}

// Two names and two toys: "N T. N T." or "N. T N.", . ends; N and T are registers.
// Words: 0 1 names, 2 3 toys, 4 the end.
static const Edge tiny_edges[] = {{0, 1, SAYS_REGISTER(0), 0.6, false},
                                  {0, 4, SAYS_REGISTER(0), 0.4, false},
                                  {1, 2, SAYS_REGISTER(1), 1, false},
                                  {2, 3, SAYS_REGISTER(0), 1, false},
                                  {3, 0, 4, 0.7, true},
                                  {3, 2, SAYS_REGISTER(1), 0.3, false},
                                  {4, 0, 4, 0.5, true},
                                  {4, 3, SAYS_REGISTER(1), 0.5, false}};

static Automaton tiny(void) {
    const double start[] = {1, 0, 0, 0, 0};
    return automaton_new(5, 5, tiny_edges, 8, start);
}
static Bindings tiny_bindings(void) {
    static const int words[2][4] = {{0, 0, 1, 1}, {2, 3, 2, 3}};
    static const double weight[] = {.4, .1, .3, .2};
    Bindings b = {4, 2, malloc(sizeof weight), malloc(sizeof words)};
    for (int v = 0; v < 4; v++) {
        b.weight[v] = weight[v];
        for (int r = 0; r < 2; r++) b.word[r * 4 + v] = words[r][v];
    }
    return b;
}

Test(automaton, registers_and_ends) {
    Rng rng = rng_new(3);
    Automaton m = tiny();
    Bindings b = tiny_bindings();
    Case c = {&m, &b};
    check_reader(&c, 6), check_posterior(&c, &rng, 6);
    automaton_free(&m), bindings_free(&b);
}

// The tiny automaton's first two edges say the same. Made unifilar, it gives the same
// probabilities, and no state says anything twice.
Test(automaton, unifilar) {
    Automaton m = tiny();
    Bindings b = tiny_bindings();
    bool marked[5] = {false, false, false, true, false};
    Unifilar u = unifilar_new(&m, marked, 100);
    Case before = {&m, &b}, after = {&u.automaton, &b};
    int text[7];
    for (long code = 0; code < texts_of(5, 7); code++) {
        text_of(code, 5, 7, text);
        cr_assert_float_eq(chance(&before, text, 7), chance(&after, text, 7), 1e-15);
    }
    for (int s = 0; s < u.automaton.states; s++) {
        double total = 0;
        for (int i = u.automaton.first[s]; i < u.automaton.first[s + 1]; i++) {
            total += u.automaton.edges[i].chance;
            for (int j = u.automaton.first[s]; j < i; j++)
                cr_assert_neq(u.automaton.edges[i].says, u.automaton.edges[j].says);
        }
        cr_assert_float_eq(total, 1, 1e-12);
    }
    cr_assert_eq(u.known[0], 0);
    automaton_free(&m), bindings_free(&b), unifilar_free(&u);
}

// What cannot be is said to be so, and the reader stays where it was.
Test(automaton, impossible) {
    Automaton m = tiny();
    Bindings b = tiny_bindings();
    Reader r = reader_new(&m, &b);
    double p[2 * 5];
    double end = reader_read(&r, 4), name = reader_read(&r, 0);
    cr_assert_eq(end, 0);
    cr_assert_float_eq(name, 0.5, 1e-15);
    Corruption c = ERASURE(0.5);
    int seen[] = {4, MASKED};
    cr_assert_not(automaton_mask_posterior(&m, &b, &c, seen, 2, p));
    reader_free(&r), automaton_free(&m), bindings_free(&b);
}

static double log_sum(const Case *c, int n) {
    int text[16];
    double h = 0;
    for (long code = 0; code < texts_of(c->automaton->symbols, n); code++) {
        text_of(code, c->automaton->symbols, n, text);
        double p = chance(c, text, n);
        if (p > 0) h -= p * log(p);
    }
    return h;
}

// F_n and the entropy rate of a Markov source; the upper bound of a hidden one.
Test(automaton, entropies_by_enumeration) {
    Rng rng = rng_new(4);
    for (int order = 0; order <= 3; order++) {
        Markov m = markov_random(&rng, 3, order, 0.7, 0.01);
        Case c = {&m.automaton, &ALWAYS};
        for (int n = 1; n <= 6; n++)
            cr_assert_float_eq(markov_block_entropy(&m, n),
                               log_sum(&c, n) - (n > 1 ? log_sum(&c, n - 1) : 0),
                               1e-11);
        cr_assert_float_eq(markov_entropy_rate(&m), markov_block_entropy(&m, order + 1),
                           1e-12);
        markov_free(&m);
    }
    Hmm h = hmm_mess3(0.05, 0.85);
    Case c = {&h.automaton, &ALWAYS};
    cr_assert_float_eq(hmm_upper(&h, 5), log_sum(&c, 5) - log_sum(&c, 4), 1e-12);
    hmm_free(&h);
}

// Example A = [.9 .1; .2 .8], B = [.85 .15; .3 .7]: the bounds at n = 6 and 14.
Test(automaton, sandwich) {
    Hmm h = hmm_classic((double[]){.9, .1, .2, .8}, (double[]){.85, .15, .3, .7}, 2, 2);
    cr_assert_float_eq(hmm_upper(&h, 6), .60652, 5e-6);
    cr_assert_float_eq(hmm_lower(&h, 6), .60616, 5e-6);
    cr_assert_float_eq(hmm_upper(&h, 14), .60647, 5e-6);
    cr_assert_float_eq(hmm_lower(&h, 14), .60647, 5e-6);
    // told the state, one loses least: n = 1 is the mean entropy of what states say
    double low = 2.0 / 3 * -(.85 * log(.85) + .15 * log(.15))
                 + 1.0 / 3 * -(.3 * log(.3) + .7 * log(.7));
    cr_assert_float_eq(hmm_lower(&h, 1), low, 1e-14);
    hmm_free(&h);
}

Test(automaton, written_frequencies) {
    enum { TEXTS = 40000 };
    Rng rng = rng_new(5);
    Automaton m = tiny();
    Bindings b = tiny_bindings();
    Case c = {&m, &b};
    int text[4], counts[5 * 5 * 5] = {0};
    for (int t = 0; t < TEXTS; t++) {
        int n = automaton_write(&m, &b, &rng, text, 3);
        if (n == 3) counts[(text[0] * 5 + text[1]) * 5 + text[2]]++;
        else cr_assert_eq(text[n - 1], 4);
    }
    for (int code = 0; code < 125; code++) {
        text_of(code, 5, 3, text);
        if (text[0] == 4 || text[1] == 4) continue;
        double p = chance(&c, text, 3);
        cr_assert_float_eq(counts[code] / (double)TEXTS, p,
                           5 * sqrt(p * (1 - p) / TEXTS));
    }
    automaton_free(&m), bindings_free(&b);
}
