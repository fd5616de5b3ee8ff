#include "ch04_pretrain/classifier.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/clip.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/linear.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/schedule.h"
#include "common/numeric/small.h"

const char *const label_place_names[] = {"text", "tokens", NULL};
_Static_assert(sizeof label_place_names / sizeof *label_place_names == LABEL_PLACES + 1,
               "a place of labels without a name");

// ---- texts with labels

static int per_text(const Labelled *l) {
    return l->place == LABEL_TOKENS ? l->time : 1;
}

Labelled labelled_new(int count, int time, LabelPlace place) {
    Labelled l = {.count = count, .time = time, .place = place};
    size_t tokens = (size_t)count * (size_t)time;
    l.tokens = allocate(tokens, sizeof(int));
    l.lengths = allocate((size_t)count, sizeof(int));
    l.labels = allocate((size_t)count * (size_t)per_text(&l), sizeof(int));
    return l;
}

void labelled_free(Labelled *l) {
    free(l->tokens), free(l->lengths), free(l->labels);
    *l = (Labelled){0};
}

int labelled_row(const Labelled *l, int i, const int **labels) {
    *labels = l->labels + (size_t)i * (size_t)per_text(l);
    return l->place == LABEL_TOKENS ? l->lengths[i] : 1;
}

// ---- the model

bool classifier_new(Classifier *c, const Config *config, const Model *pretrained,
                    LabelPlace place, int labels, const Rng *rng, Error *err) {
    Config of = *config;
    if (of.family != FAMILY_ENCODER)
        return error_set(err, "a classifier is made of an encoder, not of a %s",
                         family_name(of.family));
    of.head = HEAD_NONE, of.tied = false;
    of.pooler = place == LABEL_TEXT;
    *c = (Classifier){.place = place, .labels = labels};
    if (!model_new(&c->model, &of, err)) return false;
    Params *p = &c->model.params;
    c->weight = params_add(p, of.channels, labels, normal(1 / sqrt(of.channels)),
                           "label.weight");
    c->bias = params_add(p, 1, labels, constant(0), "label.bias");
    model_allocate(&c->model, rng);
    if (pretrained) params_take(p, &pretrained->params);
    params_allocate_grads(p);
    return true;
}

void classifier_free(Classifier *c) {
    model_free(&c->model);
    *c = (Classifier){0};
}

Node *classifier_logits(Tape *t, const Classifier *c, const Labelled *l, int first,
                        int count) {
    Tokens in = {.batch = count,
                 .time = l->time,
                 .tokens = l->tokens + (size_t)first * (size_t)l->time,
                 .lengths = l->lengths + first};
    Node *h = model_hidden(t, &c->model, &in);
    if (c->place == LABEL_TEXT) h = model_pool(t, &c->model, h, &in);
    return matmul_node(t, h, param(t, c->weight), param(t, c->bias));
}

// ---- training

static void copy_text(Labelled *to, int i, const Labelled *from, int k) {
    size_t time = (size_t)from->time, labels = (size_t)per_text(from);
    memcpy(to->tokens + (size_t)i * time, from->tokens + (size_t)k * time,
           time * sizeof(int));
    memcpy(to->labels + (size_t)i * labels, from->labels + (size_t)k * labels,
           labels * sizeof(int));
    to->lengths[i] = from->lengths[k];
    for (int j = from->lengths[k]; j < from->time && labels > 1; j++)
        to->labels[(size_t)i * labels + (size_t)j] = IGNORED;
}

double classifier_tune(Classifier *c, const Labelled *l, const TuneSettings *s) {
    const double CLIP = 1;
    assert(l->place == c->place && l->count > 0);
    Schedule schedule = {s->rate, s->rate / 20, s->steps / 10, s->steps};
    Labelled batch = labelled_new(s->batch, l->time, l->place);
    Rng rng = s->rng;
    Tape *t = tape_new(&c->model.params);
    Optimiser o = optimiser_new(&c->model.params,
                                (OptimiserSettings){OPTIMISER_ADAMW, .decay = 0.01});
    double last = 0;
    for (long long step = 1; step <= s->steps; step++) {
        for (int i = 0; i < s->batch; i++)
            copy_text(&batch, i, l, rng_below(&rng, l->count));
        Node *loss = cross_entropy(t, classifier_logits(t, c, &batch, 0, s->batch),
                                   batch.labels);
        last = (double)*loss->value.at;
        tape_backward(t, loss);
        params_clip(&c->model.params, CLIP);
        optimiser_step(&o, &c->model.params, schedule_rate(&schedule, step));
        params_zero_grads(&c->model.params), tape_reset(t);
    }
    tape_free(t), optimiser_free(&o), labelled_free(&batch);
    return last;
}

// ---- answers

// The place of the largest of a row, and its probability.
static int most_likely(Mat logits, int row, double *p) {
    int best = 0;
    double sum = 0;
    for (int k = 1; k < logits.cols; k++)
        if (*mat_at(logits, row, k) > *mat_at(logits, row, best)) best = k;
    for (int k = 0; k < logits.cols; k++)
        sum += exp((double)(*mat_at(logits, row, k) - *mat_at(logits, row, best)));
    *p = 1 / sum;
    return best;
}

void classifier_predict(const Classifier *c, const Labelled *l, int *labels,
                        double *p) {
    enum { BATCH = 64 };
    Tape *t = tape_new((Params *)&c->model.params);
    int each = per_text(l);
    for (int first = 0; first < l->count; first += BATCH) {
        int count = int_min(BATCH, l->count - first);
        Mat logits = classifier_logits(t, c, l, first, count)->value;
        for (int i = 0; i < count * each; i++) {
            double chance;
            size_t at = (size_t)first * (size_t)each + (size_t)i;
            labels[at] = most_likely(logits, i, &chance);
            if (p) p[at] = chance;
        }
        tape_reset(t);
    }
    tape_free(t);
}

double classifier_right(const Classifier *c, const Labelled *l) {
    int *said = allocate((size_t)l->count * (size_t)per_text(l), sizeof *said);
    long long right = 0, all = 0;
    classifier_predict(c, l, said, NULL);
    for (int i = 0; i < l->count; i++) {
        const int *labels;
        int n = labelled_row(l, i, &labels);
        for (int j = 0; j < n; j++) {
            if (labels[j] < 0) continue;
            all++, right += labels[j] == said[labels - l->labels + j];
        }
    }
    free(said);
    return all ? (double)right / (double)all : 0;
}
