#include "ch04_pretrain/story.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ch03_transformer/word_list.h"
#include "ch04_pretrain/story_compile.h"
#include "common/error.h"

const char *const word_kind_names[] = {"structure", "choice", "answer"};
_Static_assert(sizeof word_kind_names / sizeof *word_kind_names == WORD_KINDS,
               "a name for each kind");

// The entropy of a state's edges, and of the words that are said for the first time.
static double state_entropy(const Story *s, int state) {
    const Automaton *m = &s->grammar.automaton;
    double nats = 0;
    for (int i = m->first[state]; i < m->first[state + 1]; i++) {
        const Edge *e = &m->edges[i];
        nats -= e->chance * log(e->chance);
        bool first = e->says < 0 && !(s->grammar.known[state] >> (-1 - e->says) & 1);
        if (first) nats += e->chance * log(s->class_size[-1 - e->says]);
    }
    return nats;
}

Story story_new(void) {
    Story s = {0};
    story_compile(&s);
    s.entropy = allocate((size_t)s.grammar.automaton.states, sizeof *s.entropy);
    for (int i = 0; i < s.grammar.automaton.states; i++)
        s.entropy[i] = fabs(state_entropy(&s, i));
    return s;
}

void story_free(Story *s) {
    for (int i = 0; i < s->count; i++) free(s->words[i]);
    free(s->words), free(s->entropy);
    unifilar_free(&s->grammar);
    *s = (Story){0};
}

int story_write(const Story *s, Rng *rng, int *text, int most) {
    int word[REGISTERS];
    for (int r = 0; r < REGISTERS; r++)
        word[r] = s->class_begin[r] + rng_below(rng, s->class_size[r]);
    double one = 1;
    Bindings b = {1, REGISTERS, &one, word};
    return automaton_write(&s->grammar.automaton, &b, rng, text, most);
}

// ---- reading

StoryReader story_begin(const Story *s) {
    (void)s;
    StoryReader r = {0, {-1, -1, -1, -1}};
    _Static_assert(REGISTERS == 4, "a register without a first value");
    return r;
}

void story_next(const Story *s, const StoryReader *r, double *p) {
    const Automaton *m = &s->grammar.automaton;
    memset(p, 0, (size_t)s->count * sizeof *p);
    for (int i = m->first[r->state]; i < m->first[r->state + 1]; i++) {
        const Edge *e = &m->edges[i];
        int reg = -1 - e->says;
        if (e->says >= 0) p[e->says] += e->chance;
        else if (r->held[reg] >= 0) p[r->held[reg]] += e->chance;
        else
            for (int w = 0; w < s->class_size[reg]; w++)
                p[s->class_begin[reg] + w] += e->chance / s->class_size[reg];
    }
}

// P(word) by this edge; an unsaid register holds any word of its class.
static double edge_chance(const Story *s, const StoryReader *r, const Edge *e,
                          int word) {
    if (e->says >= 0) return e->says == word ? e->chance : 0;
    int reg = -1 - e->says, within = word - s->class_begin[reg];
    if (r->held[reg] >= 0) return r->held[reg] == word ? e->chance : 0;
    bool inside = within >= 0 && within < s->class_size[reg];
    return inside ? e->chance / s->class_size[reg] : 0;
}

double story_read(const Story *s, StoryReader *r, int word) {
    const Automaton *m = &s->grammar.automaton;
    for (int i = m->first[r->state]; i < m->first[r->state + 1]; i++) {
        const Edge *e = &m->edges[i];
        double p = edge_chance(s, r, e, word);
        if (p == 0) continue;
        if (e->says < 0) r->held[-1 - e->says] = word;
        r->state = e->to;
        if (e->ends) *r = story_begin(s);
        return p;
    }
    return 0;
}

WordKind story_kind(const Story *s, const StoryReader *r) {
    if (s->grammar.marked[r->state]) return WORD_ANSWER;
    return s->entropy[r->state] > 0 ? WORD_CHOICE : WORD_STRUCTURE;
}

// ---- masked words

// Words of a class that were not seen are alike: one stands for all of them.
typedef struct {
    int words[64], count;  // those seen; then, where unseen > 0, one unseen
    int unseen;
} Candidates;

static Candidates candidates_of(const Story *s, int reg, const int *seen, int n) {
    Candidates c = {.unseen = 0};
    int other = -1;
    assert(s->class_size[reg] < 64);
    for (int w = s->class_begin[reg]; w < s->class_begin[reg] + s->class_size[reg];
         w++) {
        bool found = false;
        for (int i = 0; i < n && !found; i++) found = seen[i] == w;
        if (found) c.words[c.count++] = w;
        else other = w, c.unseen++;
    }
    if (c.unseen) c.words[c.count++] = other;
    return c;
}

// All combinations of candidates, each as likely as the words it stands for.
static Bindings bindings_of(const Story *s, const Candidates *c) {
    Bindings b = {.count = 1, .registers = REGISTERS};
    for (int r = 0; r < REGISTERS; r++) b.count *= c[r].count;
    b.weight = allocate((size_t)b.count, sizeof *b.weight);
    b.word = allocate((size_t)b.count * REGISTERS, sizeof *b.word);
    for (int v = 0; v < b.count; v++) {
        b.weight[v] = 1;
        for (int r = 0, rest = v; r < REGISTERS; rest /= c[r++].count) {
            int which = rest % c[r].count;
            bool unseen = c[r].unseen && which == c[r].count - 1;
            b.word[r * b.count + v] = c[r].words[which];
            b.weight[v] *= (double)(unseen ? c[r].unseen : 1) / s->class_size[r];
        }
    }
    return b;
}

// Shares out what the one unseen word got.
static void spread(const Story *s, const Candidates *c, int reg, double *p) {
    if (!c->unseen) return;
    double share = p[c->words[c->count - 1]] / c->unseen;
    for (int w = s->class_begin[reg]; w < s->class_begin[reg] + s->class_size[reg];
         w++) {
        bool seen = false;
        for (int k = 0; k + 1 < c->count; k++) seen |= c->words[k] == w;
        if (!seen) p[w] = share;
    }
}

bool story_mask_posterior(const Story *s, const Corruption *c, const int *seen, int n,
                          double *p) {
    Candidates candidates[REGISTERS];
    for (int r = 0; r < REGISTERS; r++) candidates[r] = candidates_of(s, r, seen, n);
    Bindings b = bindings_of(s, candidates);
    bool possible = automaton_mask_posterior(&s->grammar.automaton, &b, c, seen, n, p);
    bindings_free(&b);
    for (int i = 0; i < n; i++)
        for (int r = 0; r < REGISTERS; r++)
            spread(s, &candidates[r], r, p + (size_t)i * (size_t)s->count);
    return possible;
}

// ---- all stories together

enum { LONGEST = 4096 };  // what is left of stories beyond is below 1e-100

void story_floor(const Story *s, int n, double *nats, double *going) {
    const Automaton *m = &s->grammar.automaton;
    size_t states = (size_t)m->states;
    double *now = allocate(states, sizeof *now), *after = allocate(states, sizeof *now);
    memcpy(now, m->start, states * sizeof *now);
    for (int t = 0; t < n; t++) {
        nats[t] = going[t] = 0;
        for (int i = 0; i < m->states; i++)
            going[t] += now[i], nats[t] += now[i] * s->entropy[i];
        nats[t] /= going[t] > 0 ? going[t] : 1;
        automaton_advance(m, true, now, after);
        double *old = now;
        now = after, after = old;
    }
    free(now), free(after);
}

// visits[states]: how often a story comes through each state, expected.
static void state_visits(const Story *s, double *visits) {
    const Automaton *m = &s->grammar.automaton;
    size_t states = (size_t)m->states;
    double *now = allocate(states, sizeof *now), *after = allocate(states, sizeof *now);
    double left = 1;
    memcpy(now, m->start, states * sizeof *now);
    memset(visits, 0, states * sizeof *visits);
    for (int t = 0; t < LONGEST && left > 1e-17; t++) {
        left = 0;
        for (int i = 0; i < m->states; i++) visits[i] += now[i], left += now[i];
        automaton_advance(m, true, now, after);
        double *old = now;
        now = after, after = old;
    }
    free(now), free(after);
}

StoryTotals story_totals(const Story *s) {
    int states = s->grammar.automaton.states;
    double *visits = allocate((size_t)states, sizeof *visits);
    StoryTotals totals = {0};
    state_visits(s, visits);
    for (int i = 0; i < states; i++) {
        WordKind kind = story_kind(s, &(StoryReader){.state = i});
        totals.words[kind] += visits[i];
        totals.nats[kind] += visits[i] * s->entropy[i];
    }
    free(visits);
    return totals;
}

void story_word_shares(const Story *s, double *p) {
    const Automaton *m = &s->grammar.automaton;
    double *visits = allocate((size_t)m->states, sizeof *visits), total = 0;
    state_visits(s, visits);
    memset(p, 0, (size_t)s->count * sizeof *p);
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        double share = visits[e->from] * e->chance;
        int reg = -1 - e->says;
        total += share;
        if (e->says >= 0) p[e->says] += share;
        for (int w = 0; e->says < 0 && w < s->class_size[reg]; w++)
            p[s->class_begin[reg] + w] += share / s->class_size[reg];
    }
    for (int w = 0; w < s->count; w++) p[w] /= total;
    free(visits);
}

// ---- words

int story_word_id(const Story *s, const char *word, size_t length) {
    for (int i = 0; i < s->count; i++)
        if (strlen(s->words[i]) == length
            && strncasecmp(s->words[i], word, length) == 0)
            return i;
    return -1;
}

void story_print(const Story *s, FILE *out, const int *text, int n) {
    const char *previous = NULL;
    for (int i = 0; i < n; i++) {
        if (text[i] == s->end) {
            previous = previous ? "." : NULL;  // wherever it ended, the next one begins
            continue;
        }
        const char *word = text[i] == MASKED ? "[MASK]" : s->words[text[i]];
        word_print(out, previous, word, true);
        previous = word;
    }
}
