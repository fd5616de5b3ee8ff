// The mixture of experts: its gradients, its choices, its balance.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/moe.h"
#include "ch03_transformer/tests/gradients.h"

enum { TOKENS = 11, D = 5, HIDDEN = 7, EXPERTS = 4 };

typedef struct {
    Params p;
    Moe moe;
    int x;
} Case;

static Case case_new(FfnKind kind, int experts, int chosen, double router) {
    Case c = {0};
    c.x = params_add(&c.p, TOKENS, D, normal(1), "x");
    MoeShape shape = {experts,        chosen,      D,
                      HIDDEN,         kind,        kind != FFN_SWIGLU,
                      normal(router), normal(0.6), normal(0.6)};
    c.moe = moe_new(&c.p, &shape, "moe");
    params_allocate(&c.p), params_allocate_grads(&c.p);
    Rng rng = rng_new(4);
    params_init(&c.p, &rng);
    return c;
}

static Node *loss(Tape *t, void *context) {
    Case *c = context;
    Routing r;
    Node *y = moe(t, &c->moe, param(t, c->x), &r);
    return add(t, random_loss(t, y), scale(t, moe_balance(t, &r), 0.3));
}

// How far the choice is from another one: the least p of a chosen expert minus the
// largest of the others.
static double margin(Case *c) {
    Tape *t = tape_new(&c->p);
    Routing r;
    moe(t, &c->moe, param(t, c->x), &r);
    double least = INFINITY;
    for (int i = 0; i < r.tokens; i++) {
        double inside = 1, outside = 0;
        for (int e = 0; e < r.experts; e++) {
            bool chosen = false;
            for (int j = 0; j < r.chosen; j++)
                chosen |= r.expert[i * r.chosen + j] == e;
            double p = (double)*mat_at(r.probability->value, i, e);
            if (chosen) inside = fmin(inside, p);
            else outside = fmax(outside, p);
        }
        least = fmin(least, inside - outside);
    }
    tape_free(t);
    return least;
}

Test(moe, gradients_are_central_differences) {
    for (int chosen = 1; chosen <= EXPERTS; chosen++) {
        Case c = case_new(chosen % 2 ? FFN_GELU : FFN_SWIGLU, EXPERTS, chosen, 1);
        cr_assert(chosen == EXPERTS || margin(&c) > 1e-3,
                  "another choice is near: differences would jump");
        double error = gradient_error(&c.p, loss, &c, 400);
        cr_expect(error <= gradient_tolerance(), "k = %d: off by %g", chosen, error);
        int router = params_find(&c.p, "moe.router.weight");
        double size = largest_difference(params_grad(&c.p, router),
                                         mat_view((real[D *EXPERTS]){0}, D, EXPERTS));
        cr_expect(size > 1e-3, "k = %d: the router's gradient is %g", chosen, size);
        params_free(&c.p);
    }
}

// y by its definition: every expert over all tokens, weighed.
Test(moe, is_its_definition) {
    Case c = case_new(FFN_GELU, EXPERTS, 2, 1);
    Tape *t = tape_new(&c.p);
    Routing r;
    Node *x = param(t, c.x), *y = moe(t, &c.moe, x, &r);
    Mat expected = mat_new(TOKENS, D);
    for (int e = 0; e < EXPERTS; e++) {
        Mat out = ffn(t, &c.moe.expert[e], x)->value;
        for (int i = 0; i < TOKENS; i++) {
            int a = r.expert[2 * i], b = r.expert[2 * i + 1];
            double pa = (double)*mat_at(r.probability->value, i, a),
                   pb = (double)*mat_at(r.probability->value, i, b);
            cr_expect(pa >= pb);
            double gate = e == a ? pa / (pa + pb) : e == b ? pb / (pa + pb) : 0;
            for (int j = 0; j < D; j++)
                *mat_at(expected, i, j) += (real)gate * *mat_at(out, i, j);
        }
    }
    cr_expect(largest_difference(y->value, expected)
              < (sizeof(real) == 8 ? 1e-14 : 2e-6));
    mat_free(expected), tape_free(t), params_free(&c.p);
}

// A router of zeros finds all experts equal: k = E is their mean, and k < E takes the
// first.
Test(moe, equal_weights_give_the_mean_and_ties_go_to_the_first) {
    Case c = case_new(FFN_RELU, EXPERTS, EXPERTS, 0);
    Tape *t = tape_new(&c.p);
    Node *x = param(t, c.x), *y = moe(t, &c.moe, x, NULL),
         *sum = ffn(t, &c.moe.expert[0], x);
    for (int e = 1; e < EXPERTS; e++) sum = add(t, sum, ffn(t, &c.moe.expert[e], x));
    cr_expect(largest_difference(y->value, scale(t, sum, 1.0 / EXPERTS)->value)
              < (sizeof(real) == 8 ? 1e-14 : 2e-6));
    tape_free(t), params_free(&c.p);

    c = case_new(FFN_RELU, EXPERTS, 2, 0);
    t = tape_new(&c.p);
    Routing r;
    moe(t, &c.moe, param(t, c.x), &r);
    for (int i = 0; i < TOKENS; i++)
        cr_expect(r.expert[2 * i] == 0 && r.expert[2 * i + 1] == 1);
    cr_expect(r.count[0] == TOKENS && r.count[1] == TOKENS && r.count[2] == 0
              && r.count[3] == 0);
    cr_expect_float_eq((double)*moe_balance(t, &r)->value.at, 1, 1e-6,
                       "P is uniform, though f is not");
    tape_free(t), params_free(&c.p);
}

// Experts that nobody chose are left alone; one token alone works.
Test(moe, unused_experts_get_no_gradient) {
    Case c = case_new(FFN_GELU, EXPERTS, 1, 0);
    Tape *t = tape_new(&c.p);
    tape_backward(
        t, random_loss(t, moe(t, &c.moe, slice_rows(t, param(t, c.x), 3, 1), NULL)));
    for (int k = 0; k < c.p.count; k++) {
        Mat grad = params_grad(&c.p, k);
        bool used = !strstr(c.p.list[k].name, "expert")
                    || strstr(c.p.list[k].name, "expert.0"),
             any = false;
        for (int i = 0; i < grad.rows * grad.cols; i++) any |= grad.at[i] != 0;
        cr_expect(any == used, "%s", c.p.list[k].name);
    }
    tape_free(t), params_free(&c.p);
}
