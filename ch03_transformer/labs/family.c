// N8's models as configurations: who sees whom in each of them. Lecture, section 3.8.
//
// Every published model keeps its family, norms, positions, masks and head, and
// shrinks. Then one input token at a time is replaced, and an output counts as
// depending on it if any bit changes. From the masks, output i depends on token j
//
//     encoder          always                              T^2 pairs
//     decoder          j <= i                              T (T + 1) / 2
//     prefix of p      j <= i or j < p                     T (T + 1) / 2 + p (p - 1) / 2  GLM, prefix LM
//     encoder-decoder  decoder tokens j <= i; all S of the source                         T (T + 1) / 2 + T S
//     padding          as above, but j < length or j = i: its own row alone
//                                                                              encoder: T length + T - length
//
// Without positions an encoder is equivariant: permuted tokens give permuted outputs.
#include <math.h>
#include <string.h>

#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "8", "T, of each sequence"},
                                 {"layers", "2", "layers of every stack"},
                                 {0}};

enum { VOCABULARY = 11, CHANNELS = 16, BATCH = 2, MOST_TOKENS = 24, MOST_LAYERS = 12 };

// Xavier's initialisation for all: with sd 0.02 the other tokens' share in an output
// would be small.
static Config toy(const Config *published, int layers, int tokens) {
    Config c = *published;
    c.vocabulary = VOCABULARY, c.context = tokens + c.position_offset,
    c.channels = CHANNELS, c.layers = layers;
    c.kv_heads = 0 < c.kv_heads && c.kv_heads < c.heads ? 2 : 0, c.heads = 4,
    c.hidden = 0;
    if (c.decoder_layers) c.decoder_layers = layers;
    if (c.head_dim) c.head_dim = 6;  // T5's heads together are not as wide as the model
    if (c.segments) c.segments = 2;
    if (c.embedding_channels) c.embedding_channels = CHANNELS / 2;
    if (c.embedding_scale != 0) c.embedding_scale = sqrt(CHANNELS);
    if (c.logit_scale != 0) c.logit_scale = 1 / sqrt(CHANNELS);
    c.init = INIT_XAVIER, c.dropout = 0;
    return c;
}

static Model toy_model(const Config *c, const Rng *rng) {
    Model m;
    Error err;
    if (!model_new(&m, c, &err)) die("%s", err.text);
    model_allocate(&m, rng);
    return m;
}

// What a model reads: BATCH sequences of `time` tokens, and of `source` tokens for its
// encoder if it has two stacks.
typedef struct {
    int time, source;
    // of both sequences; length time: no padding, prefix 0: causal from the beginning
    int length, prefix;
    int tokens[BATCH * MOST_TOKENS], source_tokens[BATCH * MOST_TOKENS];
} Reading;

static Reading reading_new(Rng *rng, int time) {
    Reading r = {.time = time, .source = time - 2, .length = time};
    for (int i = 0; i < BATCH * MOST_TOKENS; i++)
        r.tokens[i] = rng_below(rng, VOCABULARY),
        r.source_tokens[i] = rng_below(rng, VOCABULARY);
    return r;
}

// The outputs of all sequences: logits, or hidden states where there is no head. Gone
// with the tape's next reset.
static Mat outputs(Tape *t, const Model *m, const Reading *r) {
    int lengths[BATCH] = {r->length, r->length},
        prefixes[BATCH] = {r->prefix, r->prefix};
    Tokens in = {
        .batch = BATCH, .time = r->time, .tokens = r->tokens, .lengths = lengths};
    if (m->config.family == FAMILY_DECODER && r->prefix) in.prefixes = prefixes;
    Node *h;
    if (m->config.family == FAMILY_ENCODER_DECODER) {
        Tokens source = {.batch = BATCH, .time = r->source, .tokens = r->source_tokens};
        h = model_decode(t, m, &in, model_encode(t, m, &source), &source);
    } else {
        h = model_hidden(t, m, &in);
    }
    return m->config.head == HEAD_NONE ? h->value : model_logits(t, m, h)->value;
}

// ---- who sees whom

// depends[i][j]: output i of sequence 0 on token j of it; from column `time` on, on
// token j - time of the source.
typedef struct {
    int rows, cols, elsewhere;  // elsewhere: outputs of the other sequence that changed
    bool depends[MOST_TOKENS][2 * MOST_TOKENS];
} Pattern;

static bool same_bits(Mat a, Mat b, int row) {
    for (int c = 0; c < a.cols; c++)
        if (memcmp(mat_at(a, row, c), mat_at(b, row, c), sizeof(real))) return false;
    return true;
}

static Pattern measure(const Model *m, Reading r) {
    Tape *t = tape_new((Params *)&m->params), *other = tape_new((Params *)&m->params);
    bool both = m->config.family == FAMILY_ENCODER_DECODER;
    Pattern p = {.rows = r.time, .cols = r.time + (both ? r.source : 0)};
    Mat before = outputs(t, m, &r);
    for (int j = 0; j < p.cols; j++) {
        int *token = j < r.time ? &r.tokens[j] : &r.source_tokens[j - r.time],
            kept = *token;
        *token = (kept + 1) % VOCABULARY;
        Mat after = outputs(other, m, &r);
        *token = kept;
        for (int i = 0; i < r.time; i++) {
            p.depends[i][j] = !same_bits(before, after, i);
            p.elsewhere += !same_bits(before, after, r.time + i);
        }
        tape_reset(other);
    }
    tape_free(t), tape_free(other);
    return p;
}

// The same by the rule.
static bool rule(Family family, const Reading *r, int i, int j) {
    // a residual connection leads straight up; the whole source is seen
    if (j == i || j >= r->time) return true;
    if (j >= r->length) return false;
    return family == FAMILY_ENCODER || j < i
           || (family == FAMILY_DECODER && j < r->prefix);
}

typedef struct {
    int models, pairs, wrong, elsewhere;
} Tally;

static Pattern add_pattern(Tally *tally, const Model *m, const Reading *r) {
    Pattern p = measure(m, *r);
    for (int i = 0; i < p.rows; i++)
        for (int j = 0; j < p.cols; j++) {
            tally->pairs += p.depends[i][j];
            tally->wrong += p.depends[i][j] != rule(m->config.family, r, i, j);
        }
    tally->models++, tally->elsewhere += p.elsewhere;
    return p;
}

// ---- the figure: where a panel's lower left corner is, in cells

typedef struct {
    const char *model, *title;
    bool padded, prefix;
    int column, row;
} Panel;

static const Panel panels[] = {
    {"bert-base", "encoder (BERT)", false, false, 0, 1},
    {"gpt2", "decoder (GPT-2)", false, false, 1, 1},
    {"glm-base", "decoder with a prefix (GLM)", false, true, 2, 1},
    {"albert-base", "padded (ALBERT)", true, false, 0, 0},
    {"t5-base", "encoder-decoder (T5): target, source", false, false, 1, 0}};

static const Panel *panel_of(const char *model, const Reading *r) {
    for (size_t k = 0; k < sizeof panels / sizeof *panels; k++)
        if (!strcmp(panels[k].model, model) && panels[k].padded == (r->length < r->time)
            && panels[k].prefix == (r->prefix > 0))
            return &panels[k];
    return NULL;
}

static void draw(Plot *plot, const Panel *panel, Family family, const Reading *r,
                 const Pattern *p) {
    int step = r->time + 3, left = panel->column * step, bottom = panel->row * step;
    plot_set(plot, "label \"%s\" at %g, %g", panel->title, left - 0.5,
             bottom + r->time + 0.3);
    for (int i = 0; i < p->rows; i++)
        for (int j = 0; j < p->cols; j++) {
            int x = left + (j < r->time ? j : step + j - r->time);
            plot_row(plot, (double)(panel - panels), i, j, x, bottom + r->time - 1 - i,
                     rule(family, r, i, j), p->depends[i][j]);
        }
}

static void finish(Plot *p, int time) {
    plot_title(p, "Which outputs (down) change when one token (across) does");
    plot_set(p, "xrange [-1.5:%d]", 3 * time + 7),
        plot_set(p, "yrange [-1:%d]", 2 * time + 4);
    plot_set(p, "size ratio -1"), plot_set(p, "style fill solid 1 noborder");
    plot_set(p, "border 0"), plot_set(p, "grid noxtics noytics"),
        plot_set(p, "tics scale 0"), plot_set(p, "format \"\"");
    plot_set(p, "key outside bottom center horizontal");
    plot_series(p,
                "using (column(\"predicted\") == 1 ? column(\"x\") : "
                "NaN):\"y\":(0.5):(0.5) with boxxyerror linecolor \"#b3cde3\" "
                "title \"must, by the mask\"");
    plot_series(p,
                "using (column(\"depends\") == 1 ? column(\"x\") : NaN):\"y\" with "
                "points pointtype 7 pointsize %g "
                "linecolor \"#08306b\" title \"a bit changes\"",
                7.0 / time);
    plot_series(p,
                "using (column(\"depends\") == 1 ? NaN : column(\"x\")):\"y\" with "
                "points pointtype 7 pointsize 0.2 "
                "linecolor \"#888888\" title \"no bit changes\"");
    plot_not_in_letters(p);
    plot_end(p);
}

static void claim_patterns(Lab *lab, int T, int layers) {
    Rng rng = lab->rng;
    Reading plain = reading_new(&rng, T), padded = plain, prefix = plain;
    padded.length = T - T / 4, prefix.prefix = T / 2;
    int p = prefix.prefix, n = padded.length, causal = T * (T + 1) / 2;
    Tally tally[FAMILY_KINDS] = {0}, with_padding[FAMILY_KINDS] = {0},
          with_prefix = {0};
    Plot *plot = plot_new(lab, "family", "panel output token x y predicted depends");
    for (const PublishedConfig *r = published_configs; r->config.name; r++) {
        const Config *c = &r->config;
        Config small = toy(c, layers, T);
        Model m = toy_model(&small, &rng);
        const Reading *readings[] = {&plain, &padded, &prefix};
        Tally *tallies[] = {&tally[c->family], &with_padding[c->family], &with_prefix};
        for (int k = 0; k < (strcmp(c->name, "glm-base") ? 2 : 3); k++) {
            Pattern found = add_pattern(tallies[k], &m, readings[k]);
            const Panel *panel = panel_of(c->name, readings[k]);
            if (panel) draw(plot, panel, c->family, readings[k], &found);
        }
        model_free(&m);
    }
    const Tally *e = &tally[FAMILY_ENCODER], *d = &tally[FAMILY_DECODER],
                *b = &tally[FAMILY_ENCODER_DECODER];
    const Tally *padding = &with_padding[FAMILY_ENCODER];
    claim_equal(lab, "3.50", "encoders: pairs that depend, T^2 each",
                (long long)e->models * T * T, e->pairs);
    claim_equal(lab, "3.50", "decoders: T (T + 1) / 2 each",
                (long long)d->models * causal, d->pairs);
    claim_equal(lab, "3.50", "encoder-decoders: T (T + 1) / 2 + T S each",
                (long long)b->models * (causal + T * plain.source), b->pairs);
    claim_equal(lab, "3.50", "any family: pairs that disagree with the mask", 0,
                e->wrong + d->wrong + b->wrong);
    claim_equal(lab, "3.51", "GLM, prefix p: T (T + 1) / 2 + p (p - 1) / 2",
                causal + p * (p - 1) / 2, with_prefix.pairs);
    claim_equal(lab, "3.51", "padded encoders: T n + T - n each",
                (long long)padding->models * (T * n + T - n), padding->pairs);
    int wrong = with_prefix.wrong, elsewhere = with_prefix.elsewhere;
    for (int f = 0; f < FAMILY_KINDS; f++)
        wrong += with_padding[f].wrong,
            elsewhere += tally[f].elsewhere + with_padding[f].elsewhere;
    claim_equal(lab, "3.51", "prefix or padding: pairs that disagree", 0, wrong);
    claim_equal(lab, "3.51", "outputs of the other sequence that change", 0, elsewhere);
    finish(plot, T);
}

// ---- positions

// max |f(Pi x) - Pi f(x)| for the order backwards.
static double equivariance_error(const Config *c, const Rng *rng, Reading r) {
    Model m = toy_model(c, rng);
    Tape *t = tape_new(&m.params);
    Reading turned = r;
    for (int i = 0; i < r.time; i++) turned.tokens[i] = r.tokens[r.time - 1 - i];
    Mat out = outputs(t, &m, &r), moved = outputs(t, &m, &turned);
    double worst = 0;
    for (int i = 0; i < r.time; i++)
        for (int k = 0; k < out.cols; k++)
            worst = nan_max(worst, fabs((double)*mat_at(out, i, k)
                                        - *mat_at(moved, r.time - 1 - i, k)));
    tape_free(t), model_free(&m);
    return worst;
}

static void claim_positions(Lab *lab, int T) {
    enum { LAYERS = 2 };
    Rng rng = rng_split(&lab->rng, 1);
    Reading r = reading_new(&rng, T);
    r.tokens[0] = 0, r.tokens[T - 1] = 1;  // backwards is another sequence
    Config c = toy(config_find("bert-base"), LAYERS, T);
    c.position = POSITION_NONE;
    // Only the sums over keys change their order: T + 4 roundings of 2^-24 in the sum
    // of weights and in the mean of values, which are some 2 long (Post-LN rows have
    // variance 1). A later sub-layer magnifies an error by at most 1 + |F|, and
    // Xavier's matrices stretch nothing more than twice: |F| <= 4 for W_V W_O and 1.13
    // x 4 for W_up, GELU, W_down. That chain would be 5.5^(2 layers); such directions
    // do not follow one another: it is the square root, as of variances.
    double rounding = 2 * 2 * (T + 4) * 0x1p-24 * pow(5.5, LAYERS);
    claim_near(lab, "3.52", "encoder, no positions: f(Pi x) - Pi f(x)", 0,
               equivariance_error(&c, &rng, r), rounding);
    const struct {
        PositionKind kind;
        const char *what;
    } kinds[] = {{POSITION_LEARNED, "learned positions: not equivariant"},
                 {POSITION_SINUSOIDAL, "sinusoidal positions: not equivariant"},
                 {POSITION_ROPE, "RoPE: not equivariant"}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        c.position = kinds[k].kind;
        claim_at_least(lab, "3.52", kinds[k].what, 10 * rounding,
                       equivariance_error(&c, &rng, r));
    }
}

static void run(Lab *lab) {
    int T = (int)option_int(&lab->args, "tokens", 4, MOST_TOKENS);
    int layers = (int)option_int(&lab->args, "layers", 1, MOST_LAYERS);
    claim_patterns(lab, T, layers);
    claim_positions(lab, T);
}

const LabSpec lab_family = {
    "family", "3.8", "Who sees whom: published models as configurations", run, options};
