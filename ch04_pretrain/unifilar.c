#include "ch04_pretrain/unifilar.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

typedef struct {
    int state;
    double weight;
} Share;

typedef struct {
    Share *shares;  // by state, weights sum to 1
    int count;
    unsigned known;
} Belief;

typedef struct {
    const Automaton *automaton;
    Belief *beliefs;
    int count, most;
    Edge *edges;
    size_t edge_count, edge_capacity;
    double *weight;  // [states], zero between calls
} Work;

static bool same(const Belief *a, const Belief *b) {
    if (a->count != b->count || a->known != b->known) return false;
    for (int i = 0; i < a->count; i++)
        if (a->shares[i].state != b->shares[i].state
            || fabs(a->shares[i].weight - b->shares[i].weight) > 1e-9)
            return false;
    return true;
}

// The belief in w->weight, scaled; an old one where there is one. Empties the weights.
static int belief_of(Work *w, double total, unsigned known) {
    const int states = w->automaton->states;
    Belief b = {allocate((size_t)states, sizeof *b.shares), 0, known};
    for (int s = 0; s < states; s++)
        if (w->weight[s] > 0) b.shares[b.count++] = (Share){s, w->weight[s] / total};
    memset(w->weight, 0, (size_t)states * sizeof *w->weight);
    b.shares = reallocate(b.shares, (size_t)b.count, sizeof *b.shares);
    for (int i = 0; i < w->count; i++)
        if (same(&b, &w->beliefs[i])) {
            free(b.shares);
            return i;
        }
    assert(w->count < w->most && "unifilar_new: more beliefs than expected");
    w->beliefs[w->count] = b;
    return w->count++;
}

// What a belief says next, gathered from its states' edges: chance by (says, ends).
typedef struct {
    int says;
    bool ends;
    double chance;
} Saying;

static int sayings_of(const Work *w, const Belief *b, Saying *sayings) {
    const Automaton *m = w->automaton;
    int count = 0;
    for (int i = 0; i < b->count; i++) {
        int s = b->shares[i].state;
        for (const Edge *e = m->edges + m->first[s]; e < m->edges + m->first[s + 1];
             e++) {
            int k = 0;
            while (k < count && sayings[k].says != e->says) k++;
            if (k == count) sayings[count++] = (Saying){e->says, e->ends, 0};
            assert(sayings[k].ends == e->ends);
            sayings[k].chance += b->shares[i].weight * e->chance;
        }
    }
    return count;
}

static int belief_after(Work *w, int from, const Saying *saying) {
    const Automaton *m = w->automaton;
    const Belief *b = &w->beliefs[from];
    unsigned known = saying->ends ? 0 : b->known;
    if (saying->says < 0 && !saying->ends) known |= 1u << (-1 - saying->says);
    for (int i = 0; i < b->count; i++) {
        int s = b->shares[i].state;
        for (const Edge *e = m->edges + m->first[s]; e < m->edges + m->first[s + 1];
             e++)
            if (e->says == saying->says)
                w->weight[e->to] += b->shares[i].weight * e->chance;
    }
    return belief_of(w, saying->chance, known);
}

static void explore(Work *w) {
    Saying *sayings = allocate((size_t)w->automaton->edge_count, sizeof *sayings);
    for (int from = 0; from < w->count; from++) {
        int count = sayings_of(w, &w->beliefs[from], sayings);
        for (int k = 0; k < count; k++) {
            int to = belief_after(w, from, &sayings[k]);
            reserve(w->edges, w->edge_capacity, w->edge_count + 1);
            w->edges[w->edge_count++] =
                (Edge){from, to, sayings[k].says, sayings[k].chance, sayings[k].ends};
        }
    }
    free(sayings);
}

static bool all_marked(const Belief *b, const bool *marked) {
    bool all = true;
    for (int i = 0; i < b->count; i++) all &= marked[b->shares[i].state];
    return all;
}

Unifilar unifilar_new(const Automaton *m, const bool *marked, int most) {
    Work w = {.automaton = m, .most = most};
    w.beliefs = allocate((size_t)most, sizeof *w.beliefs);
    w.weight = allocate((size_t)m->states, sizeof *w.weight);
    memcpy(w.weight, m->start, (size_t)m->states * sizeof *m->start);
    belief_of(&w, 1, 0);
    explore(&w);
    size_t states = (size_t)w.count;
    double *start = allocate(states, sizeof *start);
    start[0] = 1;
    Unifilar u = {automaton_new(m->symbols, w.count, w.edges, (int)w.edge_count, start),
                  allocate(states, sizeof *u.known),
                  allocate(states, sizeof *u.marked)};
    for (int i = 0; i < w.count; i++) {
        u.known[i] = w.beliefs[i].known;
        u.marked[i] = all_marked(&w.beliefs[i], marked);
        free(w.beliefs[i].shares);
    }
    free(w.beliefs), free(w.weight), free(w.edges), free(start);
    return u;
}

void unifilar_free(Unifilar *u) {
    automaton_free(&u->automaton);
    free(u->known), free(u->marked);
    *u = (Unifilar){0};
}
