#include "ch04_pretrain/ngram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/small.h"

// ---- the tree

static uint64_t key_of(uint32_t parent, int token) {
    return (uint64_t)parent << 32 | (uint32_t)token;
}

static size_t slot_of(const Ngram *g, uint64_t key) {
    uint64_t h = key * 0x9e3779b97f4a7c15u;  // Fibonacci hashing
    size_t slot = (size_t)(h ^ h >> 32) & g->mask;
    while (g->slots[slot] && g->keys[slot] != key) slot = (slot + 1) & g->mask;
    return slot;
}

static void grow(Ngram *g) {
    size_t old = g->mask ? g->mask + 1 : 0, size = old ? 2 * old : 1024;
    uint64_t *keys = g->keys;
    uint32_t *slots = g->slots;
    g->keys = allocate(size, sizeof *g->keys), g->slots = allocate(size, sizeof *slots);
    g->mask = size - 1;
    for (size_t i = 0; i < old; i++) {
        if (!slots[i]) continue;
        size_t to = slot_of(g, keys[i]);
        g->keys[to] = keys[i], g->slots[to] = slots[i];
    }
    free(keys), free(slots);
}

// The node, or 0.
static uint32_t find(const Ngram *g, uint32_t parent, int token) {
    return g->slots[slot_of(g, key_of(parent, token))];
}

static uint32_t node_new(Ngram *g, uint32_t parent) {
    reserve(g->nodes, g->node_capacity, g->node_count + 1);
    g->nodes[g->node_count] = (NgramNode){.parent = parent};
    if (g->node_count == UINT32_MAX) die("n-grams: more than 2^32 different ones");
    return (uint32_t)g->node_count++;
}

static uint32_t find_or_add(Ngram *g, uint32_t parent, int token, bool *added) {
    if (2 * g->node_count > g->mask) grow(g);
    size_t slot = slot_of(g, key_of(parent, token));
    *added = g->slots[slot] == 0;
    if (*added) {
        g->keys[slot] = key_of(parent, token);
        g->slots[slot] = node_new(g, parent);
    }
    return g->slots[slot];
}

// ---- counting

// The token that documents begin with; never predicted.
static int begin_token(const Ngram *g) { return g->vocabulary; }

Ngram ngram_new(int order, int vocabulary) {
    assert(order >= 1 && order < NGRAM_MOST && vocabulary >= 1);
    Ngram g = {.order = order, .vocabulary = vocabulary};
    node_new(&g, 0);
    grow(&g);
    bool added;
    for (int i = 1, node = 0; i < order; i++)
        node = (int)find_or_add(&g, (uint32_t)node, begin_token(&g), &added);
    return g;
}

NgramReader ngram_begin(const Ngram *g) {
    NgramReader r = {.known = g->order};
    for (int i = 1; i < g->order; i++)
        r.node[i] = find(g, r.node[i - 1], begin_token(g));
    return r;
}

void ngram_add(Ngram *g, const int *text, size_t n) {
    assert(!g->finished);
    NgramReader r = ngram_begin(g);
    for (size_t i = 0; i < n; i++) {
        assert(text[i] >= 0 && text[i] < g->vocabulary);
        uint32_t now[NGRAM_MOST + 1] = {0};
        for (int length = 1; length <= g->order; length++) {
            bool added;
            now[length] = find_or_add(g, r.node[length - 1], text[i], &added);
            g->nodes[now[length]].count++;
            // a new token in front of the one that is one shorter
            if (added) g->nodes[now[length - 1]].different++;
        }
        for (int length = 1; length < g->order; length++) r.node[length] = now[length];
    }
}

// ---- discounts

static int length_of(const Ngram *g, uint32_t node) {
    int length = 0;
    for (; node; node = g->nodes[node].parent) length++;
    return length;
}

static uint32_t used_count(const Ngram *g, const NgramNode *node, int length) {
    return length == g->order ? node->count : node->different;
}

static void set_discounts(double *discount, const double *n) {
    double y = n[1] > 0 ? n[1] / (n[1] + 2 * n[2]) : 0.5;
    bool usual = n[1] > 0 && n[2] > 0 && n[3] > 0;
    for (int c = 1; c <= 3 && usual; c++) {
        discount[c] = c - (c + 1) * y * n[c + 1] / n[c];
        usual = discount[c] > 0 && n[c + 1] > 0;
    }
    for (int c = 1; c <= 3 && !usual; c++) discount[c] = y;
}

void ngram_finish(Ngram *g) {
    double counts[NGRAM_MOST + 1][5] = {0};
    for (uint32_t i = 1; i < g->node_count; i++) {
        const NgramNode *node = &g->nodes[i];
        if (!node->count) continue;  // the beginning of documents
        NgramNode *parent = &g->nodes[node->parent];
        int length = length_of(g, i);
        uint32_t c = used_count(g, node, length);
        parent->total += c, parent->raw_total += node->count;
        parent->ones += c == 1, parent->twos += c == 2, parent->more += c > 2;
        if (c <= 4) counts[length][c]++;
    }
    for (int length = 1; length <= g->order; length++)
        set_discounts(g->discount[length], counts[length]);
    g->finished = true;
}

void ngram_free(Ngram *g) {
    free(g->nodes), free(g->keys), free(g->slots);
    *g = (Ngram){0};
}

// ---- probabilities

void ngram_read(const Ngram *g, NgramReader *r, int token) {
    uint32_t now[NGRAM_MOST];
    int known = 1;
    for (; known < g->order && known - 1 < r->known; known++) {
        now[known] = find(g, r->node[known - 1], token);
        if (!now[known]) break;
    }
    for (int i = 1; i < known; i++) r->node[i] = now[i];
    r->known = known;
}

// One step of the recursion: from p of the shorter history to p of this one.
static double refine(const Ngram *g, uint32_t history, int length, int token,
                     double p) {
    const NgramNode *h = &g->nodes[history];
    const double *d = g->discount[length];
    uint32_t node = find(g, history, token);
    uint32_t c = node ? used_count(g, &g->nodes[node], length) : 0;
    double left = d[1] * h->ones + d[2] * h->twos + d[3] * h->more;
    return (c - d[int_min((int)c, 3)] + left * p) / h->total;
}

double ngram_kneser_ney(const Ngram *g, const NgramReader *r, int order, int token) {
    assert(g->finished && order <= g->order);
    double p = 1.0 / g->vocabulary;
    // a history that was never followed by anything adds nothing
    for (int length = 1; length <= int_min(order, r->known); length++)
        if (g->nodes[r->node[length - 1]].total)
            p = refine(g, r->node[length - 1], length, token, p);
    return p;
}

double ngram_add_k(const Ngram *g, const NgramReader *r, int order, double k,
                   int token) {
    double total = 0, count = 0;
    if (order <= r->known) {
        uint32_t history = r->node[order - 1], node = find(g, history, token);
        total = g->nodes[history].raw_total;
        count = node ? g->nodes[node].count : 0;
    }
    return (count + k) / (total + k * g->vocabulary);
}

double ngram_nats(const Ngram *g, const int *text, size_t n) {
    NgramReader r = ngram_begin(g);
    double nats = 0;
    for (size_t i = 0; i < n; i++) {
        nats -= log(ngram_kneser_ney(g, &r, g->order, text[i]));
        ngram_read(g, &r, text[i]);
    }
    return nats;
}

double ngram_bits_per_byte(double nats, size_t bytes) {
    return nats / log(2) / (double)bytes;
}
