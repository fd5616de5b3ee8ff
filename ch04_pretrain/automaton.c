#include "ch04_pretrain/automaton.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

static double always_weight[] = {1};
const Bindings ALWAYS = {1, 0, always_weight, NULL};

Automaton automaton_new(int symbols, int states, const Edge *edges, int count,
                        const double *start) {
    Automaton m = {symbols, states, count};
    m.edges = allocate((size_t)count, sizeof *m.edges);
    m.first = allocate((size_t)states + 1, sizeof *m.first);
    m.start = allocate((size_t)states, sizeof *m.start);
    memcpy(m.start, start, (size_t)states * sizeof *start);
    for (int i = 0; i < count; i++) m.first[edges[i].from + 1]++;
    for (int s = 0; s < states; s++) m.first[s + 1] += m.first[s];
    for (int i = 0; i < count; i++) m.edges[m.first[edges[i].from]++] = edges[i];
    for (int s = states; s > 0; s--) m.first[s] = m.first[s - 1];
    m.first[0] = 0;
    return m;
}

void automaton_free(Automaton *m) {
    free(m->edges), free(m->first), free(m->start);
    *m = (Automaton){0};
}

void bindings_free(Bindings *b) {
    if (b->weight != always_weight) free(b->weight);
    free(b->word);
    *b = (Bindings){0};
}

// ---- writing

static const Edge *edge_draw(const Automaton *m, Rng *rng, int state) {
    double u = rng_uniform(rng);
    int i = m->first[state], last = m->first[state + 1] - 1;
    for (; i < last && (u -= m->edges[i].chance) >= 0; i++) {}
    return &m->edges[i];
}

int automaton_write(const Automaton *m, const Bindings *b, Rng *rng, int *text,
                    int most) {
    int state = rng_categorical(rng, m->start, m->states);
    int binding = rng_categorical(rng, b->weight, b->count);
    for (int i = 0; i < most; i++) {
        const Edge *e = edge_draw(m, rng, state);
        text[i] = edge_word(e, b, binding);
        state = e->to;
        if (e->ends) return i + 1;
    }
    return most;
}

// ---- forward

static size_t cells(const Automaton *m, const Bindings *b) {
    return (size_t)m->states * (size_t)b->count;
}

static void begin(const Automaton *m, const Bindings *b, double *belief) {
    for (int s = 0; s < m->states; s++)
        for (int v = 0; v < b->count; v++)
            belief[s * b->count + v] = m->start[s] * b->weight[v];
}

// One edge of the forward step. At a document's end the binding is forgotten.
static void follow(const Edge *e, const Bindings *b, const Channel *channel, int seen,
                   const double *from, double *to) {
    double over = 0;
    for (int v = 0; v < b->count; v++) {
        if (from[v] == 0) continue;
        double mass = from[v] * e->chance;
        mass *= channel_at(channel, seen, edge_word(e, b, v));
        if (e->ends) over += mass;
        else to[v] += mass;
    }
    if (over > 0)
        for (int v = 0; v < b->count; v++) to[v] += over * b->weight[v];
}

// after(t) = sum over edges s -> t of before(s) P(edge) P(seen | its word); returns the
// sum, which is P(seen | what was seen before), and divides by it.
static double step(const Automaton *m, const Bindings *b, const Channel *channel,
                   int seen, const double *before, double *after) {
    size_t size = cells(m, b);
    memset(after, 0, size * sizeof *after);
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        follow(e, b, channel, seen, before + e->from * b->count,
               after + e->to * b->count);
    }
    double total = 0;
    for (size_t i = 0; i < size; i++) total += after[i];
    for (size_t i = 0; i < size && total > 0; i++) after[i] /= total;
    return total;
}

Reader reader_new(const Automaton *m, const Bindings *b) {
    size_t size = cells(m, b);
    Reader r = {m, b, allocate(size, sizeof(double)), allocate(size, sizeof(double))};
    begin(m, b, r.belief);
    return r;
}

void reader_free(Reader *r) {
    free(r->belief), free(r->spare);
    *r = (Reader){0};
}

void reader_next(const Reader *r, double *p) {
    const Automaton *m = r->automaton;
    const Bindings *b = r->bindings;
    memset(p, 0, (size_t)m->symbols * sizeof *p);
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        const double *belief = r->belief + e->from * b->count;
        for (int v = 0; v < b->count; v++)
            if (belief[v] > 0) p[edge_word(e, b, v)] += belief[v] * e->chance;
    }
}

double reader_read(Reader *r, int symbol) {
    Channel clean = CLEAN;
    double p = step(r->automaton, r->bindings, &clean, symbol, r->belief, r->spare);
    if (!(p > 0)) return 0;
    double *old = r->belief;
    r->belief = r->spare, r->spare = old;
    return p;
}

// ---- backward

// before(s) = sum over edges s -> t of P(edge) P(seen | its word) after(t), scaled so
// that the largest is 1: only ratios count.
static void step_back(const Automaton *m, const Bindings *b, const Channel *channel,
                      int seen, const double *after, double *before) {
    size_t size = cells(m, b);
    memset(before, 0, size * sizeof *before);
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        const double *to = after + e->to * b->count;
        double *from = before + e->from * b->count, fresh = 0;
        for (int v = 0; v < b->count && e->ends; v++) fresh += b->weight[v] * to[v];
        for (int v = 0; v < b->count; v++)
            from[v] += e->chance * channel_at(channel, seen, edge_word(e, b, v))
                       * (e->ends ? fresh : to[v]);
    }
    double most = 0;
    for (size_t i = 0; i < size; i++) most = fmax(most, before[i]);
    for (size_t i = 0; i < size && most > 0; i++) before[i] /= most;
}

// The weight of each word at one position given what was seen at all others.
static void gather(const Automaton *m, const Bindings *b, const double *before,
                   const double *after, double *p) {
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        const double *from = before + e->from * b->count;
        const double *to = after + e->to * b->count;
        double fresh = 0;
        for (int v = 0; v < b->count && e->ends; v++) fresh += b->weight[v] * to[v];
        for (int v = 0; v < b->count; v++)
            if (from[v] > 0)
                p[edge_word(e, b, v)] +=
                    from[v] * e->chance * (e->ends ? fresh : to[v]);
    }
}

static void weigh_and_normalise(const Channel *selected, int seen, double *p, int n) {
    double total = 0;
    for (int x = 0; x < n; x++) total += p[x] *= channel_at(selected, seen, x);
    for (int x = 0; x < n && total > 0; x++) p[x] /= total;
}

bool automaton_mask_posterior(const Automaton *m, const Bindings *b,
                              const Corruption *c, const int *seen, int n, double *p) {
    size_t size = cells(m, b), width = (size_t)m->symbols;
    Channel any = channel_of(c, m->symbols), chosen = channel_selected(c, m->symbols);
    double *forward = allocate((size_t)(n + 1) * size, sizeof *forward);
    double *after = allocate(size, sizeof *after),
           *spare = allocate(size, sizeof *spare);
    bool possible = true;
    begin(m, b, forward);
    for (int i = 0; i < n; i++)
        possible &= step(m, b, &any, seen[i], forward + (size_t)i * size,
                         forward + (size_t)(i + 1) * size)
                    > 0;
    for (size_t i = 0; i < size; i++) after[i] = 1;
    memset(p, 0, (size_t)n * width * sizeof *p);
    for (int i = n; i-- > 0;) {
        gather(m, b, forward + (size_t)i * size, after, p + (size_t)i * width);
        weigh_and_normalise(&chosen, seen[i], p + (size_t)i * width, m->symbols);
        step_back(m, b, &any, seen[i], after, spare);
        double *old = after;
        after = spare, spare = old;
    }
    free(forward), free(after), free(spare);
    return possible;
}

// ---- the state

void automaton_advance(const Automaton *m, bool once, const double *occupied,
                       double *after) {
    memset(after, 0, (size_t)m->states * sizeof *after);
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        if (!once || !e->ends) after[e->to] += occupied[e->from] * e->chance;
    }
}
