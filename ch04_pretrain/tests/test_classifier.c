// Fine-tuning: what is taken over, gradients, padding, and a task that can be learned.
#include <criterion/criterion.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/tests/gradients.h"
#include "ch04_pretrain/classifier.h"
#include "ch04_pretrain/model_kinds.h"

enum { VOCABULARY = 9, TIME = 6, TEXTS = 5, LABELS = 3 };

static Config config_of(void) {
    return model_kinds[MODEL_BERT].config(VOCABULARY, TIME, 8, 1, 2);
}

// Random texts of 2 .. TIME tokens; every text has its label, or every token one.
static Labelled texts_of(LabelPlace place, uint64_t seed) {
    Labelled l = labelled_new(TEXTS, TIME, place);
    Rng rng = rng_new(seed);
    for (int i = 0; i < TEXTS * TIME; i++) l.tokens[i] = rng_below(&rng, VOCABULARY);
    for (int i = 0; i < TEXTS; i++) l.lengths[i] = 2 + rng_below(&rng, TIME - 1);
    int labels = place == LABEL_TOKENS ? TEXTS * TIME : TEXTS;
    for (int i = 0; i < labels; i++) l.labels[i] = rng_below(&rng, LABELS);
    return l;
}

typedef struct {
    Classifier c;
    Labelled l;
} Problem;

static void problem_new(Problem *p, LabelPlace place, const Model *pretrained) {
    Config config = config_of();
    Rng rng = rng_new(7);
    Error err;
    p->l = texts_of(place, 2);
    cr_assert(classifier_new(&p->c, &config, pretrained, place, LABELS, &rng, &err),
              "%s", err.text);
}
static void problem_free(Problem *p) { classifier_free(&p->c), labelled_free(&p->l); }

static Node *loss_of(Tape *t, void *problem) {
    const Problem *p = problem;
    return cross_entropy(t, classifier_logits(t, &p->c, &p->l, 0, TEXTS), p->l.labels);
}

Test(classifier, gradients) {
    for (int place = 0; place < LABEL_PLACES; place++) {
        Problem p;
        problem_new(&p, (LabelPlace)place, NULL);
        cr_assert_leq(gradient_error(&p.c.model.params, loss_of, &p, 8),
                      gradient_tolerance(), "%s", label_place_names[place]);
        problem_free(&p);
    }
}

// Every number of the encoder is the pretrained one; the head is gone, the pooler and the
// labels' matrix are new.
Test(classifier, takes_over_the_encoder) {
    Config config = config_of();
    Model m;
    Error err;
    Rng rng = rng_new(1);
    cr_assert(model_new(&m, &config, &err));
    model_allocate(&m, &rng);
    Problem p;
    problem_new(&p, LABEL_TEXT, &m);
    const Params *own = &p.c.model.params;
    int same = 0;
    for (int i = 0; i < own->count; i++) {
        int k = params_find(&m.params, own->list[i].name);
        if (k < 0) continue;
        cr_assert_eq(
            largest_difference(params_value(own, i), params_value(&m.params, k)), 0,
            "%s", own->list[i].name);
        same++;
    }
    // pooler and labels, a matrix and a vector each
    cr_assert_eq(same, own->count - 4);
    cr_assert_eq(params_find(own, "head.bias"), -1);
    problem_free(&p), model_free(&m);
}

// What stands after a text's end changes nothing.
Test(classifier, padding_is_not_read) {
    Problem p;
    problem_new(&p, LABEL_TEXT, NULL);
    Tape *t = tape_new(&p.c.model.params);
    Mat before = classifier_logits(t, &p.c, &p.l, 0, TEXTS)->value;
    for (int i = 0; i < TEXTS; i++)
        for (int j = p.l.lengths[i]; j < TIME; j++)
            p.l.tokens[i * TIME + j] = (p.l.tokens[i * TIME + j] + 1) % VOCABULARY;
    Mat after = classifier_logits(t, &p.c, &p.l, 0, TEXTS)->value;
    cr_assert_eq(largest_difference(before, after), 0);
    tape_free(t), problem_free(&p);
}

// A label for each token that is a function of it: learned in some steps.
Test(classifier, learns_what_can_be_learned) {
    Problem p;
    problem_new(&p, LABEL_TOKENS, NULL);
    for (int i = 0; i < TEXTS * TIME; i++) p.l.labels[i] = p.l.tokens[i] % LABELS;
    TuneSettings s = {.steps = 150, .batch = 8, .rate = 1e-2, .rng = rng_new(3)};
    double before = classifier_right(&p.c, &p.l);
    double loss = classifier_tune(&p.c, &p.l, &s);
    cr_assert(before < 0.9);
    cr_assert(loss < 0.2, "%g", loss);
    cr_assert_eq(classifier_right(&p.c, &p.l), 1);
    problem_free(&p);
}

// Of labels that are IGNORED none is counted.
Test(classifier, share_of_right_labels) {
    Problem p;
    problem_new(&p, LABEL_TEXT, NULL);
    int said[TEXTS];
    double chance[TEXTS];
    classifier_predict(&p.c, &p.l, said, chance);
    for (int i = 0; i < TEXTS; i++) {
        p.l.labels[i] = i < 2 ? said[i] : i == 2 ? (said[i] + 1) % LABELS : IGNORED;
        cr_assert(chance[i] >= 1.0 / LABELS && chance[i] <= 1);
    }
    cr_assert_float_eq(classifier_right(&p.c, &p.l), 2.0 / 3, 1e-12);
    problem_free(&p);
}

Test(classifier, refuses_a_decoder) {
    Config config = model_kinds[MODEL_GPT2].config(VOCABULARY, TIME, 8, 1, 2);
    Classifier c;
    Error err;
    Rng rng = rng_new(1);
    cr_assert_not(classifier_new(&c, &config, NULL, LABEL_TEXT, 2, &rng, &err));
    cr_assert_str_eq(err.text, "a classifier is made of an encoder, not of a decoder");
}
