#include "ch03_transformer/config.h"

#include <string.h>

// ---- the kinds' names

static const char *const family_names[] = {
    [FAMILY_DECODER] = "decoder",
    [FAMILY_ENCODER] = "encoder",
    [FAMILY_ENCODER_DECODER] = "encoder-decoder"};
static const char *const head_names[] = {
    [HEAD_LINEAR] = "linear", [HEAD_NONE] = "none", [HEAD_MLM] = "mlm"};
static const char *const init_names[] = {
    [INIT_NORMAL] = "normal", [INIT_XAVIER] = "xavier"};
_Static_assert(sizeof family_names / sizeof *family_names == FAMILY_KINDS,
               "a family's name");
_Static_assert(sizeof head_names / sizeof *head_names == HEAD_KINDS, "a head's name");
_Static_assert(sizeof init_names / sizeof *init_names == INIT_KINDS, "an init's name");

const char *family_name(int kind) {
    return 0 <= kind && kind < FAMILY_KINDS ? family_names[kind] : NULL;
}
const char *head_name(int kind) {
    return 0 <= kind && kind < HEAD_KINDS ? head_names[kind] : NULL;
}
const char *init_name(int kind) {
    return 0 <= kind && kind < INIT_KINDS ? init_names[kind] : NULL;
}

// ---- what can be

enum { MOST = 1 << 24 };  // of any size: products of two stay far below 2^63

static void defaults(Config *c) {
    if (!c->name) c->name = "model";
    if (!c->kv_heads) c->kv_heads = c->heads;
    if (!c->head_dim && c->heads > 0 && c->channels % c->heads == 0)
        c->head_dim = c->channels / c->heads;
    if (!c->hidden && ffn_name(c->ffn) && 0 < c->channels && c->channels <= MOST)
        c->hidden = ffn_hidden(c->ffn, c->channels, 1);
    if (!c->embedding_channels) c->embedding_channels = c->channels;
    if (c->norm_epsilon == 0) c->norm_epsilon = 1e-5;
    if (c->rope.base == 0) c->rope.base = 10000;
    if (!c->buckets) c->buckets = 32;
    if (!c->furthest) c->furthest = 128;
    if (c->embedding_scale == 0) c->embedding_scale = 1;
    if (c->logit_scale == 0) c->logit_scale = 1;
    c->rope.dim = c->head_dim;
}

static bool check_sizes(const Config *c, Error *err) {
    const struct {
        const char *what;
        int size, least;
    } sizes[] = {{"vocabulary", c->vocabulary, 1},
                 {"context", c->context, 1},
                 {"channels", c->channels, 1},
                 {"layers", c->layers, 1},
                 {"heads", c->heads, 1},
                 {"kv_heads", c->kv_heads, 1},
                 {"head_dim", c->head_dim, 0},
                 {"hidden", c->hidden, 1},
                 {"decoder_layers", c->decoder_layers, 0},
                 {"segments", c->segments, 0},
                 {"embedding_channels", c->embedding_channels, 1},
                 {"position_offset", c->position_offset, 0}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].size < sizes[i].least || sizes[i].size > MOST)
            return error_set(err, "%s: %s is %d: expected %d to %d", c->name,
                             sizes[i].what, sizes[i].size, sizes[i].least, MOST);
    return true;
}

static bool check_kinds(const Config *c, Error *err) {
    if (c->family >= FAMILY_KINDS || c->ffn >= FFN_KINDS || c->norm >= NORM_KINDS
        || c->place >= PLACE_KINDS || c->position >= POSITION_KINDS
        || c->head >= HEAD_KINDS || c->init >= INIT_KINDS)
        return error_set(err,
                         "%s: an unknown kind of family, feed-forward, norm, place, "
                         "position, head or init",
                         c->name);
    if (!(c->norm_epsilon > 0))
        return error_set(err, "%s: the norm's epsilon must be above 0", c->name);
    if (!(0 <= c->dropout && c->dropout < 1))
        return error_set(err, "%s: dropout must be in [0, 1)", c->name);
    return true;
}

static bool check_heads(const Config *c, Error *err) {
    if (!c->head_dim)
        return error_set(err, "%s: %d channels do not divide into %d heads", c->name,
                         c->channels, c->heads);
    if (c->heads % c->kv_heads)
        return error_set(err, "%s: %d heads do not divide among %d key-value heads",
                         c->name, c->heads, c->kv_heads);
    if ((double)c->heads * c->head_dim > MOST)
        return error_set(err, "%s: heads x head_dim is above %d", c->name, MOST);
    return true;
}

static bool check_family(const Config *c, Error *err) {
    bool both = c->family == FAMILY_ENCODER_DECODER;
    if (both && !c->decoder_layers)
        return error_set(err, "%s: an encoder-decoder without decoder_layers", c->name);
    if (!both && c->decoder_layers)
        return error_set(
            err,
            "%s: cross-attention needs an encoder-decoder: decoder_layers must be 0",
            c->name);
    if (both && c->shared_layers)
        return error_set(err, "%s: shared layers are for models of one stack", c->name);
    if (c->family != FAMILY_ENCODER && (c->pooler || c->head == HEAD_MLM))
        return error_set(err, "%s: a pooler or masked-language head needs an encoder",
                         c->name);
    if (c->norm == NORM_RMS && c->norm_bias)
        return error_set(err, "%s: RMS norm has no bias", c->name);
    if (c->head == HEAD_LINEAR && c->tied && c->embedding_channels != c->channels)
        return error_set(err, "%s: a tied head needs embeddings of %d channels, not %d",
                         c->name, c->channels, c->embedding_channels);
    return true;
}

PositionSpec config_position(const Config *c, bool causal) {
    return (PositionSpec){.kind = c->position,
                          .length = c->context,
                          .channels = c->embedding_channels,
                          .heads = c->heads,
                          .rope = c->rope,
                          .buckets = c->buckets,
                          .furthest = c->furthest,
                          .causal = causal};
}

static bool check_positions(const Config *c, Error *err) {
    Error why;
    for (int causal = 0; causal < 2; causal++) {
        PositionSpec spec = config_position(c, causal);
        if (!position_check(&spec, &why))
            return error_set(err, "%s: %s", c->name, why.text);
    }
    PositionSpec spec = config_position(c, true);
    PositionParameters learned = position_parameters(&spec);
    if ((double)learned.rows * learned.cols > 0x1p31)
        return error_set(err, "%s: positions of %d x %d numbers", c->name, learned.rows,
                         learned.cols);
    if (c->position_offset >= c->context)
        return error_set(err, "%s: a position offset of %d in a table of %d", c->name,
                         c->position_offset, c->context);
    return true;
}

bool config_complete(Config *c, Error *err) {
    defaults(c);
    return check_kinds(c, err) && check_sizes(c, err) && check_heads(c, err)
           && check_family(c, err) && check_positions(c, err);
}
