#include "ch05_sft_rlhf/in_batch.h"

#include <math.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/cross_entropy.h"

static void inner_products_pull(Tape *t, Node *y) {
    grad_matmul(t, y->from[0], y->grad, y->from[1]->value);
    grad_matmul(t, y->from[1], mat_transpose(y->grad), y->from[0]->value);
}

static const Operation inner_products_operation = {"inner products",
                                                   inner_products_pull};

Node *inner_products(Tape *t, Node *a, Node *b) {
    Node *y = node_new(t, &inner_products_operation, a->value.rows, b->value.rows, a, b,
                       NULL);
    matmul(y->value, a->value, mat_transpose(b->value));
    return y;
}

Node *in_batch_loss(Tape *t, Node *questions, Node *facts, const int *fact) {
    int n = questions->value.rows;
    Node *scores = inner_products(t, questions, facts);
    Mat mask = tape_mat(t, n, n);
    int *own = tape_allocate(t, (size_t)n * sizeof *own);
    for (int i = 0; i < n; i++) {
        own[i] = i;
        for (int j = 0; j < n; j++)
            *mat_at(mask, i, j) = i != j && fact[i] == fact[j] ? -INFINITY : 0;
    }
    return cross_entropy(t, add(t, scores, constant_node(t, mask)), own);
}
