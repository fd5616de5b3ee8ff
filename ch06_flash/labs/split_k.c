// F10: one query against many keys. Lecture, section 6.8.
//
// With p parts the slowest processor reads 2 d N / p words of keys and values, and
// whoever merges reads p (d + 1): the sum is least at p = sqrt(2 d N / (d + 1)).
#include "ch06_flash/split_k.h"

#include <math.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/labs/heads.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"keys", "4096", "N"}, {"dim", "16", "d"}, {"most", "256", "parts, at most"}, {0}};

static FlashHead one_query(Rng *rng, int keys, int d) {
    FlashHead h = lab_head(rng, keys, d, 1);
    h.q.rows = 1;
    return h;
}

// Words on the longest way: those of the largest part, counted, and of the merge.
static long long longest_way(const FlashHead *h, int parts) {
    int d = h->v.cols, size = split_size(h->k.rows, parts);
    Mat out = mat_new(1, d), lse = mat_new(1, 1);
    Memory m = memory_new(MEMORY_STRICT, 0);
    flash2_part(out, lse, h, 0, size, (Blocks){1, 128}, &m);
    for (int s = 0; s < parts; s++) {
        Slow from[] = {memory_place(&m, out), memory_place(&m, lse)};
        for (int i = 0; i < 2; i++) tile_free(&m, tile_read(&m, from[i]));
    }
    long long words = m.reads + m.writes;
    memory_free(&m), mat_free(out), mat_free(lse);
    return words;
}

static long long derived(int keys, int d, int parts) {
    return 2 * d + 1 + 2LL * d * ceil_div(keys, parts) + (long long)parts * (d + 1);
}

static void claim_exact(Lab *lab, const FlashHead *h, Rng *rng) {
    int d = h->v.cols;
    Mat out = mat_new(1, d), lse = mat_new(1, 1), whole = mat_new(1, d),
        l_whole = mat_new(1, 1);
    double off = 0, off_l = 0;
    split_attention(whole, l_whole, h, 1);
    for (int t = 0; t < 20; t++) {
        split_attention(out, lse, h, 2 + rng_below(rng, 63));
        off = nan_max(off, mat_difference(out, whole));
        off_l = nan_max(off_l, mat_difference(lse, l_whole));
    }
    // scores of sd 1: an output has sd sqrt(e / N), and sums N + d terms in another order
    double size = 5 * sqrt(exp(1) / h->k.rows), roundings = sqrt(h->k.rows + d);
    claim_near(lab, "6.21", "2 to 64 parts merged - the whole, largest", 0, off,
               size * roundings * 0x1p-24);
    // L < 16 is rounded to 8 x 2^-24 in each of up to 64 merges
    claim_near(lab, "6.21", "and of L", 0, off_l, (8 * sqrt(64) + roundings) * 0x1p-24);
    mat_free(out), mat_free(lse), mat_free(whole), mat_free(l_whole);
}

static void run(Lab *lab) {
    int keys = (int)option_int(&lab->args, "keys", 64, 65536),
        d = (int)option_int(&lab->args, "dim", 1, 128),
        most = (int)option_int(&lab->args, "most", 2, 4096), wrong = 0;
    if (most > keys) most = keys;
    Rng rng = lab->rng;
    FlashHead h = one_query(&rng, keys, d);
    claim_exact(lab, &h, &rng);
    double least = INFINITY;
    Plot *p = plot_new(lab, "split_k", "parts words derived");
    for (int parts = 1; parts <= most; parts += 1 + parts / 16) {
        long long words = longest_way(&h, parts);
        wrong += words != derived(keys, d, parts);
        least = fmin(least, (double)words);
        plot_row(p, parts, (double)words, 2.0 * d * keys / parts + parts * (d + 1.0));
    }
    claim_equal(lab, "6.22", "parts for which the words are not the formula's", 0,
                wrong);
    // parts are whole numbers of keys, and every sixteenth number of parts was tried: a
    // minimum is flat, 1/16 off costs 1/500 of it
    double best = 2 * sqrt(2.0 * d * keys * (d + 1));
    claim_near(lab, "6.22", "fewest words on the way: 2 sqrt(2 d N (d + 1))", best,
               least, 2 * d + 1 + 2 * d + best / 500);
    plot_axes(p, "p: parts", "words on the longest way");
    plot_set(p, "logscale xy 2"), plot_set(p, "format y \"2^{%%L}\"");
    plot_line(p, "parts", "derived", "2 d N / p + p (d + 1)");
    plot_points(p, "parts", "words", "counted");
    plot_end(p);
    h.q.rows = keys, lab_head_free(&h);
}

const LabSpec lab_split_k = {"split-k", "6.8", "One query, many keys, shared out", run,
                             options};
