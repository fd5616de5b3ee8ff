// The weights of a small example, for each mask and each position encoding. Lecture,
// section 2.2.
//
// Tokens are letters of a word, each with its own random vector, so that equal letters
// look alike and nothing but masks and positions tells them apart: row i of the map is
// what letter i attends to.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/multihead.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { WIDTH = 32, MOST = 40, NEAR = 4, EVERY = 2, BUCKETS = 8 };

#define KIND(NAME, name) " " #name
static const Option options[] = {
    {"mask", "causal",
     "one of" MASK_LIST(
         KIND) "; the window is causal and of 4, padding the last 4 keys, "
               "the prefix 4, the table every 2nd key; documents: two halves"},
    {"position", "none", "one of" POSITION_LIST(KIND)},
    {"text", "attentionattends", "letters, each a token; at most 40"},
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

// x: a vector for each letter. W_Q and W_K are nearly the identity: letters look for
// their like.
static void make_weights(Rng *rng, Mat weights, const char *text, int T, Mask mask,
                         const Position *position) {
    Mat letters = mat_new(256, WIDTH), x = mat_new(T, WIDTH), out = mat_new(T, WIDTH);
    rng_fill_normal(rng, letters, 1);
    for (int t = 0; t < T; t++)
        mat_copy(mat_rows(x, t, 1), mat_rows(letters, (unsigned char)text[t], 1));
    position_add(position, x, 0);
    Heads heads = {.batch = 1,
                   .n_heads = 1,
                   .n_kv_heads = 1,
                   .scale = attention_scale(WIDTH) / 2,
                   .mask = mask,
                   .position = position};
    attend_heads(out, weights, x, x, x, &heads);
    mat_free(letters), mat_free(x), mat_free(out);
}

// One character a weight, for a terminal: from ' ' (masked: '.') to '@'.
static void print_map(Lab *lab, Mat w, const char *text, const Mask *mask) {
    static const char shades[] = " -:=+*%#@";
    char line[2 * MOST + 1];
    for (int j = 0; j < w.cols; j++) line[2 * j] = text[j], line[2 * j + 1] = ' ';
    lab_print(lab, "    %.*s  keys", 2 * w.cols, line);
    for (int i = 0; i < w.rows; i++) {
        for (int j = 0; j < w.cols; j++) {
            int shade = (int)fmin(8, sqrt((double)*mat_at(w, i, j)) * 10);
            line[2 * j] = mask_sees(mask, w.rows, w.cols, i, j) ? shades[shade] : '.',
                     line[2 * j + 1] = ' ';
        }
        lab_print(lab, "  %c %.*s", text[i], 2 * w.cols, line);
    }
    lab_print(lab, "    '@' 0.64 and more, '=' 0.09, ' ' below 0.01, '.' masked");
}

static void draw(Lab *lab, Mat w, const char *text) {
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
    for (int t = 0; t < w.rows; t++) {
        const char *how = t ? "add " : "";
        plot_set(p, "xtics %s(\"%c\" %d)", how, text[t], t),
            plot_set(p, "ytics %s(\"%c\" %d)", how, text[t], t);
    }
    plot_series(p, "using \"key\":\"query\":\"weight\" with image pixels title \"\"");
    plot_not_in_letters(p);  // print_map does
    plot_end(p);
}

static void run(Lab *lab) {
    const char *text = option_text(&lab->args, "text");
    int T = (int)strlen(text);
    MaskKind mask_kind = (MaskKind)option_choice(&lab->args, "mask", mask_names);
    PositionSpec spec = make_spec(
        (PositionKind)option_choice(&lab->args, "position", position_names), T);
    if (T < 2 || T > MOST) die("--text: expected 2 to %d letters", MOST);
    for (int t = 0; t < T; t++)
        if (!isalnum((unsigned char)text[t]))
            die("--text: expected letters and digits");
    Hidden hidden_by;
    Mask mask = make_mask(mask_kind, T, &hidden_by);
    if (spec.kind == POSITION_XPOS && !mask.causal)
        die("--position xpos: only with a causal mask (causal, window)");
    Mat parameters = make_parameters(&spec, rng_split(&lab->rng, 1)),
        weights = mat_new(T, T);
    Position position = position_new(&spec, parameters.rows ? parameters : (Mat){0});
    make_weights(&lab->rng, weights, text, T, mask, &position);
    double off = 0, hidden = 0;
    for (int i = 0; i < T; i++) {
        double sum = 0;
        for (int j = 0; j < T; j++) {
            sum += *mat_at(weights, i, j);
            if (!mask_sees(&mask, T, T, i, j))
                hidden = nan_max(hidden, *mat_at(weights, i, j));
        }
        off = nan_max(off, fabs(sum - 1));
    }
    // T weights, each within 3 ulps of e^s / sum; the sum's own rounding, log2(T) deep.
    claim_near(lab, "2.12", "rows of weights add up to 1: worst", 0, off,
               (3 + log2(T)) * 0x1p-23);
    claim_near(lab, "2.12", "weights that the mask hides: largest", 0, hidden, 0);
    print_map(lab, weights, text, &mask);
    draw(lab, weights, text);
    position_free(&position), mat_free(parameters), mat_free(weights);
}

const LabSpec lab_attention_map = {
    "attention-map", "2.2", "Who attends to whom: weights under each mask and encoding",
    run, options};
