// What encoding fast must not change: the pieces, the ids; and what it counts on: words
// that were seen before, cuts that no token crosses. Lecture, section 1.12.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/encode_steps.h"
#include "ch01_tokenizer/labs/corpus.h"
#include "ch01_tokenizer/pieces.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/plot.h"

enum { MERGES = 1000, LEAST = 64, ROUNDS = 5 };
static const char *const patterns[] = {"gpt2", "cl100k", "o200k"};

// A tokenizer that the text itself trained.
static Tokenizer train_on(const Bytes *text, const char *pattern) {
    Error err;
    Pattern *compiled = pattern_new(pattern, &err);
    Pieces pieces = {0};
    Tokenizer t;
    if (!pieces_add(&pieces, compiled, NULL, 0, text->data, text->size, &err))
        die("%s", err.text);
    Words words = pieces_to_words(&pieces);
    if (!tokenizer_train(&t, &words, MERGES, NULL, 0, pattern, &err))
        die("%s", err.text);
    words_free(&words), pieces_free(&pieces), pattern_free(compiled);
    return t;
}

static long long differing(const Ids *a, const Ids *b) {
    if (a->size != b->size) return llabs((long long)a->size - (long long)b->size);
    long long count = 0;
    for (size_t i = 0; i < a->size; i++) count += a->at[i] != b->at[i];
    return count;
}

// Ids that any step gives and the first one does not.
static long long steps_differ(const Tokenizer *t, const Pattern *engine,
                              const Bytes *text) {
    Ids plain = {0};
    encode_step(t, engine, STEP_ENGINE, text->data, text->size, &plain);
    long long off = 0;
    for (int step = STEP_ENGINE + 1; step < ENCODE_STEPS; step++) {
        Ids ids = {0};
        encode_step(t, engine, step, text->data, text->size, &ids);
        off += differing(&plain, &ids);
        free(ids.at);
    }
    free(plain.at);
    return off;
}

// Of the places between two characters of a piece: those where it may be cut, and the
// tokens that the merges alone put across one of these.
typedef struct {
    long long places, cuts, crossed;
} Cuts;

static void count_cuts(Cuts *c, const Tokenizer *t, const char *piece, size_t n,
                       int *ids) {
    size_t count = tokenizer_encode_piece(t, piece, n, ids, NULL), size, token;
    JoinChar left = join_char(piece, &size), right;
    size_t i = 0, end = 0;  // of the token that holds the byte before `at`
    for (size_t at = size; at < n; at += size, left = right) {
        right = join_char(piece + at, &size);
        c->places++;
        while (i < count && end < at) token_bytes(t, ids[i++], &token), end += token;
        if (joins_may(&t->joins, left, right, size)) continue;
        c->cuts++;
        c->crossed += end > at;
    }
}

static Cuts cuts_of(const Tokenizer *t, const Bytes *text) {
    Cuts c = {0};
    Stretch *stretches;
    size_t count = cut_stretches(&stretches, text->data, text->size, NULL, 0);
    Splitter s = splitter_new(t->pattern);
    int *ids = allocate(text->size, sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        if (stretches[i].kind != STRETCH_TEXT) continue;
        const char *begin = text->data + stretches[i].begin;
        size_t size = stretches[i].end - stretches[i].begin;
        splitter_start(&s, begin, size);
        for (size_t at = 0, end; at < size; at = end) {
            end = splitter_next(&s, at, NULL);
            count_cuts(&c, t, begin + at, end - at, ids);
        }
    }
    free(ids), free(stretches);
    splitter_free(&s);
    return c;
}

// Pieces that a memory which begins empty does not know: at least each distinct one's
// first. (One less, and a piece was taken for another.)
static void claim_first_times(Lab *lab, const Tokenizer *t, const Bytes *text) {
    Pieces pieces = {0};
    Error err;
    if (!pieces_add(&pieces, t->pattern, NULL, 0, text->data, text->size, &err))
        die("%s", err.text);
    PieceEncoder e = piece_encoder_new(t, (EncodeWithout){.parts = true});
    long long once = 0, total = 0;
    for (size_t i = 0; i < pieces.size; i++) {
        Piece p = pieces.items[i];
        once += p.count == 1, total += p.count;
        size_t end = p.size;
        // as often as it occurs, one after the other: only the first is unknown
        for (uint32_t k = 0; k < p.count; k++)
            pieces_encode(&e, pieces.bytes + p.begin, p.size, 0, &end, 1);
    }
    lab_print(lab, "%lld pieces, %zu distinct, %lld of these occur once", total,
              pieces.size, once);
    claim_at_least(lab, "1.35", "pieces not remembered, at least the distinct ones",
                   (double)pieces.size, (double)(e.pieces - e.remembered));
    free(e.ids.at);
    piece_encoder_free(&e);
    pieces_free(&pieces);
}

// Only if asked for: a clock never gives the same figure twice.
static void draw_speed(Lab *lab, const Tokenizer *t, const Pattern *engine,
                       const Bytes *text) {
    int threads = threads_set(1);
    Plot *p = plot_new(lab, "how_fast", "step MB_per_s copy_MB_per_s");
    double copy = 1e3 * copy_bandwidth_gbs();
    for (int step = 0; step < ENCODE_STEPS; step++) {
        double best = INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            Ids ids = {0};
            double begin = thread_seconds();
            encode_step(t, engine, step, text->data, text->size, &ids);
            best = fmin(best, thread_seconds() - begin);
            free(ids.at);
        }
        double speed = (double)text->size / best / 1e6;
        lab_print(lab, "%-18s %8.1f MB/s", encode_steps[step].name, speed);
        plot_row(p, step, speed, copy);
    }
    threads_set(threads);
    plot_title(p, "Encoding after each step");
    plot_axes(p, "step (the lecture's order)", "MB per second");
    plot_set(p, "logscale y");
    plot_set(p, "xrange [-0.5:%d.5]", ENCODE_STEPS - 1);
    plot_set(p, "xtics ('PCRE2' 0, 'by hand' 1, '64 bytes' 2, 'memory' 3, 'cut' 4)");
    plot_line(p, "step", "copy_MB_per_s", "memory: a copy of the text");
    plot_points(p, "step", "MB_per_s", "encoding");
    plot_end(p);
}

static void run(Lab *lab) {
    Bytes text = corpus(lab, LEAST, "a window");
    long long off = 0;
    Cuts all = {0};
    Error err;
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        Tokenizer t = train_on(&text, patterns[p]);
        Pattern *engine = pattern_new(pattern_expression(patterns[p]), &err);
        // before the others teach the tokenizer's memory
        if (p == 0) claim_first_times(lab, &t, &text);
        off += steps_differ(&t, engine, &text);
        Cuts c = cuts_of(&t, &text);
        all.places += c.places, all.cuts += c.cuts, all.crossed += c.crossed;
        if (p == 0 && option_int(&lab->args, "clock", 0, 1))
            draw_speed(lab, &t, engine, &text);
        pattern_free(engine);
        tokenizer_free(&t);
    }
    claim_equal(lab, "1.34", "ids that a faster step gives otherwise, three patterns",
                0, off);
    lab_print(lab, "%lld places between characters of a piece, %lld of them cuts",
              all.places, all.cuts);
    claim_equal(lab, "1.36", "tokens across a place where a piece may be cut", 0,
                all.crossed);
    bytes_free(&text);
}

static const Option options[] = {
    DATA_OPTION, {"clock", "0", "1: draw the speed of each step as well"}, {0}};

const LabSpec lab_how_fast = {"how-fast", "1.12", "What fast encoding must not change",
                              run, options};
