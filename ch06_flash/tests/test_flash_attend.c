// A model with attention in tiles is the same model: its loss and its gradients.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/model_file.h"
#include "ch03_transformer/published.h"
#include "ch06_flash/flash_attend.h"
#include "ch06_flash/tests/reference.h"

enum { BATCH = 3, TIME = 41, VOCABULARY = 17 };
static const int lengths[BATCH] = {TIME, 20, 1};

// The loss; gradients are in the model.
static double step(Model *m, AttendFunction *how, const int *ids, const int *targets) {
    for (size_t i = 0; i < m->params.grad_size; i++) m->params.grads[i] = 0;
    model_set_attend(m, how);
    Tape *t = tape_new(&m->params);
    Tokens in = {.batch = BATCH, .time = TIME, .tokens = ids, .lengths = lengths};
    bool both = m->config.family == FAMILY_ENCODER_DECODER;
    Node *memory = both ? model_encode(t, m, &in) : NULL,
         *hidden =
             both ? model_decode(t, m, &in, memory, &in) : model_hidden(t, m, &in),
         *loss = cross_entropy(t, model_logits(t, m, hidden), targets);
    tape_backward(t, loss);
    double value = (double)loss->value.at[0];
    tape_free(t);
    return value;
}

static void same_steps(Model *m, const int *ids) {
    int targets[BATCH * TIME];
    for (int i = 0; i < BATCH * TIME; i++) {
        bool there = i % TIME < lengths[i / TIME];
        targets[i] = there ? ids[i / TIME * TIME + (i + 1) % TIME] : IGNORED;
    }
    size_t n = m->params.grad_size;
    double plain = step(m, attend, ids, targets), most = 0, off = 0;
    Mat grads = mat_new(1, (int)n);
    for (size_t i = 0; i < n; i++) grads.at[i] = m->params.grads[i];
    double tiled = step(m, flash_attend, ids, targets);
    for (size_t i = 0; i < n; i++) {
        most = nan_max(most, fabs((double)grads.at[i]));
        off = nan_max(off, fabs((double)(grads.at[i] - m->params.grads[i])));
    }
    // some hundred operations of a few hundred terms each
    cr_assert(fabs(plain - tiled) <= 1000 * REAL_EPS * plain, "%s: loss %.9g, not %.9g",
              m->config.name, tiled, plain);
    cr_assert(off <= 4000 * REAL_EPS * most, "%s: a gradient off by %g of %g",
              m->config.name, off, most);
    mat_free(grads);
}

static void same_model(Config c) {
    Error err;
    Model m;
    Rng rng = rng_new(1);
    int ids[BATCH * TIME];
    c.dropout = 0;
    cr_assert(model_new(&m, &c, &err), "%s", err.text);
    model_allocate(&m, &rng);
    params_allocate_grads(&m.params);
    for (int i = 0; i < BATCH * TIME; i++) ids[i] = i * 7 % VOCABULARY;
    same_steps(&m, ids);
    model_free(&m);
}

Test(flash_attend, a_model_is_the_same) {
    same_model(config_small_gpt(VOCABULARY, TIME, 24, 2, 4));
    same_model(config_small_llama(VOCABULARY, TIME, 24, 2, 4, 2));
    Config t5 = *config_find("t5-small");
    t5.vocabulary = VOCABULARY, t5.channels = 16, t5.heads = 2, t5.layers = 1;
    t5.kv_heads = 0, t5.head_dim = 8, t5.hidden = 32, t5.decoder_layers = 1;
    same_model(t5);
}

// What a trained model's heads look at is not random: sinks, copies, sharp rows. Its
// own greedy text, from three first tokens.
Test(flash_attend, a_trained_model_is_the_same) {
    Model m;
    Error err;
    int ids[BATCH * TIME] = {0};
    cr_assert(model_load("ch03_transformer/stories.ckpt", &m, &err), "%s", err.text);
    params_allocate_grads(&m.params);
    for (int b = 0; b < BATCH; b++) ids[b * TIME] = 300 + b;
    for (int i = 1; i < TIME; i++) {
        Tape *t = tape_new(&m.params);
        Tokens in = {.batch = BATCH, .time = TIME, .tokens = ids};
        Mat logits = model_logits(t, &m, model_hidden(t, &m, &in))->value;
        for (int b = 0; b < BATCH; b++) {
            int best = 0;
            for (int v = 1; v < logits.cols; v++)
                if (*mat_at(logits, b * TIME + i - 1, v)
                    > *mat_at(logits, b * TIME + i - 1, best))
                    best = v;
            ids[b * TIME + i] = best;
        }
        tape_free(t);
    }
    same_steps(&m, ids);
    model_free(&m);
}
