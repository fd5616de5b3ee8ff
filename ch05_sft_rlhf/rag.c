#include "ch05_sft_rlhf/rag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/optimal_policy.h"

const char *const rag_names[] = {"sequence", "fast", "token", NULL};
_Static_assert(sizeof rag_names / sizeof *rag_names == RAG_KINDS + 1,
               "a name for each kind");

// ---- the two sums

double rag_sequence(const double *log_prior, const double *log_probs, int facts,
                    int tokens) {
    double *joint = allocate((size_t)facts, sizeof *joint);
    for (int z = 0; z < facts; z++) {
        joint[z] = log_prior[z];
        for (int i = 0; i < tokens; i++) joint[z] += log_probs[z * tokens + i];
    }
    double sum = log_sum(joint, facts);
    free(joint);
    return sum;
}

double rag_token(const double *log_prior, const double *log_probs, int facts,
                 int tokens) {
    double *joint = allocate((size_t)facts, sizeof *joint), sum = 0;
    for (int i = 0; i < tokens; i++) {
        for (int z = 0; z < facts; z++)
            joint[z] = log_prior[z] + log_probs[z * tokens + i];
        sum += log_sum(joint, facts);
    }
    free(joint);
    return sum;
}

// ---- of readers

// ln p of each token of an answer, from one reader: to[count].
static void read_along(Predictor *p, const int *answer, int count, double *to) {
    double *next = allocate((size_t)p->symbols, sizeof *next);
    p->begin(p, next);
    for (int i = 0; i < count; i++) {
        to[i] = next[answer[i]];
        if (i + 1 < count) p->step(p, (int[]){0}, &answer[i], 1, next);
    }
    free(next);
}

// to [facts x count]: ln p of each token of an answer, under each fact. One of the readers
// may go on with one text at a time.
static void rag_log_probs(const Rag *r, const int *answer, int count, double *to) {
    for (int z = 0; z < r->facts; z++)
        read_along(&r->readers[z], answer, count, to + (size_t)z * (size_t)count);
}

double rag_log_prob(const Rag *r, RagKind kind, const int *answer, int count) {
    double *each = allocate((size_t)r->facts * (size_t)count + 1, sizeof *each);
    rag_log_probs(r, answer, count, each);
    double sum = (kind == RAG_TOKEN ? rag_token : rag_sequence)(r->log_prior, each,
                                                                r->facts, count);
    free(each);
    return sum;
}

// ---- RAG-Token as a predictor

typedef struct {
    const Rag *rag;
    double *each;  // facts x (most x symbols)
    double *joint;
} Mixture;

static void mix(const Predictor *p, int count, double *to) {
    const Mixture *m = p->self;
    size_t size = (size_t)p->most * (size_t)p->symbols;
    for (int i = 0; i < count * p->symbols; i++) {
        for (int z = 0; z < m->rag->facts; z++)
            m->joint[z] = m->rag->log_prior[z] + m->each[(size_t)z * size + (size_t)i];
        to[i] = log_sum(m->joint, m->rag->facts);
    }
}

static void begin_mixture(Predictor *p, double *log_probs) {
    const Mixture *m = p->self;
    size_t size = (size_t)p->most * (size_t)p->symbols;
    for (int z = 0; z < m->rag->facts; z++) {
        Predictor *reader = &m->rag->readers[z];
        reader->begin(reader, m->each + (size_t)z * size);
    }
    mix(p, 1, log_probs);
}

static void step_mixture(Predictor *p, const int *parent, const int *token, int count,
                         double *log_probs) {
    const Mixture *m = p->self;
    size_t size = (size_t)p->most * (size_t)p->symbols;
    for (int z = 0; z < m->rag->facts; z++) {
        Predictor *reader = &m->rag->readers[z];
        reader->step(reader, parent, token, count, m->each + (size_t)z * size);
    }
    mix(p, count, log_probs);
}

static void discard_mixture(Predictor *p) {
    Mixture *m = p->self;
    free(m->each), free(m->joint);
}

// RAG-Token as a predictor. Its readers are r's, which must outlive it; `most` texts.
static Predictor rag_token_predictor(const Rag *r, int most) {
    Mixture *m = allocate(1, sizeof *m);
    Predictor first = r->readers[0];
    assert(most <= first.most);
    *m = (Mixture){r,
                   allocate((size_t)r->facts * (size_t)most * (size_t)first.symbols,
                            sizeof(double)),
                   allocate((size_t)r->facts, sizeof(double))};
    return (Predictor){first.symbols, first.end,       most, begin_mixture,
                       step_mixture,  discard_mixture, m};
}

// ---- decoding

static Beams decode_token(const Rag *r, int width, int most) {
    Predictor p = rag_token_predictor(r, width);
    Beams found = beam_search(&p, width, most, 0);
    predictor_free(&p);
    return found;
}

static bool same_answer(const Beam *a, const Beam *b) {
    return a->length == b->length
           && memcmp(a->tokens, b->tokens, (size_t)a->length * sizeof *a->tokens) == 0;
}

// An answer of fact z's beams, that its prior was added to: joins the list, or what is the
// same there.
static void offer(Beams *list, Beam *b) {
    for (int i = 0; i < list->count; i++) {
        Beam *known = &list->list[i];
        if (!same_answer(known, b)) continue;
        known->log_prob = log_sum((double[]){known->log_prob, b->log_prob}, 2);
        free(b->tokens);
        return;
    }
    list->list[list->count++] = *b;
}

static int likelier_first(const void *a, const void *b) {
    const Beam *x = a, *y = b;
    return (x->log_prob < y->log_prob) - (x->log_prob > y->log_prob);
}

static Beams decode_sequence(const Rag *r, bool thorough, int width, int most) {
    Beams all = {allocate((size_t)r->facts * (size_t)width, sizeof(Beam)), 0};
    for (int z = 0; z < r->facts; z++) {
        Beams own = beam_search(&r->readers[z], width, most, 0);
        for (int i = 0; i < own.count; i++) {
            own.list[i].log_prob += r->log_prior[z];
            offer(&all, &own.list[i]);
        }
        free(own.list);
    }
    for (int i = 0; i < all.count; i++) {
        Beam *b = &all.list[i];
        if (thorough) b->log_prob = rag_log_prob(r, RAG_SEQUENCE, b->tokens, b->length);
        b->score = b->log_prob;
    }
    qsort(all.list, (size_t)all.count, sizeof *all.list, likelier_first);
    return all;
}

Beams rag_decode(const Rag *r, RagKind kind, int width, int most) {
    switch (kind) {
        case RAG_SEQUENCE: return decode_sequence(r, true, width, most);
        case RAG_FAST: return decode_sequence(r, false, width, most);
        case RAG_TOKEN: return decode_token(r, width, most);
        case RAG_KINDS: break;
    }
    assert(false && "no such kind");
    return (Beams){0};
}
