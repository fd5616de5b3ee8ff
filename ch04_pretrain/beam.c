#include "ch04_pretrain/beam.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// What may come after a beam: one more token, or for one that has ended, nothing.
typedef struct {
    int beam, token;  // token -1: it has ended
    int slot;         // of the beam among the predictor's texts
    double log_prob, score;
} Continuation;

enum { NOTHING = -1 };

typedef struct {
    Predictor *p;
    int width, most;
    double power;
    Beams now, next;
    Continuation *list;  // width x symbols, at most
    int count;
    int *parent, *token;  // width: of the predictor's step
    double *log_probs;    // width x symbols
} Search;

static double score_of(const Search *s, double log_prob, int length) {
    return log_prob / pow(length, s->power);
}

static void offer(Search *s, Continuation c) {
    if (c.log_prob > -INFINITY) s->list[s->count++] = c;
}

static void list_continuations(Search *s) {
    s->count = 0;
    for (int b = 0, slot = 0; b < s->now.count; b++) {
        const Beam *beam = &s->now.list[b];
        if (beam->ended) {
            offer(s, (Continuation){b, NOTHING, NOTHING, beam->log_prob, beam->score});
            continue;
        }
        const double *row = s->log_probs + (size_t)slot * (size_t)s->p->symbols;
        for (int x = 0; x < s->p->symbols; x++) {
            double log_prob = beam->log_prob + row[x];
            offer(s, (Continuation){b, x, slot, log_prob,
                                    score_of(s, log_prob, beam->length + 1)});
        }
        slot++;
    }
}

static int better_first(const void *a, const void *b) {
    const Continuation *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return x->beam != y->beam ? x->beam - y->beam : x->token - y->token;
}

static void beam_continue(const Search *s, Beam *to, const Continuation *c) {
    const Beam *from = &s->now.list[c->beam];
    memcpy(to->tokens, from->tokens, (size_t)from->length * sizeof *to->tokens);
    to->length = from->length, to->ended = from->ended;
    to->log_prob = c->log_prob, to->score = c->score;
    if (c->token == NOTHING) return;
    to->tokens[to->length++] = c->token;
    to->ended = c->token == s->p->end;
}

// The best continuations become the beams; returns how many of them have not ended.
static int keep_best(Search *s) {
    qsort(s->list, (size_t)s->count, sizeof *s->list, better_first);
    s->next.count = s->count < s->width ? s->count : s->width;
    int going = 0;
    for (int b = 0; b < s->next.count; b++) {
        beam_continue(s, &s->next.list[b], &s->list[b]);
        if (s->next.list[b].ended) continue;
        s->parent[going] = s->list[b].slot, s->token[going++] = s->list[b].token;
    }
    Beams before = s->now;
    s->now = s->next, s->next = before;
    return going;
}

static Beams beams_new(int width, int most) {
    Beams b = {allocate((size_t)width, sizeof *b.list), width};
    for (int i = 0; i < width; i++)
        b.list[i].tokens = allocate((size_t)most, sizeof(int));
    return b;
}

Beams beam_search(Predictor *p, int width, int most, double length_power) {
    assert(width >= 1 && width <= p->most && most >= 1);
    size_t cells = (size_t)width * (size_t)p->symbols, rows = (size_t)width;
    Search s = {.p = p,
                .width = width,
                .most = most,
                .power = length_power,
                .now = beams_new(width, most),
                .next = beams_new(width, most),
                .list = allocate(cells, sizeof *s.list),
                .parent = allocate(rows, sizeof *s.parent),
                .token = allocate(rows, sizeof *s.token),
                .log_probs = allocate(cells, sizeof *s.log_probs)};
    s.now.count = 1;  // the prompt alone
    p->begin(p, s.log_probs);
    for (int length = 1; length <= most; length++) {
        list_continuations(&s);
        int going = keep_best(&s);
        if (going == 0) break;
        if (length < most) p->step(p, s.parent, s.token, going, s.log_probs);
    }
    s.next.count = width, beams_free(&s.next);
    free(s.list), free(s.parent), free(s.token), free(s.log_probs);
    for (int b = s.now.count; b < width; b++) free(s.now.list[b].tokens);
    return s.now;
}

void beams_free(Beams *b) {
    for (int i = 0; i < b->count; i++) free(b->list[i].tokens);
    free(b->list);
    *b = (Beams){0};
}
