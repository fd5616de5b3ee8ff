#include "ch05_sft_rlhf/lora.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch05_sft_rlhf/dora.h"
#include "ch05_sft_rlhf/int8.h"
#include "common/numeric/small.h"

static Linear *query(Block *b) { return &b->attention.query; }
static Linear *key(Block *b) { return &b->attention.key; }
static Linear *value(Block *b) { return &b->attention.value; }
static Linear *out(Block *b) { return &b->attention.out; }
static Linear *up(Block *b) { return &b->ffn.up; }
static Linear *down(Block *b) { return &b->ffn.down; }
static Linear *gate(Block *b) { return &b->ffn.gate; }

const LoraPlaceType lora_places[] = {
    [LORA_QUERY] = {"query", query}, [LORA_KEY] = {"key", key},
    [LORA_VALUE] = {"value", value}, [LORA_OUT] = {"out", out},
    [LORA_UP] = {"up", up},          [LORA_DOWN] = {"down", down},
    [LORA_GATE] = {"gate", gate}};
_Static_assert(sizeof lora_places / sizeof *lora_places == LORA_PLACES,
               "a place without a line");

// ---- one layer

static Node *adapted(Tape *t, const Linear *l, Node *x, Node *y) {
    const Adapter *c = l->adapter;
    Node *a = param(t, c->a), *b = param(t, c->b);
    Node *low = matmul_node(t, matmul_node(t, x, a, NULL), b, NULL);
    Node *u = add(t, y, scale(t, low, c->scale));
    if (c->lengths < 0) return u;
    Node *v =
        add(t, param(t, l->weight), scale(t, matmul_node(t, a, b, NULL), c->scale));
    return scale_columns(t, u, param(t, c->lengths), column_norms(t, v));
}

void adapter_add(Mat w, const Params *p, const Adapter *a, double sign) {
    Mat product = mat_new(w.rows, w.cols);
    matmul(product, params_value(p, a->a), params_value(p, a->b));
    mat_add_scaled(w, (real)(sign * a->scale), product);
    mat_free(product);
}

static void fold(Mat to, const Params *p, const Linear *l) {
    const Adapter *a = l->adapter;
    mat_copy(to, params_value(p, l->weight));
    adapter_add(to, p, a, 1);
    for (int j = 0; a->lengths >= 0 && j < to.cols; j++) {
        double length = (double)*mat_at(params_value(p, a->lengths), 0, j);
        mat_scale(mat_cols(to, j, 1), (real)(length / column_length(to, j)));
    }
}

void adapter_new(Adapter *a, Params *p, Linear *l, const LoraSettings *s,
                 const char *name) {
    Param w = p->list[l->weight];
    assert((!s->dora || l->bias < 0) && "adapter_new: DoRA on a layer with a bias");
    *a = (Adapter){.lengths = -1, .scale = s->alpha / s->rank};
    a->a = params_add(p, w.rows, s->rank, normal(1 / sqrt(w.rows)), "%s.a", name);
    a->b = params_add(p, s->rank, w.cols, constant(0), "%s.b", name);
    if (s->dora) a->lengths = params_add(p, 1, w.cols, constant(1), "%s.lengths", name);
    l->adapt = adapted, l->fold = fold, l->adapter = a;
}

// Once W has its values: DoRA's lengths are those of its columns.
static void adapter_begin(const Adapter *a, Params *p, const Linear *l) {
    Mat w = params_value(p, l->weight);
    for (int j = 0; a->lengths >= 0 && j < w.cols; j++)
        *mat_at(params_value(p, a->lengths), 0, j) = (real)column_length(w, j);
}

// ---- a model

typedef void EachLayer(Lora *l, int which, Linear *layer, const char *name);

// Calls for every layer that has a place among the settings'.
static int each(Lora *l, EachLayer *call) {
    int n = 0;
    const Stack *s = &l->model.decoder;
    for (int i = 0; i < s->layers && (i == 0 || !l->model.config.shared_layers); i++)
        for (int k = 0; k < LORA_PLACES; k++) {
            Linear *layer = lora_places[k].of(&s->blocks[i]);
            if (!(l->settings.places >> k & 1) || layer->weight < 0) continue;
            char name[64];
            snprintf(name, sizeof name, "lora.%d.%s", i, lora_places[k].name);
            if (call) call(l, n, layer, name);
            n++;
        }
    return n;
}

static void adapt_layer(Lora *l, int which, Linear *layer, const char *name) {
    adapter_new(&l->adapters[which], &l->model.params, layer, &l->settings, name);
}

static void begin_layer(Lora *l, int which, Linear *layer, const char *name) {
    (void)name;
    adapter_begin(&l->adapters[which], &l->model.params, layer);
}

static void round_layer(Lora *l, int which, Linear *layer, const char *name) {
    (void)which, (void)name;
    Mat w = mat_transpose(params_value(&l->model.params, layer->weight));
    Int8 q = int8_of(w);
    int8_mat(w, &q);
    l->base_bytes -= sizeof(float) * (size_t)w.rows * (size_t)w.cols - int8_bytes(&q);
    int8_free(&q);
}

// Whether every layer that gets an adapter can have it; the first that cannot is named.
static bool layers_fit(Lora *l, Error *err) {
    const Stack *s = &l->model.decoder;
    for (int k = 0; k < LORA_PLACES; k++) {
        int index = lora_places[k].of(&s->blocks[0])->weight;
        if (!(l->settings.places >> k & 1) || index < 0) continue;
        const Param *w = &l->model.params.list[index];
        if (l->settings.dora && lora_places[k].of(&s->blocks[0])->bias >= 0)
            return error_set(err, "DoRA: %s has a bias: expected layers without",
                             w->name);
        int most = int_min(w->rows, w->cols);
        if (l->settings.rank < 1 || l->settings.rank > most)
            return error_set(err, "rank %d: expected 1 to %d: %s is %d x %d",
                             l->settings.rank, most, w->name, w->rows, w->cols);
    }
    return true;
}

// `count` parameters from `first` on, that were added to a model of this configuration.
static void add_again(Params *to, const Params *from, int first, int count) {
    for (int i = first; i < first + count; i++) {
        const Param *p = &from->list[i];
        int added = params_add(to, p->rows, p->cols, constant(0), "%s", p->name);
        to->list[added].frozen = p->frozen;
    }
}

bool lora_new(Lora *l, const Model *base, LoraSettings settings, const Rng *rng,
              Error *err) {
    *l = (Lora){.settings = settings};
    Model *m = &l->model;
    if (!settings.alpha) l->settings.alpha = 2 * settings.rank;
    if (!settings.places) l->settings.places = LORA_ALL;
    if (!model_new(m, &base->config, err)) return false;
    assert(m->decoder.layers && !m->encoder.layers && "lora_new: not a decoder");
    if (!layers_fit(l, err)) return model_free(m), false;
    params_freeze(&m->params, "", true);
    l->base = m->params.count;
    l->base_bytes = sizeof(float) * m->params.size;
    l->added = base->params.count - l->base;
    add_again(&m->params, &base->params, l->base, l->added);
    assert(m->params.size == base->params.size && "lora_new: of another shape");
    l->adapters = allocate((size_t)each(l, NULL), sizeof *l->adapters);
    l->count = each(l, adapt_layer);
    model_allocate(m, rng);
    memcpy(m->params.values, base->params.values,
           base->params.size * sizeof *base->params.values);
    if (l->settings.int8) each(l, round_layer);
    each(l, begin_layer);
    params_allocate_grads(&m->params);
    return true;
}

void lora_free(Lora *l) {
    model_free(&l->model), free(l->adapters);
    *l = (Lora){0};
}

static void fold_into(Model *to, const Model *from) {
    for (int i = 0; i < from->decoder.layers; i++)
        for (int k = 0; k < LORA_PLACES; k++) {
            const Linear *layer = lora_places[k].of(&from->decoder.blocks[i]);
            if (layer->weight < 0 || !layer->adapt) continue;
            layer->fold(params_value(&to->params, layer->weight), &from->params, layer);
        }
}

void lora_merge(Model *to, const Lora *l) {
    Error err;
    if (!model_new(to, &l->model.config, &err)) die("%s", err.text);
    add_again(&to->params, &l->model.params, l->base, l->added);
    model_allocate(to, NULL);
    memcpy(to->params.values, l->model.params.values,
           to->params.size * sizeof *to->params.values);
    fold_into(to, &l->model);
}
