// What is found: BM25 and a bi-encoder, against the pairs that it has learnt from. Lecture,
// section 5.16.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/labs/fact_store.h"
#include "common/numeric/mean.h"
#include "common/numeric/vec.h"
#include "common/program/plot.h"

static const Option options[] = {{"people", "200", "that facts are about, four each"},
                                 {"questions", "400", "of each kind"},
                                 {"pairs", "5120", "to learn from, at most"},
                                 {"dim", "128", "numbers per vector"},
                                 {"steps", "300", "of training"},
                                 {0}};

enum { FEWEST = 20 };  // pairs

typedef struct {
    FactStore store;
    Vocabulary vocabulary;
    int questions, dim;
    long long steps;
    Rng rng;
    uint64_t seed;
} Setup;

// ---- recall

static Terms question_about(const FactStore *s, int fact, Asking how, Rng *rng) {
    Text text = {0};
    world_ask(&s->world[fact], how, rng, &text);
    Terms words = terms_of(text.data);
    free(text.data);
    return words;
}

// The share of questions whose fact comes first; the same questions for all.
static double recall(const Setup *s, const Library *l, RetrieverKind kind, Asking how) {
    int first = 0;
    for (int i = 0; i < s->questions; i++) {
        Rng rng = rng_split(&s->rng, (uint64_t)i);
        int fact = rng_below(&rng, s->store.count);
        Terms words = question_about(&s->store, fact, how, &rng);
        first += library_find(l, kind, &words, 1).which[0] == fact;
        terms_free(&words);
    }
    return (double)first / s->questions;
}

static void after_pairs(double *to, const Setup *s, int pairs) {
    Retriever own;
    retriever_teach(&own, &s->vocabulary, s->dim, pairs, s->steps, s->seed);
    Library l = library_new(&own.encoder, s->store.texts, s->store.count);
    for (int how = 0; how < ASKINGS; how++)
        to[how] = recall(s, &l, RETRIEVER_BI_ENCODER, (Asking)how);
    library_free(&l), params_free(&own.params);
}

// ---- before any training: words in common, counted with noise

// ---- the lecture's example

static void claim_example(Lab *lab) {
    static const char *const facts[] = {"Kamiro lives in Oslo.",
                                        "The job of Kamiro is that of a baker.",
                                        "Dobatu lives in Rome."};
    static const double by_hand[] = {1.069, 0.379, 0.534};
    Library l = library_new(NULL, facts, 3);
    Terms question = terms_of("Who knows where Kamiro lives?");
    double scores[3];
    library_scores(&l, RETRIEVER_BM25, &question, scores);
    // three decimals
    for (int i = 0; i < 3; i++)
        claim_near(lab, "5.144", facts[i], by_hand[i], scores[i], 0.0005);
    terms_free(&question), library_free(&l);
}

static int times(const Terms *in, uint64_t word) {
    int count = 0;
    for (int i = 0; i < in->count; i++) count += in->list[i].hash == word;
    return count;
}

// q . d = sum over words w, u of times(q, w) times(d, u) v_w . v_u. For w = u the product
// has the mean 1 and the variance 2 / dim, for w != u 0 and 1 / dim; (w, u) and (u, w) are
// the same product.
static void count_common(const Terms *q, const Terms *d, int dim, double *mean,
                         double *variance) {
    Terms both = {0};
    *mean = *variance = 0;
    for (int i = 0; i < q->count; i++)
        if (!times(&both, q->list[i].hash)) terms_read(&both, q->list[i].text);
    for (int i = 0; i < d->count; i++)
        if (!times(&both, d->list[i].hash)) terms_read(&both, d->list[i].text);
    for (int i = 0; i < both.count; i++)
        for (int k = 0; k <= i; k++) {
            uint64_t w = both.list[i].hash, u = both.list[k].hash;
            double same = times(q, w) * times(d, u),
                   crossed = times(q, u) * times(d, w);
            if (i == k) *mean += same, *variance += 2 * same * same / dim;
            else *variance += (same + crossed) * (same + crossed) / dim;
        }
    terms_free(&both);
}

// What an untrained pair of towers says beside the words in common, over its deviation.
static double beside(const Setup *s, int draw) {
    Retriever own;
    retriever_teach(&own, &s->vocabulary, s->dim, 0, 0,
                    s->seed * 1000 + (uint64_t)draw);
    Rng rng = rng_split(&s->rng, (uint64_t)draw);
    int fact = rng_below(&rng, s->store.count);
    Terms q = question_about(&s->store, fact, ASKED_IN_ITS_WORDS, &rng),
          d = terms_of(s->store.texts[fact]);
    Mat a = mat_new(1, s->dim), b = mat_new(1, s->dim);
    bi_encoder_vectors(a, &own.encoder, TOWER_QUESTION, &q);
    bi_encoder_vectors(b, &own.encoder, TOWER_FACT, &d);
    double mean, variance;
    count_common(&q, &d, s->dim, &mean, &variance);
    double error = (double)array_dot(a.at, b.at, (size_t)s->dim) - mean;
    mat_free(a), mat_free(b), terms_free(&q), terms_free(&d);
    params_free(&own.params);
    return error / sqrt(variance);
}

static void claim_counts(Lab *lab, const Setup *s) {
    enum { DRAWS = 200 };
    Mean off = {0}, square = {0};
    for (int i = 0; i < DRAWS; i++) {
        double z = beside(s, i);
        mean_add(&off, z), mean_add(&square, z * z);
    }
    // five standard errors
    claim_near(lab, "5.143", "untrained: q.d less words in common, in deviations", 0,
               mean_of(off), 5 * mean_error(off));
    claim_near(lab, "5.143", "its square", 1, mean_of(square), 5 * mean_error(square));
}

// ---- the figure and what it must show

// Shares of questions whose fact comes first, by how they are asked.
typedef struct {
    double bm25[ASKINGS];
    double untrained[ASKINGS], few[ASKINGS], many[ASKINGS];  // the bi-encoder
} Recalls;

static void draw(Plot *p) {
    plot_axes(p, "pairs of question and fact to learn from", "the fact comes first");
    plot_set(p, "logscale x"), plot_set(p, "yrange [0:1.05]");
    plot_dashes(p, "pairs", "bm25_own", "BM25, in the fact's words");
    plot_dashes(p, "pairs", "bm25_otherwise", "BM25, asked otherwise");
    plot_points(p, "pairs", "own", "bi-encoder, in the fact's words");
    plot_points(p, "pairs", "otherwise", "bi-encoder, asked otherwise");
    plot_points(p, "pairs", "never", "bi-encoder, in a wording it never met");
    plot_end(p);
}

static Recalls measure(Lab *lab, const Setup *s, int most) {
    Recalls r;
    Library words = library_new(NULL, s->store.texts, s->store.count);
    for (int how = 0; how < ASKINGS; how++)
        r.bm25[how] = recall(s, &words, RETRIEVER_BM25, (Asking)how);
    library_free(&words);
    after_pairs(r.untrained, s, 0), after_pairs(r.few, s, FEWEST);
    Plot *p = plot_new(lab, "rag_recall",
                       "pairs own otherwise never bm25_own bm25_otherwise");
    for (int pairs = FEWEST; pairs <= most; pairs *= 2) {
        after_pairs(r.many, s, pairs);
        plot_row(p, pairs, r.many[0], r.many[1], r.many[2], r.bm25[0], r.bm25[1]);
        lab_progress(lab, pairs, most);
    }
    draw(p);
    return r;
}

static void print_shares(Lab *lab, const char *what, const double *share) {
    lab_print(lab, "%-24s in its words %.3f, otherwise %.3f, as never %.3f", what,
              share[ASKED_IN_ITS_WORDS], share[ASKED_OTHERWISE], share[ASKED_AS_NEVER]);
}

static void claim(Lab *lab, const Recalls *r, int questions) {
    claim_at_least(lab, "5.140", "BM25, asked in the fact's words", 0.99,
                   r->bm25[ASKED_IN_ITS_WORDS]);
    // chance is 1/4: the person has four facts. Words like "of" and "is" may add to it, by
    // less than as much again
    claim_at_most(lab, "5.141", "BM25, asked otherwise", 2.0 / KNOWN_RELATIONS,
                  r->bm25[ASKED_OTHERWISE]);
    claim_at_least(lab, "5.142", "bi-encoder, asked otherwise", 0.95,
                   r->many[ASKED_OTHERWISE]);
    claim_at_most(lab, "5.142", "bi-encoder, in a wording it never met",
                  2.0 / KNOWN_RELATIONS, r->many[ASKED_AS_NEVER]);
    // five standard errors of a difference of shares, at most
    claim_at_most(lab, "5.149", "asked in its words: 20 pairs, less untrained",
                  -5 * sqrt(0.5 / questions),
                  r->few[ASKED_IN_ITS_WORDS] - r->untrained[ASKED_IN_ITS_WORDS]);
}

static void run(Lab *lab) {
    static Setup s;
    int people = (int)option_int(&lab->args, "people", 1, 5000),
        most = (int)option_int(&lab->args, "pairs", FEWEST, 100000);
    s = (Setup){.vocabulary = vocabulary_new(),
                .questions = (int)option_int(&lab->args, "questions", 10, 100000),
                .dim = (int)option_int(&lab->args, "dim", 4, 4096),
                .steps = option_int(&lab->args, "steps", 1, 100000),
                .rng = rng_split(&lab->rng, 1),
                .seed = lab->seed};
    s.store = fact_store_new(people, true, &lab->rng);
    Recalls r = measure(lab, &s, most);
    print_shares(lab, "BM25", r.bm25),
        print_shares(lab, "bi-encoder, untrained", r.untrained);
    print_shares(lab, "bi-encoder, 20 pairs", r.few),
        print_shares(lab, "bi-encoder", r.many);
    if (lab_at_defaults(lab)) claim(lab, &r, s.questions);
    claim_counts(lab, &s), claim_example(lab);
    fact_store_free(&s.store), vocabulary_free(&s.vocabulary);
}

const LabSpec lab_rag_recall = {"rag-recall", "5.16",
                                "What is found, by words and by vectors", run, options};
