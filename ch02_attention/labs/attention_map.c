// The weights of a small example, for each mask and each position encoding. Lecture,
// section 2.2.
//
// A text with spaces is a sentence, and its words are tokens. What a word looks for and
// what it is found by is set by hand, as training might: "he" looks for what "Tom" is.
// A text without spaces is a row of letters, each a token that looks for its like, so
// that nothing but masks and positions tells equal letters apart. Row i of the map is
// what token i attends to.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/multihead.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"
#include "common/program/plot.h"

enum { WIDTH = 32, MOST = 40, NEAR = 4, EVERY = 2, BUCKETS = 8, WIDEST = 16 };
#define SENTENCE "Tom took the kite from Anna . Then he hid it under the bed ."

#define KIND(NAME, name) " " #name
static const Option options[] = {
    {"mask", "causal",
     "one of" MASK_LIST(
         KIND) "; the window is causal and of 4, padding the last 4 keys, "
               "the prefix 4, the table every 2nd key; documents: two halves"},
    {"position", "none", "one of" POSITION_LIST(KIND)},
    {"text", SENTENCE, "words with spaces between, or letters; at most 40"},
    {0}};
#undef KIND

// Parameters as they begin; but T5's as if it had learned to stay near.
static Mat make_parameters(const PositionSpec *spec, Rng rng) {
    PositionParameters p = position_parameters(spec);
    Mat parameters = mat_new(p.rows, p.cols);
    rng_fill_normal(&rng, parameters, p.sd);
    for (int i = 0; i < p.rows; i++)
        for (int j = 0; j < p.cols; j++) {
            *mat_at(parameters, i, j) += (real)p.mean;
            if (spec->kind == POSITION_T5)
                *mat_at(parameters, i, j) = (real)(1 - 0.5 * j);
        }
    return parameters;
}

static PositionSpec make_spec(PositionKind kind, int T) {
    return (PositionSpec){.kind = kind,
                          .length = T,
                          .channels = WIDTH,
                          .heads = 1,
                          .rope = {.dim = WIDTH, .base = 100},
                          .buckets = BUCKETS,
                          .furthest = 16,
                          .causal = true};
}

// What masks point to.
typedef struct {
    int length, prefix, firsts[MOST];
    unsigned char table[MOST * MOST];
} Hidden;

static Mask make_mask(MaskKind kind, int T, Hidden *h) {
    h->length = T > NEAR ? T - NEAR : T, h->prefix = NEAR;
    for (int i = 0; i < T; i++) h->firsts[i] = i < T / 2 ? 0 : T / 2;
    for (int i = 0; i < T * T; i++) h->table[i] = i % T % EVERY == 0;
    switch (kind) {
        case MASK_NONE:
        case MASK_KINDS: break;
        case MASK_CAUSAL: return (Mask){.causal = true};
        case MASK_WINDOW: return (Mask){.causal = true, .window = NEAR};
        case MASK_PADDING: return (Mask){.key_lengths = &h->length};
        case MASK_PREFIX: return (Mask){.prefixes = &h->prefix};
        case MASK_DOCUMENTS: return (Mask){.causal = true, .firsts = h->firsts};
        case MASK_TABLE: return (Mask){.allowed = h->table};
    }
    return (Mask){0};
}

// ---- tokens

typedef struct {
    int count;
    bool words;
    char text[MOST][WIDEST + 1];
} Example;

static void add_token(Example *e, const char *at, size_t size) {
    if (e->count == MOST) die("--text: expected at most %d tokens", MOST);
    if (size > WIDEST) die("--text: expected words of at most %d letters", WIDEST);
    snprintf(e->text[e->count++], WIDEST + 1, "%.*s", (int)size, at);
}

static Example read_example(const char *text) {
    Example e = {.words = strchr(text, ' ') != NULL};
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !(e.words && strchr(" .,?", *at)))
            die("--text: expected letters and digits%s",
                e.words ? ", spaces, full stops, commas, question marks" : "");
    for (const char *at = text; *(at += strspn(at, " "));) {
        size_t size = e.words ? strcspn(at, " ") : 1;
        add_token(&e, at, size);
        at += size;
    }
    if (e.count < 2) die("--text: expected at least 2 tokens");
    return e;
}

// What is known of a word. NULL: nothing; it looks for nothing, or is found by nothing,
// that another word has.
static const struct {
    const char *word, *is, *asks;
} lexicon[] = {{"Tom", "boy", NULL},    {"Anna", "girl", NULL}, {"kite", "thing", NULL},
               {"ball", "thing", NULL}, {"bed", "thing", NULL}, {"he", NULL, "boy"},
               {"she", NULL, "girl"},   {"it", NULL, "thing"}};

// The same word has the same numbers everywhere, drawn from a stream of its own; all
// have the same length, sqrt(WIDTH).
static void draw_vector(Mat row, const Rng *rng, const char *word) {
    uint64_t name = 0;
    for (; *word; word++) name = name * 131 + (unsigned char)*word;
    Rng own = rng_split(rng, name);
    rng_fill_normal(&own, row, 1);
    real square = array_dot(mat_at(row, 0, 0), mat_at(row, 0, 0), WIDTH);
    mat_scale(row, (real)sqrt(WIDTH / square));
}

static int known(const Example *e, int t) {  // its place in the lexicon, or -1
    for (int i = 0; e->words && i < (int)(sizeof lexicon / sizeof *lexicon); i++)
        if (strcmp(lexicon[i].word, e->text[t]) == 0) return i;
    return -1;
}

static const char *known_is(const Example *e, int t) {
    int i = known(e, t);
    return i < 0 ? NULL : lexicon[i].is;
}

static const char *known_asks(const Example *e, int t) {
    int i = known(e, t);
    return i < 0 ? NULL : lexicon[i].asks;
}

// Query and key of a token. A letter is what it asks for; so is a word that is not
// known, but small: there is little to find.
static void make_token(Mat q, Mat k, const Rng *rng, const Example *e, int t) {
    const char *is = known_is(e, t), *asks = known_asks(e, t);
    draw_vector(k, rng, is ? is : e->text[t]);
    draw_vector(q, rng, asks ? asks : e->text[t]);
    if (e->words && !asks) mat_scale(q, (real)0.25);
    if (e->words && !is) mat_scale(k, (real)0.25);
}

static void make_weights(const Rng *rng, Mat weights, const Example *e, Mask mask,
                         const Position *position) {
    int T = e->count;
    Mat q = mat_new(T, WIDTH), k = mat_new(T, WIDTH), out = mat_new(T, WIDTH);
    for (int t = 0; t < T; t++)
        make_token(mat_rows(q, t, 1), mat_rows(k, t, 1), rng, e, t);
    position_add(position, q, 0), position_add(position, k, 0);
    Heads heads = {.batch = 1,
                   .n_heads = 1,
                   .n_kv_heads = 1,
                   .scale = attention_scale(WIDTH) / 2,
                   .mask = mask,
                   .position = position};
    attend_heads(out, weights, q, k, k, &heads);
    mat_free(q), mat_free(k), mat_free(out);
}

// ---- claims

static void claim_rows(Lab *lab, Mat weights, const Mask *mask) {
    int T = weights.rows;
    double off = 0, hidden = 0;
    for (int i = 0; i < T; i++) {
        double sum = 0;
        for (int j = 0; j < T; j++) {
            sum += *mat_at(weights, i, j);
            if (!mask_sees(mask, T, T, i, j))
                hidden = nan_max(hidden, *mat_at(weights, i, j));
        }
        off = nan_max(off, fabs(sum - 1));
    }
    // T weights, each within 3 ulps of e^s / sum; the sum's own rounding, log2(T) deep.
    claim_near(lab, "2.12", "rows of weights add up to 1: worst", 0, off,
               (3 + log2(T)) * 0x1p-23);
    claim_near(lab, "2.12", "weights that the mask hides: largest", 0, hidden, 0);
}

// Whether token i sees a word that is what it asks for, and gives another one more.
static bool looks_elsewhere(const Example *e, Mat weights, const Mask *mask, int i) {
    double found = -1, other = -1;
    for (int j = 0; j < e->count; j++) {
        if (!mask_sees(mask, e->count, e->count, i, j)) continue;
        const char *is = known_is(e, j);
        bool match = is && strcmp(is, known_asks(e, i)) == 0;
        if (match) found = fmax(found, *mat_at(weights, i, j));
        else other = fmax(other, *mat_at(weights, i, j));
    }
    return found >= 0 && found < other;
}

// Of two words of the same kind the product is WIDTH, of others it is sqrt(WIDTH) times
// a normal number: to be larger, that would have to exceed sqrt(WIDTH) = 5.7.
static void claim_found(Lab *lab, const Example *e, Mat weights, const Mask *mask) {
    int asking = 0, elsewhere = 0;
    for (int i = 0; i < e->count; i++) {
        if (!known_asks(e, i)) continue;
        asking++, elsewhere += looks_elsewhere(e, weights, mask, i);
    }
    if (asking)
        claim_equal(lab, "2.12", "he, it ..: most weight elsewhere than asked for", 0,
                    elsewhere);
}

// ---- the map

// One character a weight, for a terminal: from ' ' (masked: '.') to '@'.
static void print_map(Lab *lab, Mat w, const Example *e, const Mask *mask) {
    static const char shades[] = " -:=+*%#@";
    char line[2 * MOST + 1];
    int widest = 1;
    for (int j = 0; j < w.cols; j++) {
        widest = int_max(widest, (int)strlen(e->text[j]));
        line[2 * j] = e->text[j][0], line[2 * j + 1] = ' ';
    }
    lab_print(lab, "  %*s %.*s  keys", widest, "", 2 * w.cols, line);
    for (int i = 0; i < w.rows; i++) {
        for (int j = 0; j < w.cols; j++) {
            int shade = (int)fmin(8, sqrt((double)*mat_at(w, i, j)) * 10);
            bool seen = mask_sees(mask, w.rows, w.cols, i, j);
            line[2 * j] = seen ? shades[shade] : '.', line[2 * j + 1] = ' ';
        }
        lab_print(lab, "  %*s %.*s", widest, e->text[i], 2 * w.cols, line);
    }
    lab_print(lab, "    '@' 0.64 and more, '=' 0.09, ' ' below 0.01, '.' masked");
}

static void draw(Lab *lab, Mat w, const Example *e) {
    Plot *p = plot_new(lab, "attention_map", "key query weight");
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++) plot_row(p, j, i, *mat_at(w, i, j));
    char title[128];
    snprintf(title, sizeof title, "weights: mask %s, positions %s",
             option_text(&lab->args, "mask"), option_text(&lab->args, "position"));
    plot_title(p, title);
    plot_axes(p, "key", "query");
    plot_set(p, "yrange [%g:-0.5]", w.rows - 0.5),
        plot_set(p, "xrange [-0.5:%g]", w.cols - 0.5);
    plot_set(p, "size ratio -1"),
        plot_set(p, "palette defined (0 \"white\", 1 \"#08306b\")"),
        plot_set(p, "cbrange [0:1]");
    plot_set(p, "cblabel \"weight\""), plot_set(p, "tics nomirror out"),
        plot_set(p, "key off");
    if (e->words) plot_set(p, "xtics rotate by 60 right");
    for (int t = 0; t < w.rows; t++) {
        const char *how = t ? "add " : "";
        plot_set(p, "xtics %s(\"%s\" %d)", how, e->text[t], t),
            plot_set(p, "ytics %s(\"%s\" %d)", how, e->text[t], t);
    }
    plot_series(p, "using \"key\":\"query\":\"weight\" with image pixels title \"\"");
    plot_not_in_letters(p);  // print_map does
    plot_end(p);
}

static void run(Lab *lab) {
    Example e = read_example(option_text(&lab->args, "text"));
    int T = e.count;
    MaskKind mask_kind = (MaskKind)option_choice(&lab->args, "mask", mask_names);
    PositionSpec spec = make_spec(
        (PositionKind)option_choice(&lab->args, "position", position_names), T);
    Hidden hidden_by;
    Mask mask = make_mask(mask_kind, T, &hidden_by);
    if (spec.kind == POSITION_XPOS && !mask.causal)
        die("--position xpos: only with a causal mask (causal, window)");
    Mat parameters = make_parameters(&spec, rng_split(&lab->rng, 1)),
        weights = mat_new(T, T);
    Position position = position_new(&spec, parameters.rows ? parameters : (Mat){0});
    make_weights(&lab->rng, weights, &e, mask, &position);
    claim_rows(lab, weights, &mask);
    if (spec.kind == POSITION_NONE) claim_found(lab, &e, weights, &mask);
    print_map(lab, weights, &e, &mask);
    draw(lab, weights, &e);
    position_free(&position), mat_free(parameters), mat_free(weights);
}

const LabSpec lab_attention_map = {
    "attention-map", "2.2", "Who attends to whom: weights under each mask and encoding",
    run, options};
