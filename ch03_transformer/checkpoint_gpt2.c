#include "ch03_transformer/checkpoint_gpt2.h"

#include "ch03_transformer/float_file.h"

enum { HEADER = 256, VERSION_FP32 = 3, VERSION_BF16 = 5 };

typedef struct {
    int32_t magic, version, context, vocab, layers, heads, channels, padded,
        rest[HEADER - 8];
} Header;

// With these limits no product below passes 2^60.
enum {
    MOST_CHANNELS = 1 << 20,
    MOST_LAYERS = 1 << 14,
    MOST_VOCAB = 1 << 26,
    MOST_CONTEXT = 1 << 26
};

static bool check(const Header *h, const char *path, Error *err) {
    const struct {
        const char *name;
        int64_t value, least, most;
    } fields[] = {{"max_seq_len", h->context, 1, MOST_CONTEXT},
                  {"vocab_size", h->vocab, 1, MOST_VOCAB},
                  {"num_layers", h->layers, 1, MOST_LAYERS},
                  {"channels", h->channels, 1, MOST_CHANNELS},
                  {"num_heads", h->heads, 1, h->channels},
                  {"padded_vocab_size", h->padded, h->vocab, MOST_VOCAB}};
    if (h->magic != GPT2_MAGIC)
        return error_set(err, "%s: not a GPT-2 checkpoint: magic %d, expected %d", path,
                         h->magic, GPT2_MAGIC);
    if (h->version != VERSION_FP32 && h->version != VERSION_BF16)
        return error_set(err, "%s: version %d, expected 3 (fp32) or 5 (bf16)", path,
                         h->version);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].value < fields[i].least || fields[i].value > fields[i].most)
            return error_set(err, "%s: %s is %lld, expected %lld to %lld", path,
                             fields[i].name, (long long)fields[i].value,
                             (long long)fields[i].least, (long long)fields[i].most);
    return h->channels % h->heads == 0
           || error_set(err, "%s: %d heads do not divide %d channels", path, h->heads,
                        h->channels);
}

static uint64_t file_bytes(const Header *h) {
    uint64_t c = (uint64_t)h->channels, layer = 12 * c * c + 13 * c;
    uint64_t numbers = ((uint64_t)h->padded + (uint64_t)h->context) * c
                       + (uint64_t)h->layers * layer + 2 * c;
    return sizeof *h
           + numbers * float_size(h->version == VERSION_FP32 ? FLOAT_FP32 : FLOAT_BF16);
}

// ---- the weights, in the file's order

typedef struct {
    FloatFile *file;
    FloatKind kind;
    InferModel *model;
    Error *err;
} Reader;

static bool read_mat(Reader *r, Mat *w, int rows, int cols, const char *name,
                     int layer) {
    *w = infer_model_new_mat(r->model, rows, cols);
    return float_file_read(r->file, r->kind, *w, name, layer, r->err);
}

// The same matrix of all layers: `offset` says which.
static bool read_layers(Reader *r, size_t offset, int rows, int cols,
                        const char *name) {
    for (int l = 0; l < r->model->layers; l++)
        if (!read_mat(r, (Mat *)((char *)&r->model->layer[l] + offset), rows, cols,
                      name, l))
            return false;
    return true;
}

// Queries, keys and values come as one matrix; its thirds are views.
static void split_qkv(InferModel *m) {
    for (int l = 0; l < m->layers; l++) {
        InferLayer *w = &m->layer[l];
        Mat all = w->q, bias = w->q_bias;
        Mat *parts[] = {&w->q, &w->k, &w->v},
            *biases[] = {&w->q_bias, &w->k_bias, &w->v_bias};
        for (int i = 0; i < 3; i++) {
            *parts[i] = mat_rows(all, i * m->dim, m->dim);
            *biases[i] = mat_cols(bias, i * m->dim, m->dim);
        }
    }
}

static bool read_weights(Reader *r, int padded) {
    InferModel *m = r->model;
    int c = m->dim;
    m->layer = allocate((size_t)m->layers, sizeof *m->layer);
#define LAYERS(field, rows, cols, name) \
    read_layers(r, offsetof(InferLayer, field), rows, cols, name)
    bool ok = read_mat(r, &m->embedding, padded, c, "wte", -1)
              && read_mat(r, &m->positions, m->context, c, "wpe", -1)
              && LAYERS(norm, 1, c, "ln1w") && LAYERS(norm_bias, 1, c, "ln1b")
              && LAYERS(q, 3 * c, c, "qkvw") && LAYERS(q_bias, 1, 3 * c, "qkvb")
              && LAYERS(o, c, c, "attprojw") && LAYERS(o_bias, 1, c, "attprojb")
              && LAYERS(ffn_norm, 1, c, "ln2w") && LAYERS(ffn_norm_bias, 1, c, "ln2b")
              && LAYERS(up, 4 * c, c, "fcw") && LAYERS(up_bias, 1, 4 * c, "fcb")
              && LAYERS(down, c, 4 * c, "fcprojw") && LAYERS(down_bias, 1, c, "fcprojb")
              && read_mat(r, &m->final_norm, 1, c, "lnfw", -1)
              && read_mat(r, &m->final_norm_bias, 1, c, "lnfb", -1);
#undef LAYERS
    if (ok) split_qkv(m);
    m->output = m->embedding;
    return ok;
}

static bool read_all(InferModel *m, FloatFile *f, Error *err) {
    Header h;
    if (f->size < sizeof h)
        return error_set(err, "%s: cut short: expected a header of %d bytes", f->path,
                         (int)sizeof h);
    if (!float_file_bytes(f, &h, sizeof h, err) || !check(&h, f->path, err))
        return false;
    if (!float_file_expect(f, file_bytes(&h), err)) return false;
    *m = (InferModel){h.channels, 4 * h.channels, h.layers,   h.heads,      h.heads,
                      h.vocab,    h.context,      NORM_LAYER, FFN_GELU_TANH};
    Reader r = {f, h.version == VERSION_FP32 ? FLOAT_FP32 : FLOAT_BF16, m, err};
    return read_weights(&r, h.padded);
}

bool gpt2_read(InferModel *m, const char *path, Error *err) {
    *m = (InferModel){0};
    FloatFile f;
    if (!float_file_open(&f, path, err)) return false;
    bool ok = read_all(m, &f, err);
    float_file_close(&f);
    if (!ok) infer_model_free(m);
    return ok;
}
