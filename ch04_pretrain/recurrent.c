#include "ch04_pretrain/recurrent.h"

#include <math.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/linear.h"

void recurrent_new(Recurrent *r, int vocabulary, int channels, const Rng *rng) {
    *r = (Recurrent){.vocabulary = vocabulary, .channels = channels};
    Params *p = &r->params;
    double sd = 1 / sqrt(channels);
    r->embedding = params_add(p, vocabulary, channels, normal(1), "embedding");
    r->input = params_add(p, channels, channels, normal(sd), "input.weight");
    r->state = params_add(p, channels, channels, normal(sd), "state.weight");
    r->bias = params_add(p, 1, channels, constant(0), "state.bias");
    r->output = params_add(p, channels, vocabulary, normal(sd), "output.weight");
    r->output_bias = params_add(p, 1, vocabulary, constant(0), "output.bias");
    params_allocate(p);
    params_init(p, rng);
    params_allocate_grads(p);
}

void recurrent_free(Recurrent *r) {
    params_free(&r->params);
    *r = (Recurrent){0};
}

// Column `at` of a rows x time table.
static const int *column(Tape *t, const int *table, int rows, int time, int at) {
    int *ids = tape_allocate(t, (size_t)rows * sizeof *ids);
    for (int i = 0; i < rows; i++) ids[i] = table[(size_t)i * time + at];
    return ids;
}

static int counted(const int *targets, int n) {
    int count = 0;
    for (int i = 0; i < n; i++) count += targets[i] >= 0;
    return count;
}

Node *recurrent_loss(Tape *t, const Recurrent *r, const int *tokens, const int *targets,
                     int rows, int time) {
    Node *h = NULL, *loss = NULL;
    int all = counted(targets, rows * time);
    for (int i = 0; i < time; i++) {
        const int *now = column(t, tokens, rows, time, i);
        const int *next = column(t, targets, rows, time, i);
        Node *x = gather_rows(t, param(t, r->embedding), now, rows);
        Node *sum = matmul_node(t, x, param(t, r->input), param(t, r->bias));
        if (h) sum = add(t, sum, matmul_node(t, h, param(t, r->state), NULL));
        h = tanh_node(t, sum);
        Node *logits = matmul_node(t, h, param(t, r->output), param(t, r->output_bias));
        double share = all ? (double)counted(next, rows) / all : 0;
        Node *part = scale(t, cross_entropy(t, logits, next), share);
        loss = loss ? add(t, loss, part) : part;
    }
    return loss;
}
