#include "ch03_transformer/infer_of_model.h"

#include <assert.h>
#include <math.h>

// What infer.h lacks; NULL: nothing.
static const char *lacking(const Config *c) {
    bool llama = c->norm == NORM_RMS;
    if (c->family != FAMILY_DECODER || c->head != HEAD_LINEAR || c->shared_layers
        || c->segments || c->position_offset)
        return "it is not a plain decoder";
    if (c->place != PLACE_PRE || !c->final_norm || c->norm_epsilon != 1e-5)
        return "norms must be Pre-LN, with one at the end, and epsilon 1e-5";
    if (c->embedding_channels != c->channels || c->embedding_norm
        || c->embedding_scale != 1 || c->logit_scale != 1)
        return "embeddings and logits must be plain";
    double usual = 1 / sqrt(c->head_dim);
    if (c->heads * c->head_dim != c->channels
        || (c->attention_scale != 0 && c->attention_scale != usual))
        return "heads must have channels / heads numbers and the usual scale";
    if (c->attention_bias == llama || c->ffn_bias == llama || c->norm_bias == llama)
        return llama ? "RMS norm goes without biases"
                     : "layer norm goes with biases everywhere";
    if (c->ffn != (llama ? FFN_SWIGLU : FFN_GELU_TANH))
        return llama ? "RMS norm goes with SwiGLU"
                     : "layer norm goes with GELU by tanh";
    if (c->position != (llama ? POSITION_ROPE : POSITION_LEARNED))
        return llama ? "RMS norm goes with RoPE"
                     : "layer norm goes with learned positions";
    if (llama
        && (c->rope.base != 10000 || c->rope.pairing != ROPE_INTERLEAVED
            || c->rope.scaling != ROPE_SCALING_NONE))
        return "RoPE must be interleaved, of base 10000, without scaling";
    return NULL;
}

static Mat view(const Model *m, int param) {
    return param < 0 ? (Mat){0} : params_value(&m->params, param);
}

// in x out here, a row for each output there. With an adapter: numbers of its own.
static void linear_view(InferModel *to, Mat *weight, Mat *bias, const Model *m,
                        const Linear *l) {
    assert((!l->adapt || l->fold)
           && "infer_of_model: an adapter that cannot be folded");
    Mat w = view(m, l->weight);  // a layer that is not there: none
    if (l->adapt) {
        w = infer_model_new_mat(to, w.rows, w.cols);
        l->fold(w, &m->params, l);
    }
    *weight = mat_transpose(w);
    *bias = view(m, l->bias);
}

static InferLayer layer_view(InferModel *to, const Model *m, const Block *b) {
    InferLayer w = {.norm = view(m, b->norm_attention.gain),
                    .norm_bias = view(m, b->norm_attention.bias),
                    .ffn_norm = view(m, b->norm_ffn.gain),
                    .ffn_norm_bias = view(m, b->norm_ffn.bias)};
    Mat none;
    linear_view(to, &w.q, &w.q_bias, m, &b->attention.query);
    linear_view(to, &w.k, &w.k_bias, m, &b->attention.key);
    linear_view(to, &w.v, &w.v_bias, m, &b->attention.value);
    linear_view(to, &w.o, &w.o_bias, m, &b->attention.out);
    linear_view(to, &w.up, &w.up_bias, m, &b->ffn.up);
    linear_view(to, &w.down, &w.down_bias, m, &b->ffn.down);
    linear_view(to, &w.gate, &none, m, &b->ffn.gate);
    return w;
}

bool infer_of_model(InferModel *to, const Model *m, Error *err) {
    assert(m->params.values && "infer_of_model: the model has no values");
    const Config *c = &m->config;
    const char *what = lacking(c);
    *to = (InferModel){0};
    if (what) return error_set(err, "this model cannot be run: %s", what);
    *to = (InferModel){c->channels,   c->hidden,  c->layers, c->heads, c->kv_heads,
                       c->vocabulary, c->context, c->norm,   c->ffn};
    to->embedding = view(m, m->token);
    to->positions = view(m, m->position);
    to->output = c->tied ? to->embedding : mat_transpose(view(m, m->head));
    to->final_norm = view(m, m->decoder.final_norm.gain),
    to->final_norm_bias = view(m, m->decoder.final_norm.bias);
    to->layer = allocate((size_t)c->layers, sizeof *to->layer);
    for (int l = 0; l < c->layers; l++)
        to->layer[l] = layer_view(to, m, &m->decoder.blocks[l]);
    return true;
}
