#include "ch05_sft_rlhf/critic.h"

#include "ch03_transformer/linear.h"

// Parameters of the same name get the same values.
static void copy_values(Params *to, const Params *from) {
    for (int i = 0; i < to->count; i++) {
        int same = params_find(from, to->list[i].name);
        if (same >= 0) mat_copy(params_value(to, i), params_value(from, same));
    }
}

void critic_new(Critic *c, const Model *policy) {
    Config config = policy->config;
    Error err;
    config.head = HEAD_NONE, config.tied = false;
    if (!model_new(&c->model, &config, &err)) die("%s", err.text);
    Params *p = &c->model.params;
    c->weight = params_add(p, config.channels, 1, constant(0), "value.weight");
    c->bias = params_add(p, 1, 1, constant(0), "value.bias");
    model_allocate(&c->model, NULL);
    copy_values(p, &policy->params);
    params_allocate_grads(p);
}

void critic_free(Critic *c) { model_free(&c->model); }

Node *critic_values(Tape *t, const Critic *c, Node *hidden) {
    return matmul_node(t, hidden, param(t, c->weight), param(t, c->bias));
}
