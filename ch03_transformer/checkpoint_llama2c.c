#include "ch03_transformer/checkpoint_llama2c.h"

#include <assert.h>
#include <stdlib.h>

#include "ch02_attention/rope.h"
#include "ch03_transformer/float_file.h"
#include "common/program/output.h"

typedef struct {
    int32_t dim, hidden, layers, heads, kv_heads, vocab, context;
} Header;

// With these limits no product below passes 2^60.
enum {
    MOST_DIM = 1 << 20,
    MOST_LAYERS = 1 << 14,
    MOST_VOCAB = 1 << 26,
    MOST_CONTEXT = 1 << 26
};

// ---- the header

static bool check(const Header *h, bool *tied, const char *path, Error *err) {
    const struct {
        const char *name;
        int64_t value, most;
    } fields[] = {{"dim", h->dim, MOST_DIM},
                  {"hidden_dim", h->hidden, MOST_DIM},
                  {"n_layers", h->layers, MOST_LAYERS},
                  {"n_heads", h->heads, h->dim},
                  {"n_kv_heads", h->kv_heads, h->heads},
                  {"vocab_size", llabs((int64_t)h->vocab), MOST_VOCAB},
                  {"seq_len", h->context, MOST_CONTEXT}};
    if (h->dim == 0x616b3432)
        return error_set(err,
                         "%s: llama2.c's newer format; expected the legacy one "
                         "(export.py --version 0)",
                         path);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].value < 1 || fields[i].value > fields[i].most)
            return error_set(
                err, "%s: not a llama2.c checkpoint: %s is %lld, expected 1 to %lld",
                path, fields[i].name, (long long)fields[i].value,
                (long long)fields[i].most);
    if (h->dim % h->heads || h->dim / h->heads % 2)
        return error_set(err, "%s: %d heads do not divide dim %d into even parts", path,
                         h->heads, h->dim);
    if (h->heads % h->kv_heads)
        return error_set(err, "%s: %d key/value heads do not divide %d heads", path,
                         h->kv_heads, h->heads);
    *tied = h->vocab > 0;
    return true;
}

static uint64_t file_bytes(const Header *h, uint64_t vocab, bool tied) {
    uint64_t dim = (uint64_t)h->dim, hidden = (uint64_t)h->hidden,
             head = dim / (uint64_t)h->heads;
    uint64_t layer = 2 * dim + 2 * dim * dim + 2 * dim * head * (uint64_t)h->kv_heads
                     + 3 * dim * hidden;
    uint64_t numbers = vocab * dim * (tied ? 1 : 2) + (uint64_t)h->layers * layer + dim;
    numbers += (uint64_t)h->context * (head / 2) * 2;
    return sizeof *h + 4 * numbers;
}

// ---- the weights, in the file's order; `each` reads or writes one matrix

typedef bool Each(void *file, Mat *w, const char *name, int layer, Error *err);

static bool each_layer(InferModel *m, size_t offset, const char *name, Each *each,
                       void *file, Error *err) {
    for (int l = 0; l < m->layers; l++)
        if (!each(file, (Mat *)((char *)&m->layer[l] + offset), name, l, err))
            return false;
    return true;
}

static bool each_weight(InferModel *m, Each *each, void *file, Error *err) {
#define LAYERS(field, name) \
    each_layer(m, offsetof(InferLayer, field), name, each, file, err)
    return each(file, &m->embedding, "token_embedding", -1, err)
           && LAYERS(norm, "rms_att") && LAYERS(q, "wq") && LAYERS(k, "wk")
           && LAYERS(v, "wv") && LAYERS(o, "wo") && LAYERS(ffn_norm, "rms_ffn")
           && LAYERS(gate, "w1") && LAYERS(down, "w2") && LAYERS(up, "w3")
           && each(file, &m->final_norm, "rms_final", -1, err);
#undef LAYERS
}

static void allocate_weights(InferModel *m) {
    int kv_dim = m->dim / m->heads * m->kv_heads;
    m->embedding = infer_model_new_mat(m, m->vocab, m->dim);
    m->final_norm = infer_model_new_mat(m, 1, m->dim);
    m->layer = allocate((size_t)m->layers, sizeof *m->layer);
    for (int l = 0; l < m->layers; l++) {
        InferLayer *w = &m->layer[l];
        w->norm = infer_model_new_mat(m, 1, m->dim),
        w->ffn_norm = infer_model_new_mat(m, 1, m->dim);
        w->q = infer_model_new_mat(m, m->dim, m->dim),
        w->o = infer_model_new_mat(m, m->dim, m->dim);
        w->k = infer_model_new_mat(m, kv_dim, m->dim),
        w->v = infer_model_new_mat(m, kv_dim, m->dim);
        w->gate = infer_model_new_mat(m, m->hidden, m->dim),
        w->up = infer_model_new_mat(m, m->hidden, m->dim);
        w->down = infer_model_new_mat(m, m->dim, m->hidden);
    }
}

// ---- reading

static bool read_one(void *file, Mat *w, const char *name, int layer, Error *err) {
    return float_file_read(file, FLOAT_FP32, *w, name, layer, err);
}

static bool read_all(InferModel *m, FloatFile *f, Error *err) {
    Header h;
    bool tied = false;
    if (f->size < sizeof h)
        return error_set(err, "%s: not a checkpoint: only %d bytes", f->path,
                         (int)f->size);
    if (!float_file_bytes(f, &h, sizeof h, err) || !check(&h, &tied, f->path, err))
        return false;
    int vocab = h.vocab < 0 ? -h.vocab : h.vocab, head = h.dim / h.heads;
    if (!float_file_expect(f, file_bytes(&h, (uint64_t)vocab, tied), err)) return false;
    *m = (InferModel){h.dim, h.hidden,  h.layers, h.heads,   h.kv_heads,
                      vocab, h.context, NORM_RMS, FFN_SWIGLU};
    allocate_weights(m);
    if (!each_weight(m, read_one, f, err)
        || !float_file_skip(f, 4 * (uint64_t)h.context * (head / 2) * 2, err))
        return false;
    m->output = tied ? m->embedding : infer_model_new_mat(m, vocab, h.dim);
    return tied || read_one(f, &m->output, "wcls", -1, err);
}

bool llama2c_read(InferModel *m, const char *path, Error *err) {
    *m = (InferModel){0};
    FloatFile f;
    if (!float_file_open(&f, path, err)) return false;
    bool ok = read_all(m, &f, err);
    float_file_close(&f);
    if (!ok) infer_model_free(m);
    return ok;
}

// ---- writing

static bool write_one(void *file, Mat *w, const char *name, int layer, Error *err) {
    (void)name, (void)layer, (void)err;
    floats_write(file, *w);
    return true;
}

// Older versions of llama2.c still read these tables.
static void write_rope(FILE *stream, const InferModel *m) {
    Rope rope = {.dim = m->dim / m->heads, .base = 10000};
    RopeTables tables = rope_tables_new(&rope, m->context);
    floats_write(stream, tables.cosine), floats_write(stream, tables.sine);
    rope_tables_free(tables);
}

bool llama2c_write(const InferModel *m, const char *path, Error *err) {
    assert(m->norm == NORM_RMS && m->ffn == FFN_SWIGLU && m->layer[0].gate.at
           && !m->positions.at && "llama2c_write: not a LLaMA");
    assert(m->embedding.rows == m->vocab && m->output.rows == m->vocab
           && "llama2c_write: a padded vocabulary");
    bool tied = m->output.at == m->embedding.at;
    Header h = {m->dim,    m->hidden,   m->layers,
                m->heads,  m->kv_heads, tied ? m->vocab : -m->vocab,
                m->context};
    Output out;
    if (!output_open(&out, path, err)) return false;
    fwrite(&h, sizeof h, 1, out.stream);
    // each_weight is for readers too, so it wants to be allowed to write
    InferModel weights = *m;
    each_weight(&weights, write_one, out.stream, err);
    write_rope(out.stream, m);
    if (!tied) floats_write(out.stream, m->output);
    return output_commit(&out, err);
}
