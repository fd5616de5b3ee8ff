// The two sums over facts: by enumeration, by worked values, far below what an exponential
// can hold; decoding against the best of all answers.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/rag.h"
#include "ch05_sft_rlhf/table_reader.h"

enum { FACTS = 3, PLACES = 3, SYMBOLS = 4, END = SYMBOLS - 1, BEAMS = 64 };

typedef struct {
    Predictor readers[FACTS];
    double prior[FACTS];
    Rag rag;
} Small;

static void normalise(double *p, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += p[i];
    for (int i = 0; i < n; i++) p[i] /= sum;
}

static void small_open(Small *s, uint64_t seed) {
    double p[PLACES * (SYMBOLS + 1) * SYMBOLS];
    Rng rng = rng_new(seed);
    for (int z = 0; z < FACTS; z++) {
        for (int row = 0; row < PLACES * (SYMBOLS + 1); row++) {
            double *to = p + row * SYMBOLS;
            for (int x = 0; x < SYMBOLS; x++) to[x] = exp(1.5 * rng_normal(&rng));
            normalise(to, SYMBOLS);
        }
        s->readers[z] = table_reader(p, PLACES, SYMBOLS, END, BEAMS);
        s->prior[z] = 0.1 + rng_uniform(&rng);
    }
    normalise(s->prior, FACTS);
    for (int z = 0; z < FACTS; z++) s->prior[z] = log(s->prior[z]);
    s->rag = (Rag){FACTS, s->prior, s->readers};
}

static void small_close(Small *s) {
    for (int z = 0; z < FACTS; z++) predictor_free(&s->readers[z]);
}

// All answers: those that end, and those of PLACES tokens that do not.
typedef struct {
    int tokens[64][PLACES], length[64], count;
} Answers;

static void list_answers(Answers *a, int *prefix, int length) {
    bool ended = length && prefix[length - 1] == END;
    if (ended || length == PLACES) {
        memcpy(a->tokens[a->count], prefix, (size_t)length * sizeof *prefix);
        a->length[a->count++] = length;
        return;
    }
    for (int x = 0; x < SYMBOLS; x++) {
        prefix[length] = x;
        list_answers(a, prefix, length + 1);
    }
}

Test(rag, both_sum_to_one) {
    Answers a = {.count = 0};
    int prefix[PLACES];
    list_answers(&a, prefix, 0);
    cr_assert_eq(a.count, 40);  // 1 + 3 + 9 x 4
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Small s;
        small_open(&s, seed);
        for (int kind = 0; kind < RAG_KINDS; kind++) {
            double sum = 0;
            for (int i = 0; i < a.count; i++)
                sum +=
                    exp(rag_log_prob(&s.rag, (RagKind)kind, a.tokens[i], a.length[i]));
            cr_assert_float_eq(sum, 1, 1e-14, "%s: %.17g", rag_names[kind], sum);
        }
        small_close(&s);
    }
}

// By hand: .7 .9 .2 + .3 .1 .8, and (.63 + .03)(.14 + .24).
Test(rag, worked_values) {
    double prior[] = {log(0.7), log(0.3)},
           each[] = {log(0.9), log(0.2), log(0.1), log(0.8)};
    cr_assert_float_eq(exp(rag_sequence(prior, each, 2, 2)), 0.15, 1e-15);
    cr_assert_float_eq(exp(rag_token(prior, each, 2, 2)), 0.2508, 1e-15);
    // one fact, or one token: no difference
    cr_assert_float_eq(rag_sequence((double[]){0}, each, 1, 2),
                       rag_token((double[]){0}, each, 1, 2), 1e-15);
    double first[] = {each[0], each[2]};
    cr_assert_float_eq(rag_sequence(prior, first, 2, 1), rag_token(prior, first, 2, 1),
                       1e-15);
}

Test(rag, long_answers_do_not_underflow) {
    enum { TOKENS = 400 };
    double prior[] = {log(0.7), log(0.3)}, each[2 * TOKENS];
    for (int i = 0; i < 2 * TOKENS; i++) each[i] = -5;
    cr_assert_float_eq(rag_sequence(prior, each, 2, TOKENS), -2000, 1e-9);
    cr_assert_float_eq(rag_token(prior, each, 2, TOKENS), -2000, 1e-9);
    // a fact that cannot have said it
    for (int i = 0; i < TOKENS; i++) each[i] = -INFINITY;
    cr_assert_float_eq(rag_sequence(prior, each, 2, TOKENS), -2000 + log(0.3), 1e-9);
}

// With beams enough nothing is dropped: the first is the best of all answers.
Test(rag, decoding_finds_the_best) {
    Answers a = {.count = 0};
    int prefix[PLACES];
    list_answers(&a, prefix, 0);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Small s;
        small_open(&s, seed);
        for (int kind = 0; kind < RAG_KINDS; kind++) {
            double best = -INFINITY;
            for (int i = 0; i < a.count; i++)
                best = fmax(best, rag_log_prob(&s.rag, (RagKind)kind, a.tokens[i],
                                               a.length[i]));
            Beams b = rag_decode(&s.rag, (RagKind)kind, BEAMS, PLACES);
            cr_assert_float_eq(b.list[0].log_prob, best, 1e-12, "%s", rag_names[kind]);
            for (int i = 1; i < b.count; i++)
                cr_assert_leq(b.list[i].log_prob, b.list[i - 1].log_prob);
            beams_free(&b);
        }
        small_close(&s);
    }
}

// What decoding says an answer's probability is: exactly it when thorough, never more
// when fast, and less for an answer that some fact's beams do not have.
Test(rag, fast_is_a_lower_bound) {
    int less = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Small s;
        small_open(&s, seed);
        Beams thorough = rag_decode(&s.rag, RAG_SEQUENCE, 2, PLACES),
              fast = rag_decode(&s.rag, RAG_FAST, 2, PLACES);
        cr_assert_eq(thorough.count, fast.count);
        for (int i = 0; i < thorough.count; i++) {
            const Beam *t = &thorough.list[i], *f = &fast.list[i];
            double exact = rag_log_prob(&s.rag, RAG_SEQUENCE, t->tokens, t->length),
                   most = rag_log_prob(&s.rag, RAG_SEQUENCE, f->tokens, f->length);
            cr_assert_float_eq(t->log_prob, exact, 1e-12);
            cr_assert_leq(f->log_prob, most + 1e-12);
            less += f->log_prob < most - 1e-9;
        }
        beams_free(&thorough), beams_free(&fast);
        small_close(&s);
    }
    cr_assert_gt(less, 0);
}
