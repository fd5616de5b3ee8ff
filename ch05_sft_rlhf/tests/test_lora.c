// Adapters: what they must not change, what they must, and where gradients go.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/infer.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/dora.h"
#include "ch05_sft_rlhf/lora.h"
#include "ch05_sft_rlhf/tests/small.h"

enum { TIME = 7 };
static const int ids[TIME] = {3, 1, 4, 1, 5, 9, 2};

typedef struct {
    Model base;
    Lora lora;
} Setup;

static void setup_new(Setup *s, LoraSettings settings) {
    Error err;
    Rng rng = rng_new(11);
    small_model(&s->base, 1);
    cr_assert(lora_new(&s->lora, &s->base, settings, &rng, &err), "%s", err.text);
}

static void setup_free(Setup *s) { lora_free(&s->lora), model_free(&s->base); }

// Adapters that say something: B and the lengths are no longer those of the beginning.
static void disturb(Lora *l) {
    Rng rng = rng_new(12);
    Params *p = &l->model.params;
    for (int i = 0; i < l->count; i++) {
        rng_fill_normal(&rng, params_value(p, l->adapters[i].b), 0.1);
        if (l->adapters[i].lengths < 0) continue;
        Mat m = params_value(p, l->adapters[i].lengths);
        for (int j = 0; j < m.cols; j++) *mat_at(m, 0, j) *= (real)(1 + 0.01 * j);
    }
}

static Node *logits_node(Tape *t, const Model *m) {
    Tokens in = {.batch = 1, .time = TIME, .tokens = ids};
    return model_logits(t, m, model_hidden(t, m, &in));
}

static Mat logits_of(const Model *m) {
    Tape *t = tape_new((Params *)&m->params);
    Mat to = mat_new(TIME, SMALL_VOCABULARY);
    mat_copy(to, logits_node(t, m)->value);
    tape_free(t);
    return to;
}

static bool same_bits(Mat a, Mat b) {
    return memcmp(a.at, b.at, sizeof(real) * (size_t)a.rows * (size_t)a.cols) == 0;
}

static double rounding(void) { return sizeof(real) == 8 ? 1e-12 : 2e-5; }

// B = 0: not a bit of the output changes, with DoRA as well.
Test(lora, begins_as_the_model_that_it_adapts) {
    for (int dora = 0; dora < 2; dora++) {
        Setup s;
        setup_new(&s, (LoraSettings){.rank = 4, .dora = dora});
        Mat before = logits_of(&s.base), with = logits_of(&s.lora.model);
        cr_assert(same_bits(before, with));
        disturb(&s.lora);
        Mat after = logits_of(&s.lora.model);
        cr_assert_not(same_bits(before, after));
        mat_free(before), mat_free(with), mat_free(after), setup_free(&s);
    }
}

// alpha 16 at rank 4: merged equals unmerged, and is not what alpha = rank would give.
Test(lora, merged_equals_unmerged) {
    for (int dora = 0; dora < 2; dora++) {
        Setup s;
        Model merged;
        setup_new(&s, (LoraSettings){.rank = 4, .alpha = 16, .dora = dora});
        disturb(&s.lora);
        lora_merge(&merged, &s.lora);
        cr_assert_eq(merged.params.size, s.base.params.size);
        Mat with = logits_of(&s.lora.model), plain = logits_of(&merged);
        cr_assert_lt(largest_difference(with, plain), rounding());
        for (int i = 0; i < s.lora.count; i++) s.lora.adapters[i].scale = 1;
        Mat other = logits_of(&s.lora.model);
        cr_assert_gt(largest_difference(with, other), 0.01);
        mat_free(with), mat_free(plain), mat_free(other);
        model_free(&merged), setup_free(&s);
    }
}

Test(lora, taken_out_again) {
    Setup s;
    setup_new(&s, (LoraSettings){.rank = 3});
    disturb(&s.lora);
    Params *p = &s.lora.model.params;
    int index = s.lora.model.decoder.blocks[0].ffn.up.weight;
    Mat w = params_value(&s.base.params, index), moved = mat_new(w.rows, w.cols);
    const Adapter *up = NULL;
    for (int i = 0; i < s.lora.count; i++)
        if (p->list[s.lora.adapters[i].b].cols == w.cols) up = &s.lora.adapters[i];
    mat_copy(moved, w);
    adapter_add(moved, p, up, 1);
    cr_assert_gt(largest_difference(moved, w), 0.01);
    adapter_add(moved, p, up, -1);
    cr_assert_lt(largest_difference(moved, w), rounding());
    mat_free(moved), setup_free(&s);
}

// What generation runs has the adapter in it.
Test(lora, infer_runs_it) {
    for (int dora = 0; dora < 2; dora++) {
        Setup s;
        Error err;
        InferModel view;
        Inference state;
        setup_new(&s, (LoraSettings){.rank = 4, .dora = dora});
        disturb(&s.lora);
        Mat expected = logits_of(&s.lora.model), found = mat_new(1, SMALL_VOCABULARY);
        cr_assert(infer_of_model(&view, &s.lora.model, &err), "%s", err.text);
        cr_assert(inference_new(&state, &view, SMALL_CONTEXT, &err));
        infer(&state, ids, TIME, found);
        cr_assert_lt(largest_difference(mat_rows(expected, TIME - 1, 1), found),
                     rounding());
        inference_free(&state), infer_model_free(&view);
        mat_free(expected), mat_free(found), setup_free(&s);
    }
}

// ---- gradients

static Node *model_loss_of(Tape *t, void *model) {
    return random_loss(t, logits_node(t, model));
}

Test(lora, gradients) {
    for (int dora = 0; dora < 2; dora++) {
        Setup s;
        setup_new(&s, (LoraSettings){.rank = 4, .dora = dora});
        disturb(&s.lora);
        double error =
            gradient_error(&s.lora.model.params, model_loss_of, &s.lora.model, 6);
        cr_assert_leq(error, gradient_tolerance(), "%d: %g", dora, error);
        setup_free(&s);
    }
}

// At the beginning A has no gradient, since B is 0; B has one. After a step only
// adapters have moved.
Test(lora, only_adapters_move) {
    Setup s;
    setup_new(&s, (LoraSettings){.rank = 4});
    Lora *l = &s.lora;
    Params *p = &l->model.params;
    Tape *t = tape_new(p);
    tape_backward(t, model_loss_of(t, &l->model));
    for (int i = 0; i < l->count; i++) {
        Mat a = params_grad(p, l->adapters[i].a), b = params_grad(p, l->adapters[i].b);
        double largest = 0;
        for (int k = 0; k < a.rows * a.cols; k++) cr_assert_eq(a.at[k], 0);
        for (int k = 0; k < b.rows * b.cols; k++)
            largest = fmax(largest, fabs((double)b.at[k]));
        cr_assert_gt(largest, 0);
    }
    Optimiser o = optimiser_new(p, (OptimiserSettings){.kind = OPTIMISER_ADAM});
    optimiser_step(&o, p, 0.01);
    cr_assert_arr_eq(p->values, s.base.params.values,
                     s.base.params.size * sizeof(real));
    cr_assert_eq(o.size, p->grad_size);
    cr_assert_eq(p->grad_size, p->size - s.base.params.size);
    optimiser_free(&o), tape_free(t), setup_free(&s);
}

// The gradient with respect to V, through y = (x V)_j m_j / n_j with x = I.
static double worst_along_columns(bool detached) {
    enum { IN = 5, OUT = 3 };
    Rng rng = rng_new(3);
    Tape *t = tape_new(NULL);
    Mat v = random_mat(&rng, IN, OUT, 1), m = random_mat(&rng, 1, OUT, 1);
    Node *columns = variable_node(t, v), *norms = column_norms(t, columns);
    columns->keeps_grad = true;
    if (detached) norms = constant_node(t, norms->value);
    Node *y = scale_columns(t, columns, constant_node(t, m), norms);
    tape_backward(t, random_loss(t, y));
    double worst = 0;
    for (int j = 0; j < OUT; j++) {
        double along = 0;
        for (int i = 0; i < IN; i++)
            along += (double)*mat_at(columns->grad, i, j) * (double)*mat_at(v, i, j);
        worst = fmax(worst, fabs(along));
    }
    mat_free(v), mat_free(m), tape_free(t);
    return worst;
}

Test(lora, a_direction_has_no_gradient_along_itself) {
    cr_assert_lt(worst_along_columns(false), sizeof(real) == 8 ? 1e-12 : 1e-5);
    cr_assert_gt(worst_along_columns(true), 0.01);
}

// ---- what does not fit

Test(lora, a_rank_that_does_not_fit) {
    static const int ranks[] = {0, -1, 17};
    for (int i = 0; i < 3; i++) {
        Model base;
        Lora l;
        Error err;
        Rng rng = rng_new(1);
        small_model(&base, 1);
        cr_assert_not(
            lora_new(&l, &base, (LoraSettings){.rank = ranks[i]}, &rng, &err));
        cr_assert(strstr(err.text, "expected 1 to 16"), "%s", err.text);
        model_free(&base);
    }
}
