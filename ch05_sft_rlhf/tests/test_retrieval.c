// BM25 by hand; the in-batch loss against its definition and finite differences; the
// search through all inner products against a sort.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/in_batch.h"
#include "ch05_sft_rlhf/library.h"

// ---- BM25

static double score_of(const Bm25 *m, const char *question, int text) {
    double scores[3];
    Terms q = terms_of(question);
    bm25_scores(m, &q, scores);
    terms_free(&q);
    return scores[text];
}

// Three texts of 3, 4 and 5 words, mean 4. "red" is in two, "kite" in one, twice.
Test(bm25, by_hand) {
    static const char *const texts[] = {"a red hat", "the Kite, the kite!",
                                        "a red ball and hat"};
    Terms words[3];
    for (int i = 0; i < 3; i++) words[i] = terms_of(texts[i]);
    Bm25 m = bm25_new(words, 3, 1.2, 0.75);
    double red = log(1 + 1.5 / 2.5), kite = log(1 + 2.5 / 1.5);
    cr_assert_float_eq(bm25_idf(3, 2), red, 1e-15);
    // |d| / mean = 3/4: 1 - .75 + .75 .75 = .8125
    cr_assert_float_eq(score_of(&m, "red", 0), red * 2.2 / (1 + 1.2 * 0.8125), 1e-14);
    // tf 2, |d| / mean = 1
    cr_assert_float_eq(score_of(&m, "KITE", 1), kite * 2 * 2.2 / (2 + 1.2), 1e-14);
    cr_assert_float_eq(score_of(&m, "red", 2), red * 2.2 / (1 + 1.2 * 1.1875), 1e-14);
    // words add up; one that the question has twice counts twice; unknown ones are nothing
    cr_assert_float_eq(score_of(&m, "red red zebra", 0), 2 * score_of(&m, "red", 0),
                       1e-14);
    cr_assert_eq(score_of(&m, "kite", 0), 0);
    cr_assert_eq(score_of(&m, "", 1), 0);
    bm25_free(&m);
    for (int i = 0; i < 3; i++) terms_free(&words[i]);
}

// ---- the in-batch loss

enum { ROWS = 5, DIM = 3 };
typedef struct {
    int questions, facts;  // parameters
    int fact[ROWS];
} Batch;

static Node *batch_loss(Tape *t, void *context) {
    const Batch *b = context;
    return in_batch_loss(t, param(t, b->questions), param(t, b->facts), b->fact);
}

static Params batch_params(Batch *b) {
    Params p = {0};
    Rng rng = rng_new(3);
    b->questions = params_add(&p, ROWS, DIM, normal(1), "questions");
    b->facts = params_add(&p, ROWS, DIM, normal(1), "facts");
    params_allocate(&p), params_init(&p, &rng), params_allocate_grads(&p);
    return p;
}

// By its definition, in double precision.
static double loss_by_hand(const Params *p, const Batch *b) {
    Mat q = params_value(p, b->questions), d = params_value(p, b->facts);
    double loss = 0;
    for (int i = 0; i < ROWS; i++) {
        double own = 0, sum = 0;
        for (int j = 0; j < ROWS; j++) {
            double score = 0;
            for (int k = 0; k < DIM; k++)
                score += (double)*mat_at(q, i, k) * (double)*mat_at(d, j, k);
            if (j == i) own = score;
            if (j == i || b->fact[j] != b->fact[i]) sum += exp(score);
        }
        loss -= (own - log(sum)) / ROWS;
    }
    return loss;
}

static double loss_of(Params *p, Batch *b) {
    Tape *t = tape_new(p);
    double loss = (double)*batch_loss(t, b)->value.at;
    tape_free(t);
    return loss;
}

Test(in_batch, loss_and_gradient) {
    Batch b = {.fact = {0, 1, 0, 2, 0}};  // three of one fact
    Params p = batch_params(&b);
    cr_assert_float_eq(loss_of(&p, &b), loss_by_hand(&p, &b),
                       sizeof(real) == 8 ? 1e-14 : 1e-5);
    cr_assert_lt(gradient_error(&p, batch_loss, &b, 100), gradient_tolerance());
    params_free(&p);
}

// Equal facts in a batch: the question's own fact is no negative of its own.
Test(in_batch, a_duplicate_is_no_negative) {
    Batch b = {.fact = {7, 7, 7, 7, 7}};
    Params p = batch_params(&b);
    cr_assert_eq(loss_of(&p, &b), 0);  // nothing to be told apart
    Batch other = b;
    for (int i = 0; i < ROWS; i++) other.fact[i] = i;
    cr_assert_gt(loss_of(&p, &other), 0.1);
    // question 0's fact again at row 3: as if row 3 were not there for it
    Tape *t = tape_new(&p);
    other.fact[3] = other.fact[0];
    tape_backward(t, batch_loss(t, &other));
    cr_assert_float_eq(loss_of(&p, &other), loss_by_hand(&p, &other),
                       sizeof(real) == 8 ? 1e-14 : 1e-5);
    tape_free(t), params_free(&p);
}

// ---- the search

Test(library, top_against_a_sort) {
    enum { COUNT = 50 };
    double scores[COUNT];
    int which[COUNT];
    Rng rng = rng_new(4);
    for (int i = 0; i < COUNT; i++) scores[i] = rng_below(&rng, 12);  // many are equal
    for (int k = 0; k <= COUNT; k += 7) {
        top_scores(scores, COUNT, k, which);
        bool taken[COUNT] = {false};
        for (int i = 0; i < k; i++) {
            int best = -1;
            for (int j = 0; j < COUNT; j++)
                if (!taken[j] && (best < 0 || scores[j] > scores[best])) best = j;
            taken[best] = true;
            cr_assert_eq(which[i], best);
        }
    }
}

static const char *const store[] = {
    "Kamiro lives in Oslo.", "The job of Kamiro is that of a baker.",
    "Dobatu lives in Rome.", "The captain of Zuvi is Lero.", "Kamiro owns a parrot."};
enum { STORE = sizeof store / sizeof *store };

// Every score is the inner product of two encodings, made one by one.
Test(library, scores_by_brute_force) {
    Params p = {0};
    Vocabulary v = vocabulary_new();
    BiEncoder e = bi_encoder_add(&p, &v, 16);
    Rng rng = rng_new(5);
    params_allocate(&p), params_init(&p, &rng);
    Library l = library_new(&e, store, STORE);
    Terms question = terms_of("In which town is it that Kamiro lives?");
    Mat q = mat_new(1, 16), d = mat_new(1, 16);
    double scores[STORE];
    library_scores(&l, RETRIEVER_BI_ENCODER, &question, scores);
    bi_encoder_vectors(q, &e, TOWER_QUESTION, &question);
    for (int i = 0; i < STORE; i++) {
        Terms fact = terms_of(store[i]);
        double product = 0;
        bi_encoder_vectors(d, &e, TOWER_FACT, &fact);
        for (int k = 0; k < 16; k++) product += (double)q.at[k] * (double)d.at[k];
        cr_assert_float_eq(scores[i], product, 1e-5);
        terms_free(&fact);
    }
    Found f = library_find(&l, RETRIEVER_BI_ENCODER, &question, 3);
    double sum = 0;
    for (int i = 0; i < f.count; i++) sum += exp(f.log_prior[i]);
    cr_assert_float_eq(sum, 1, 1e-12);
    cr_assert_float_eq(f.log_prior[0] - f.log_prior[2], f.score[0] - f.score[2], 1e-12);
    cr_assert_eq(library_find(&l, RETRIEVER_BM25, &question, 9).count, STORE);
    cr_assert_eq(library_find(&l, RETRIEVER_BM25, &question, 1).which[0], 0);
    mat_free(q), mat_free(d), terms_free(&question);
    library_free(&l), params_free(&p), vocabulary_free(&v);
}

typedef struct {
    BiEncoder encoder;
    Terms texts[2];
} Towers;

static Node *towers_loss(Tape *t, void *context) {
    const Towers *w = context;
    Node *q = bi_encoder_texts(t, &w->encoder, TOWER_QUESTION, w->texts, 2),
         *d = bi_encoder_texts(t, &w->encoder, TOWER_FACT, w->texts, 2);
    return in_batch_loss(t, q, d, (int[]){0, 1});
}

// Both towers and the gain of unknown words; sampled entries.
Test(library, gradient_of_the_towers) {
    Params p = {0};
    Vocabulary v = vocabulary_new();
    Towers w = {bi_encoder_add(&p, &v, 4),
                {terms_of("Kamiro lives in Oslo."), terms_of("Dobatu owns a dog.")}};
    Rng rng = rng_new(6);
    params_allocate(&p), params_init(&p, &rng), params_allocate_grads(&p);
    cr_assert_lt(gradient_error(&p, towers_loss, &w, 300), gradient_tolerance());
    cr_assert_neq(*params_grad(&p, w.encoder.gain).at, 0);  // names go through it
    terms_free(&w.texts[0]), terms_free(&w.texts[1]);
    params_free(&p), vocabulary_free(&v);
}
