#include "ch03_transformer/moe.h"

#include <assert.h>
#include <stdio.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/embedding.h"

Moe moe_new(Params *p, const MoeShape *s, const char *name) {
    assert(1 <= s->chosen && s->chosen <= s->experts && s->experts <= MOE_MOST_EXPERTS
           && "moe: not 1 <= K <= E <= 64");
    Moe m = {.experts = s->experts, .chosen = s->chosen};
    char part[96];
    snprintf(part, sizeof part, "%s.router", name);
    m.router = linear_new(p, s->channels, s->experts, false, s->init_router, part);
    for (int e = 0; e < s->experts; e++) {
        snprintf(part, sizeof part, "%s.expert.%d", name, e);
        m.expert[e] = ffn_new(p, s->ffn, s->channels, s->hidden, s->bias, s->init,
                              s->init_down, part);
    }
    return m;
}

// ---- who goes where

// The k largest of n numbers, the largest first, of equal ones the one that comes
// first.
static void choose(int *chosen, int k, const real *p, int n) {
    bool taken[MOE_MOST_EXPERTS] = {false};
    for (int j = 0; j < k; j++) {
        int best = -1;
        for (int e = 0; e < n; e++)
            if (!taken[e] && (best < 0 || p[e] > p[best])) best = e;
        taken[chosen[j] = best] = true;
    }
}

// Choices sorted by expert, and within an expert by token.
static Routing route(Tape *t, const Moe *m, Node *probability) {
    int n = probability->value.rows, k = m->chosen;
    size_t choices = (size_t)n * (size_t)k;
    int *expert = tape_allocate(t, choices * sizeof(int)),
        *token = tape_allocate(t, choices * sizeof(int)),
        *place = tape_allocate(t, choices * sizeof(int)),
        *count = tape_allocate(t, (size_t)m->experts * sizeof(int));
    for (int i = 0; i < n; i++)
        choose(expert + i * k, k, mat_at(probability->value, i, 0), m->experts);
    int next[MOE_MOST_EXPERTS] = {0};
    for (size_t c = 0; c < choices; c++) count[expert[c]]++;
    for (int e = 1; e < m->experts; e++) next[e] = next[e - 1] + count[e - 1];
    for (size_t c = 0; c < choices; c++) {
        place[c] = next[expert[c]]++;
        token[place[c]] = (int)(c / (size_t)k);
    }
    return (Routing){n, m->experts, k, probability, expert, count, token, place};
}

// ---- with what weight: one number a choice, in the order of Routing.token

// What p_e is divided by.
static double gate_sum(const Routing *r, int token) {
    double sum = 0;
    for (int j = 0; j < r->chosen; j++)
        sum += (double)*mat_at(r->probability->value, token,
                               r->expert[token * r->chosen + j]);
    return r->chosen == 1 ? 1 : sum;
}

// g = p / s, s = sum of p: dp = (dg - sum over C of g dg) / s; with K = 1 dp = dg.
static void gates_pull(Tape *t, Node *gates) {
    const Routing *r = gates->saved;
    Mat grad = grad_add(t, gates->from[0]);
    const real *g = gates->value.at, *dg = gates->grad.at;
    for (int i = 0; i < r->tokens; i++) {
        const int *expert = r->expert + i * r->chosen,
                  *place = r->place + i * r->chosen;
        double sum = gate_sum(r, i), mean = 0;
        for (int j = 0; j < r->chosen && r->chosen > 1; j++)
            mean += (double)g[place[j]] * (double)dg[place[j]];
        for (int j = 0; j < r->chosen; j++)
            *mat_at(grad, i, expert[j]) += (real)(((double)dg[place[j]] - mean) / sum);
    }
}

static const Operation gates_operation = {"gates", gates_pull};

static Node *gates(Tape *t, const Routing *r) {
    Node *g = node_new(t, &gates_operation, r->tokens * r->chosen, 1, r->probability,
                       NULL, NULL);
    Routing *saved = g->saved = tape_allocate(t, sizeof *saved);
    *saved = *r;
    for (int c = 0; c < r->tokens * r->chosen; c++) {
        int i = c / r->chosen;
        g->value.at[r->place[c]] =
            (real)((double)*mat_at(r->probability->value, i, r->expert[c])
                   / gate_sum(r, i));
    }
    return g;
}

// ---- the layer

Node *moe(Tape *t, const Moe *m, Node *x, Routing *routing) {
    assert(x->value.rows > 0 && "moe: no rows");
    Routing r = route(t, m, softmax_rows(t, linear(t, &m->router, x)));
    Node *g = gates(t, &r), *y = NULL;
    for (int e = 0, first = 0; e < m->experts; first += r.count[e++]) {
        int n = r.count[e];
        if (n == 0) continue;
        Node *out = ffn(t, &m->expert[e], gather_rows(t, x, r.token + first, n));
        Node *part = scatter_rows(t, scale_rows(t, out, slice_rows(t, g, first, n)),
                                  r.token + first, x->value.rows);
        y = y ? add(t, y, part) : part;
    }
    if (routing) *routing = r;
    return y;
}

// The mean over tokens and experts of p_ie f_e is sum f_e P_e / E.
Node *moe_balance(Tape *t, const Routing *r) {
    Mat share = tape_mat(t, r->tokens, r->experts);
    for (int i = 0; i < r->tokens; i++)
        for (int e = 0; e < r->experts; e++)
            *mat_at(share, i, e) = (real)((double)r->count[e] / r->tokens / r->chosen);
    return scale(t, mean(t, product(t, r->probability, constant_node(t, share))),
                 (double)r->experts * r->experts);
}
