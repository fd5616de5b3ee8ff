#include "ch04_pretrain/markov.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/source.h"
#include "ch04_pretrain/dirichlet.h"
#include "ch04_pretrain/entropy.h"
#include "common/error.h"

static int power(int base, int exponent) {
    int result = 1;
    while (exponent-- > 0) result *= base;
    return result;
}

// Contexts of k symbols as the symbols of a chain of order 1: after c comes the last k
// symbols of c x.
static void find_stationary(Markov *m) {
    int contexts = power(m->symbols, m->order);
    double *chain = allocate((size_t)contexts * (size_t)contexts, sizeof *chain);
    for (int c = 0; c < contexts; c++)
        for (int x = 0; x < m->symbols; x++)
            chain[c * contexts + (c * m->symbols + x) % contexts] +=
                m->rows[c * m->symbols + x];
    Source source = source_new(chain, contexts);
    memcpy(m->stationary, source.stationary, (size_t)contexts * sizeof *chain);
    source_free(&source);
    free(chain);
}

// Contexts of length l are states offset(l) .. ; offset(l) = 1 + V + .. + V^(l-1).
static int offset_of(int symbols, int length) {
    int offset = 0;
    for (int l = 0; l < length; l++) offset += power(symbols, l);
    return offset;
}

// pi of the blocks of `length` <= k symbols: a block begins pi's contexts.
static double block_chance(const Markov *m, int block, int length) {
    int rest = power(m->symbols, m->order - length);
    double total = 0;
    for (int c = block * rest; c < (block + 1) * rest; c++) total += m->stationary[c];
    return total;
}

static int shorter_edges(const Markov *m, Edge *edge) {
    int count = 0;
    for (int length = 0; length < m->order; length++)
        for (int c = 0; c < power(m->symbols, length); c++)
            for (int x = 0; x < m->symbols; x++) {
                int next = c * m->symbols + x;
                double chance =
                    block_chance(m, next, length + 1) / block_chance(m, c, length);
                edge[count++] =
                    (Edge){offset_of(m->symbols, length) + c,
                           offset_of(m->symbols, length + 1) + next, x, chance, false};
            }
    return count;
}

static void build_automaton(Markov *m) {
    int contexts = power(m->symbols, m->order),
        offset = offset_of(m->symbols, m->order);
    int states = offset + contexts;
    Edge *edges = allocate((size_t)states * (size_t)m->symbols, sizeof *edges);
    int count = shorter_edges(m, edges);
    for (int c = 0; c < contexts; c++)
        for (int x = 0; x < m->symbols; x++)
            edges[count++] =
                (Edge){offset + c, offset + (c * m->symbols + x) % contexts, x,
                       m->rows[c * m->symbols + x], false};
    double *start = allocate((size_t)states, sizeof *start);
    start[0] = 1;
    m->automaton = automaton_new(m->symbols, states, edges, count, start);
    free(edges), free(start);
}

Markov markov_new(int symbols, int order, const double *rows) {
    int contexts = power(symbols, order);
    assert(symbols >= 1 && order >= 0 && contexts <= 1024);
    size_t cells = (size_t)contexts * (size_t)symbols;
    Markov m = {symbols, order, allocate(cells, sizeof *rows),
                allocate((size_t)contexts, sizeof *rows)};
    memcpy(m.rows, rows, cells * sizeof *rows);
    find_stationary(&m);
    build_automaton(&m);
    return m;
}

Markov markov_random(Rng *rng, int symbols, int order, double a, double least) {
    assert(least >= 0 && least * symbols < 1);
    int contexts = power(symbols, order);
    double *rows = allocate((size_t)contexts * (size_t)symbols, sizeof *rows);
    for (int c = 0; c < contexts; c++) {
        double *row = rows + c * symbols;
        rng_dirichlet(rng, a, row, symbols);
        for (int x = 0; x < symbols; x++)
            row[x] = (1 - least * symbols) * row[x] + least;
    }
    Markov m = markov_new(symbols, order, rows);
    free(rows);
    return m;
}

void markov_free(Markov *m) {
    free(m->rows), free(m->stationary);
    automaton_free(&m->automaton);
    *m = (Markov){0};
}

double markov_entropy_rate(const Markov *m) {
    double h = 0;
    for (int c = 0; c < power(m->symbols, m->order); c++)
        h += m->stationary[c] * entropy(m->rows + c * m->symbols, m->symbols);
    return h;
}

// H(n-block) - H((n-1)-block): within the first k symbols blocks are parts of contexts,
// beyond them every symbol adds h.
double markov_block_entropy(const Markov *m, int n) {
    if (n > m->order) return markov_entropy_rate(m);
    double difference = 0;
    for (int length = n - 1; length <= n; length++) {
        double sign = length == n ? 1 : -1;
        for (int block = 0; block < power(m->symbols, length); block++) {
            double p = block_chance(m, block, length);
            difference -= sign * p * log(p);
        }
    }
    return difference;
}
