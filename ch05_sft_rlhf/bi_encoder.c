#include "ch05_sft_rlhf/bi_encoder.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/schedule.h"
#include "ch05_sft_rlhf/in_batch.h"
#include "common/error.h"
#include "common/numeric/small.h"

const BiEncoderPlan bi_encoder_plan_usual = {
    .steps = 800, .rows = 60, .rate = 0.02, .seed = 1};

// ---- parameters

static const char *const names[] = {"retriever.question", "retriever.fact"};
static const char GAIN[] = "retriever.gain";
_Static_assert(sizeof names / sizeof *names == TOWERS, "a name for each tower");

BiEncoder bi_encoder_add(Params *p, const Vocabulary *v, int dim) {
    for (int k = 0; k < TOWERS; k++)
        params_add(p, v->terms.count, dim, normal(1 / sqrt(dim)), "%s", names[k]);
    params_add(p, 1, 1, constant(1), "%s", GAIN);
    return bi_encoder_of(p, v);
}

BiEncoder bi_encoder_of(Params *p, const Vocabulary *v) {
    BiEncoder e = {.vocabulary = v, .params = p, .gain = params_find(p, GAIN)};
    for (int k = 0; k < TOWERS; k++) e.table[k] = params_find(p, names[k]);
    e.dim = p->list[e.table[0]].cols;
    return e;
}

void bi_encoder_begin(BiEncoder *e) {
    mat_copy(params_value(e->params, e->table[TOWER_FACT]),
             params_value(e->params, e->table[TOWER_QUESTION]));
}

// ---- texts as vectors

// The words of texts, in two lists: those of the vocabulary, and the others.
typedef struct {
    int *id, *text;  // known: row of the table, and whose word it is
    int *other_text;
    Mat other;  // a drawn vector for each of them
    int known, others;
} Bags;

static Bags bags_of(Tape *t, const BiEncoder *e, const Terms *texts, int count) {
    int words = 0;
    for (int i = 0; i < count; i++) words += texts[i].count;
    size_t bytes = (size_t)int_max(words, 1) * sizeof(int);
    Bags b = {tape_allocate(t, bytes),
              tape_allocate(t, bytes),
              tape_allocate(t, bytes),
              tape_mat(t, int_max(words, 1), e->dim),
              0,
              0};
    for (int i = 0; i < count; i++)
        for (int k = 0; k < texts[i].count; k++) {
            uint64_t hash = texts[i].list[k].hash;
            int id = vocabulary_find(e->vocabulary, hash);
            if (id >= 0) {
                b.id[b.known] = id, b.text[b.known++] = i;
                continue;
            }
            Rng rng = rng_new(hash);
            rng_fill_normal(&rng, mat_rows(b.other, b.others, 1), 1 / sqrt(e->dim));
            b.other_text[b.others++] = i;
        }
    b.other = mat_rows(b.other, 0, b.others);
    return b;
}

Node *bi_encoder_texts(Tape *t, const BiEncoder *e, Tower tower, const Terms *texts,
                       int count) {
    Bags b = bags_of(t, e, texts, count);
    int *zeros = tape_allocate(t, (size_t)int_max(b.others, 1) * sizeof *zeros);
    Node *known = gather_rows(t, param(t, e->table[tower]), b.id, b.known);
    Node *gains = gather_rows(t, param(t, e->gain), zeros, b.others);
    Node *others = scale_rows(t, constant_node(t, b.other), gains);
    return add(t, scatter_rows(t, known, b.text, count),
               scatter_rows(t, others, b.other_text, count));
}

void bi_encoder_vectors(Mat to, const BiEncoder *e, Tower tower, const Terms *texts) {
    enum { AT_A_TIME = 256 };
    Tape *t = tape_new(e->params);
    for (int i = 0; i < to.rows; i += AT_A_TIME) {
        int n = int_min(AT_A_TIME, to.rows - i);
        mat_copy(mat_rows(to, i, n),
                 bi_encoder_texts(t, e, tower, texts + i, n)->value);
        tape_reset(t);
    }
    tape_free(t);
}

// ---- what it learns from

static Terms terms_of_text(Text *text) {
    Terms w = terms_of(text->data);
    text->size = 0, text->data[0] = '\0';
    return w;
}

RetrievalPairs retrieval_pairs(int count, uint64_t seed) {
    RetrievalPairs p = {allocate((size_t)count + 1, sizeof(Terms)),
                        allocate((size_t)count + 1, sizeof(Terms)),
                        allocate((size_t)count + 1, sizeof(int)), count};
    Rng all = rng_new(seed);
    Text text = {0};
    for (int i = 0; i < count; i++) {
        int fact = i / 2, person = fact / RELATIONS;
        Rng rng = rng_split(&all, (uint64_t)person);
        char who[32];
        world_name(who, sizeof who, false, &rng);
        Rng own = rng_split(&rng, (uint64_t)fact);  // one fact, asked about twice
        WorldFact f = world_fact((Relation)(fact % RELATIONS), who,
                                 rng_uniform(&own) < 0.5, &own);
        world_say(&f, &text), p.facts[i] = terms_of_text(&text);
        world_ask(&f, i % 2 ? ASKED_OTHERWISE : ASKED_IN_ITS_WORDS, &own, &text);
        p.questions[i] = terms_of_text(&text);
        p.fact[i] = fact;
    }
    free(text.data);
    return p;
}

void retrieval_pairs_free(RetrievalPairs *p) {
    for (int i = 0; i < p->count; i++)
        terms_free(&p->questions[i]), terms_free(&p->facts[i]);
    free(p->questions), free(p->facts), free(p->fact);
    *p = (RetrievalPairs){0};
}

// ---- learning

// A batch: people drawn one by one, each with all of its pairs, so that the negatives are
// of the same person too.
typedef struct {
    Terms *questions, *facts;  // borrowed words
    int *fact;
    int count;
} PairBatch;

static void draw_batch(PairBatch *b, const RetrievalPairs *from, int rows, Rng *rng) {
    enum { PER_PERSON = 2 * RELATIONS };
    int people = ceil_div(from->count, PER_PERSON);
    b->count = 0;
    while (b->count < rows) {
        int first = rng_below(rng, people) * PER_PERSON;
        for (int i = first; i < first + PER_PERSON; i++) {
            if (i == from->count || b->count == rows) break;
            b->questions[b->count] = from->questions[i];
            b->facts[b->count] = from->facts[i];
            b->fact[b->count++] = from->fact[i];
        }
    }
}

void bi_encoder_train(BiEncoder *e, const RetrievalPairs *pairs,
                      const BiEncoderPlan *plan) {
    size_t rows = (size_t)plan->rows;
    PairBatch b = {allocate(rows, sizeof(Terms)), allocate(rows, sizeof(Terms)),
                   allocate(rows, sizeof(int)), 0};
    Optimiser o = optimiser_new(
        e->params, (OptimiserSettings){.kind = OPTIMISER_ADAMW, .beta2 = 0.99});
    Schedule schedule = {plan->rate, plan->rate / 20, plan->steps / 20, plan->steps};
    Tape *t = tape_new(e->params);
    Rng rng = rng_new(plan->seed);
    for (long long step = 1; step <= plan->steps; step++) {
        draw_batch(&b, pairs, plan->rows, &rng);
        Node *q = bi_encoder_texts(t, e, TOWER_QUESTION, b.questions, b.count),
             *d = bi_encoder_texts(t, e, TOWER_FACT, b.facts, b.count);
        tape_backward(t, in_batch_loss(t, q, d, b.fact));
        optimiser_step(&o, e->params, schedule_rate(&schedule, step));
        params_zero_grads(e->params), tape_reset(t);
    }
    tape_free(t), optimiser_free(&o);
    free(b.questions), free(b.facts), free(b.fact);
}
