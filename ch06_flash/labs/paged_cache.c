// Keys in pages: the same bits, what is shared, and what is lost. Lecture, section
// 6.12.
//
// A text wastes what is left of its last page, (B - 1) / 2 rows on average, and has a
// table entry per page: beside its keys that is d (B - 1) + N / B words, least at B =
// sqrt(N / d).
#include "ch06_flash/paged_cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/labs/heads.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"longest", "1024", "keys of a text, at most"},
    {"dim", "16", "d"},
    {"texts", "1000", "of random length"},
    {"order", NULL, "a page table of 8 entries, 0 .. 15: 3,0,7,... (random)"},
    {0}};

// ---- the same bits

enum { PAGES = 16, USED = 8, ROWS = 16 };

// The table the user wishes, or a random one. Its pages become the text's.
static void choose_table(Lab *lab, int *table, Rng *rng) {
    for (int i = 0; i < PAGES; i++) table[i] = i;
    rng_shuffle(rng, table, PAGES);
    if (!option_text(&lab->args, "order")) return;
    double given[PAGES];
    if (option_list(&lab->args, "order", given, PAGES, -1e9, 1e9) != USED)
        die("--order: expected %d pages", USED);
    for (int i = 0; i < USED; i++) {
        table[i] = (int)given[i];
        if (table[i] != given[i])
            die("--order: expected whole numbers, not %g", given[i]);
        for (int j = 0; j < i; j++)
            if (table[j] == table[i]) die("--order: page %d is there twice", table[i]);
    }
}

// A text whose keys are in these pages; what is not a key is NaN.
static PagedText text_in(PagePool *p, const int *table, Mat k, Mat v) {
    PagedText t = {0};
    mat_fill(p->keys, NAN), mat_fill(p->values, NAN);
    if (!paged_append(p, &t, k, v)) die("the pool is too small");
    Error err;
    for (int i = 0; i < p->count; i++) p->owners[i] = 1;  // any page may be named
    if (!page_table_check(p, table, t.length, &err)) die("--order: %s", err.text);
    memcpy(t.table, table, USED * sizeof *table);
    mat_fill(p->keys, NAN), mat_fill(p->values, NAN);
    for (int j = 0; j < k.rows; j++) {
        int row = table[j / ROWS] * ROWS + j % ROWS;
        mat_copy(mat_rows(p->keys, row, 1), mat_rows(k, j, 1));
        mat_copy(mat_rows(p->values, row, 1), mat_rows(v, j, 1));
    }
    return t;
}

static void claim_bits(Lab *lab, int d, Rng *rng) {
    FlashHead h = lab_head(rng, USED * ROWS - 5, d, 1);  // the last page is not full
    h.mask.causal = true;
    Mat out = mat_new(h.q.rows, d), lse = mat_new(h.q.rows, 1),
        want = mat_new(h.q.rows, d), lse_want = mat_new(h.q.rows, 1);
    int table[PAGES];
    PagePool p = page_pool_new(PAGES, ROWS, d);
    choose_table(lab, table, rng);
    PagedText t = text_in(&p, table, h.k, h.v);
    Memory m = memory_new(MEMORY_PLAIN, 0);
    flash2(want, lse_want, &h, (Blocks){32, ROWS}, &m);
    paged_attention(out, lse, &h, &p, &t, 0, (Blocks){32, ROWS}, &m);
    claim_near(lab, "6.46", "output with pages anywhere - in one piece", 0,
               mat_difference(out, want), 0);
    claim_near(lab, "6.46", "and of L", 0, mat_difference(lse, lse_want), 0);
    memory_free(&m), free(t.table), page_pool_free(&p), lab_head_free(&h);
    mat_free(out), mat_free(lse), mat_free(want), mat_free(lse_want);
}

// ---- what is shared

static void append_keys(PagePool *p, PagedText *t, int n) {
    Mat keys = mat_new(n, p->keys.cols);
    if (!paged_append(p, t, keys, keys)) die("the pool is too small");
    mat_free(keys);
}

typedef struct {
    int pages, copies, left;  // left: in use when all texts have ended
} Shared;

// n texts that go on from one prompt, whose own text ends before.
static Shared share(int page_rows, int prompt, const int *lengths, int n) {
    PagePool p = page_pool_new(1 << 12, page_rows, 1);
    PagedText begin = {0}, *texts = allocate((size_t)n, sizeof *texts);
    append_keys(&p, &begin, prompt);
    for (int i = 0; i < n; i++) texts[i] = paged_fork(&p, &begin);
    paged_free(&p, &begin);
    for (int i = 0; i < n; i++) append_keys(&p, &texts[i], lengths[i]);
    Shared s = {paged_used(&p), p.copies, 0};
    for (int i = 0; i < n; i++) paged_free(&p, &texts[i]);
    s.left = paged_used(&p);
    page_pool_free(&p), free(texts);
    return s;
}

static void claim_shared(Lab *lab, Rng *rng) {
    enum { B = 16, PROMPT = 500, N = 8 };
    int lengths[N], derived = PROMPT / B, apart = 0;
    for (int i = 0; i < N; i++) {
        lengths[i] = 1 + rng_below(rng, 100);
        derived += ceil_div(PROMPT % B + lengths[i], B);
        apart += ceil_div(PROMPT + lengths[i], B);
    }
    Shared s = share(B, PROMPT, lengths, N),
           even = share(B, PROMPT - PROMPT % B, lengths, N);
    lab_print(lab,
              "8 texts after one prompt of 500 keys: %d pages, %d if each had its own",
              s.pages, apart);
    claim_equal(lab, "6.47", "their pages: floor(C/B) + sum ceil((C mod B + R)/B)",
                derived, s.pages);
    claim_equal(lab, "6.48", "pages copied: the last owner writes where it is", N - 1,
                s.copies);
    claim_equal(lab, "6.48", "pages copied where the prompt fills its pages", 0,
                even.copies);
    claim_equal(lab, "6.48", "pages in use after all texts have ended", 0,
                s.left + even.left);
}

// ---- what is lost

typedef struct {
    double unused, table;  // rows and entries per text
} Lost;

static Lost lose(const int *lengths, int n, int page_rows) {
    Lost lost = {0, 0};
    for (int i = 0; i < n; i++) {
        PagePool p = page_pool_new(ceil_div(lengths[i], page_rows), page_rows, 1);
        PagedText t = {0};
        append_keys(&p, &t, lengths[i]);
        lost.unused += (double)paged_used(&p) * page_rows - t.length;
        lost.table += paged_used(&p);
        paged_free(&p, &t), page_pool_free(&p);
    }
    return (Lost){lost.unused / n, lost.table / n};
}

// In the memory that eight texts of the longest length need: as many as append lets in,
// against the formula.
static void claim_fit(Lab *lab, const int *lengths, int n, int longest) {
    enum { RESERVED = 8, B = 16 };
    int fit = 0, derived = 0, room = RESERVED * longest / B;
    PagePool p = page_pool_new(room, B, 1);
    PagedText *texts = allocate((size_t)n, sizeof *texts);
    for (int pages = 0; derived < n; derived++)
        if ((pages += ceil_div(lengths[derived], B)) > room) break;
    for (; fit < n; fit++) {
        Mat keys = mat_new(lengths[fit], 1);
        bool fits = paged_append(&p, &texts[fit], keys, keys);
        mat_free(keys);
        if (!fits) break;
    }
    claim_equal(lab, "6.58", "texts in room for 8 of the longest: sum of ceil(N/B)",
                derived, fit);
    for (int i = 0; i < fit; i++) paged_free(&p, &texts[i]);
    page_pool_free(&p), free(texts);
}

static void run(Lab *lab) {
    int longest = (int)option_int(&lab->args, "longest", 64, 65536),
        d = (int)option_int(&lab->args, "dim", 1, 256),
        n = (int)option_int(&lab->args, "texts", 30, 100000);
    Rng rng = lab->rng;
    claim_bits(lab, d, &rng);
    claim_shared(lab, &rng);
    int *lengths = allocate((size_t)n, sizeof *lengths);
    double mean = 0;
    longest -= longest % 64;  // all pages of the figure divide it: remainders are even
    for (int i = 0; i < n; i++)
        mean += (lengths[i] = 1 + rng_below(&rng, longest)) / (double)n;
    claim_fit(lab, lengths, n, longest);
    Plot *p = plot_new(lab, "paged_cache", "rows words derived reserved");
    for (int rows = 1; rows <= 64; rows *= 2) {
        Lost lost = lose(lengths, n, rows);
        plot_row(p, rows, 2 * d * lost.unused + lost.table,
                 d * (rows - 1.0) + (mean + (rows - 1) / 2.0) / rows,
                 2 * d * (longest - mean));
        // remainders are spread evenly over 0 .. B - 1: variance (B^2 - 1) / 12; five
        // standard errors
        if (rows == 16)
            claim_near(lab, "6.49", "unused rows per text, pages of 16: (B - 1)/2", 7.5,
                       lost.unused, 5 * sqrt((16 * 16 - 1) / 12.0 / n));
    }
    plot_axes(p, "B: rows of a page", "words per text beside its keys");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y 10");
    plot_line(p, "rows", "derived", "d (B - 1) + N / B");
    plot_dashes(p, "rows", "reserved", "room for the longest, in one piece");
    plot_points(p, "rows", "words", "counted");
    plot_end(p);
    free(lengths);
}

const LabSpec lab_paged_cache = {"paged-cache", "6.12", "Keys in pages", run, options};
