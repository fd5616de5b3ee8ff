#include "ch03_transformer/model_file.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/checkpoint.h"

// ---- the fields of a Config as text

typedef enum { WHOLE, NUMBER, SWITCH, WORD } FieldKind;

typedef struct {
    const char *key;
    FieldKind kind;
    size_t offset;
    const char *(*word)(int kind);  // WORD: a kind's name; NULL past the last
} Field;

_Static_assert(sizeof(Family) == sizeof(int) && sizeof(PositionKind) == sizeof(int),
               "a word is stored like an int");

// Chapter 2's kinds, and names for two kinds of switch.
static const char *position_word(int kind) { return position_names[kind]; }
static const char *scaling_word(int kind) { return rope_scaling_names[kind]; }
static const char *pairing_word(int kind) {
    static const char *const names[] = {"interleaved", "half-split", NULL};
    return names[kind];
}
static const char *switch_word(int kind) {
    static const char *const names[] = {"no", "yes", NULL};
    return names[kind];
}

#define FIELD(kind, field, word) \
    { #field, kind, offsetof(Config, field), word }
static const Field fields[] = {
    FIELD(WORD, family, family_name),
    FIELD(WHOLE, vocabulary, NULL),
    FIELD(WHOLE, context, NULL),
    FIELD(WHOLE, channels, NULL),
    FIELD(WHOLE, layers, NULL),
    FIELD(WHOLE, decoder_layers, NULL),
    FIELD(WHOLE, heads, NULL),
    FIELD(WHOLE, kv_heads, NULL),
    FIELD(WHOLE, head_dim, NULL),
    FIELD(WHOLE, hidden, NULL),
    FIELD(WORD, ffn, ffn_name),
    FIELD(WORD, norm, norm_name),
    FIELD(WORD, place, place_name),
    FIELD(NUMBER, norm_epsilon, NULL),
    FIELD(SWITCH, final_norm, NULL),
    FIELD(WORD, position, position_word),
    FIELD(NUMBER, rope.base, NULL),
    FIELD(WORD, rope.pairing, pairing_word),
    FIELD(WORD, rope.scaling, scaling_word),
    FIELD(NUMBER, rope.factor, NULL),
    FIELD(WHOLE, rope.trained, NULL),
    FIELD(WHOLE, buckets, NULL),
    FIELD(WHOLE, furthest, NULL),
    FIELD(WHOLE, position_offset, NULL),
    FIELD(WHOLE, segments, NULL),
    FIELD(WHOLE, embedding_channels, NULL),
    FIELD(SWITCH, embedding_norm, NULL),
    FIELD(NUMBER, embedding_scale, NULL),
    FIELD(NUMBER, logit_scale, NULL),
    FIELD(NUMBER, attention_scale, NULL),
    FIELD(SWITCH, attention_bias, NULL),
    FIELD(SWITCH, ffn_bias, NULL),
    FIELD(SWITCH, norm_bias, NULL),
    FIELD(SWITCH, tied, NULL),
    FIELD(SWITCH, shared_layers, NULL),
    FIELD(WORD, head, head_name),
    FIELD(SWITCH, pooler, NULL),
    FIELD(WORD, init, init_name),
    FIELD(NUMBER, dropout, NULL),
};
#undef FIELD
// TEXT: room for any number
enum { FIELDS = sizeof fields / sizeof *fields, TEXT = 40 };

static void field_text(char to[static TEXT], const Field *f, const Config *c) {
    const void *at = (const char *)c + f->offset;
    int whole = 0;
    if (f->kind == WHOLE || f->kind == WORD) memcpy(&whole, at, sizeof whole);
    switch (f->kind) {
        case WHOLE: snprintf(to, TEXT, "%d", whole); break;
        // 17 digits: the same double comes back
        case NUMBER: snprintf(to, TEXT, "%.17g", *(const double *)at); break;
        case SWITCH: snprintf(to, TEXT, "%s", switch_word(*(const bool *)at)); break;
        case WORD: snprintf(to, TEXT, "%s", f->word(whole)); break;
    }
}

static int find(const char *(*word)(int kind), const char *text) {
    for (int i = 0; word(i); i++)
        if (strcmp(word(i), text) == 0) return i;
    return -1;
}

static bool read_field(Config *c, const Field *f, const char *text) {
    void *at = (char *)c + f->offset;
    char *end = "";
    errno = 0;
    long whole = f->kind == WHOLE ? strtol(text, &end, 10)
                 : f->kind == NUMBER
                     ? 0
                     : find(f->kind == WORD ? f->word : switch_word, text);
    double number = f->kind == NUMBER ? strtod(text, &end) : 0;
    if (end == text || *end || errno || !isfinite(number) || whole < 0
        || whole > INT_MAX)
        return false;
    if (f->kind == NUMBER) *(double *)at = number;
    else if (f->kind == SWITCH) *(bool *)at = whole;
    else memcpy(at, &(int){(int)whole}, sizeof(int));
    return true;
}

// ---- writing

// All parameters by name. Before they are allocated, shapes without memory.
static CheckpointTensor *tensors_new(const Params *p) {
    CheckpointTensor *t = allocate((size_t)p->count, sizeof *t);
    for (int i = 0; i < p->count; i++) {
        const Param *q = &p->list[i];
        t[i] = (CheckpointTensor){
            q->name,
            p->values ? params_value(p, i) : (Mat){.rows = q->rows, .cols = q->cols}};
    }
    return t;
}

bool model_save_with(const char *path, const Model *m, const CheckpointNote *more,
                     int more_count, Error *err) {
    assert(m->params.values && "model_save: the model has no values");
    char texts[FIELDS][TEXT];
    int count = 1 + FIELDS + more_count;
    CheckpointNote *notes = allocate((size_t)count, sizeof *notes);
    notes[0] = (CheckpointNote){"name", m->config.name};
    for (int i = 0; i < FIELDS; i++) {
        field_text(texts[i], &fields[i], &m->config);
        notes[1 + i] = (CheckpointNote){fields[i].key, texts[i]};
    }
    for (int i = 0; i < more_count; i++) notes[1 + FIELDS + i] = more[i];
    CheckpointTensor *tensors = tensors_new(&m->params);
    bool ok = checkpoint_write(path, tensors, m->params.count, notes, count, err);
    free(tensors), free(notes);
    return ok;
}

bool model_save(const char *path, const Model *m, Error *err) {
    return model_save_with(path, m, NULL, 0, err);
}

// ---- reading

static bool config_of_notes(Config *c, const Checkpoint *file, const char *path,
                            Error *err) {
    *c = (Config){.name = path};  // so that messages about sizes begin with it
    for (int i = 0; i < FIELDS; i++) {
        const char *text = checkpoint_note(file, fields[i].key);
        if (!text)
            return error_set(err, "%s: no note '%s': not a model", path, fields[i].key);
        if (!read_field(c, &fields[i], text))
            return error_set(err, "%s: note %s: '%.40s' cannot be", path, fields[i].key,
                             text);
    }
    if (!config_complete(c, err)) return false;
    // No parameter bounds these. Every layer has tensors of its own, but shared ones.
    if (c->layers > file->count && !c->shared_layers)
        return error_set(err, "%s: %d layers, but only %d tensors", path, c->layers,
                         file->count);
    if (c->decoder_layers > file->count)
        return error_set(err, "%s: %d layers, but only %d tensors", path,
                         c->decoder_layers, file->count);
    // What is learned is in the file; only what is computed could be made too large.
    PositionSpec spec = config_position(c, true);
    PositionPlace place = position_place(c->position);
    int wide = position_parameters(&spec).rows         ? 0
               : place == POSITION_AT_INPUT            ? c->embedding_channels
               : place == POSITION_AT_QUERIES_AND_KEYS ? c->head_dim
                                                       : 0;
    if ((double)c->context * wide > 0x1p24)
        return error_set(
            err,
            "%s: a context of %d: its table of positions has more than 2^24 numbers",
            path, c->context);
    return true;
}

static bool load(Model *m, const Checkpoint *file, const char *path, ModelAdd *add,
                 Error *err) {
    Config c;
    if (!config_of_notes(&c, file, path, err) || !model_new(m, &c, err)) return false;
    m->config.name = "model";  // path is the caller's
    bool ok = !add || add(m, file, path, err);
    CheckpointTensor *shapes = tensors_new(&m->params);
    ok = ok && checkpoint_fits(file, path, shapes, m->params.count, err);
    free(shapes);
    if (ok) model_allocate(m, NULL);
    for (int i = 0; ok && i < m->params.count; i++)
        mat_copy(params_value(&m->params, i),
                 *checkpoint_find(file, m->params.list[i].name));
    if (!ok) model_free(m);
    return ok;
}

bool model_load_with(const char *path, Model *m, ModelAdd *add, Error *err) {
    *m = (Model){0};
    Checkpoint file;
    if (!checkpoint_read(&file, path, err)) return false;
    bool ok = load(m, &file, path, add, err);
    checkpoint_free(&file);
    return ok;
}

bool model_load(const char *path, Model *m, Error *err) {
    return model_load_with(path, m, NULL, err);
}
