// Keys in pages: the bits of keys in one piece, and who owns which page.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/paged_cache.h"
#include "ch06_flash/tests/reference.h"

static bool same_bits(Mat a, Mat b) {
    return memcmp(a.at, b.at, (size_t)a.rows * (size_t)a.cols * sizeof *a.at) == 0;
}

// Pages in a random order, all that is not a key NaN, and two heads side by side.
static void paged_or_not(const FlashHead *h, Rng *rng) {
    enum { PAGES = 40, ROWS = 6 };
    int T = h->q.rows, S = h->k.rows, d = h->k.cols, d_v = h->v.cols, first = 3,
        wide = first + (d > d_v ? d : d_v), pages[PAGES];
    PagePool p = page_pool_new(PAGES, ROWS, wide);
    mat_fill(p.keys, NAN), mat_fill(p.values, NAN);
    for (int i = 0; i < PAGES; i++) pages[i] = i;
    rng_shuffle(rng, pages, PAGES);
    memcpy(p.free, pages, sizeof pages);
    Mat k = mat_new(S, wide), v = mat_new(S, wide), out = mat_new(T, d_v),
        l = mat_new(T, 1), want = mat_new(T, d_v), l_want = mat_new(T, 1);
    mat_copy(mat_cols(k, first, d), h->k), mat_copy(mat_cols(v, first, d_v), h->v);
    PagedText t = {0};
    for (int j = 0, n; j < S; j += n) {
        n = 1 + rng_below(rng, S - j);
        cr_assert(paged_append(&p, &t, mat_rows(k, j, n), mat_rows(v, j, n)));
    }
    for (int cols = 1; cols <= ROWS; cols += cols) {
        if (ROWS % cols) continue;
        Memory m = memory_new(MEMORY_PLAIN, 0);
        flash2(want, l_want, h, (Blocks){4, cols}, &m);
        paged_attention(out, l, h, &p, &t, first, (Blocks){4, cols}, &m);
        cr_assert(same_bits(out, want) && same_bits(l, l_want));
        memory_free(&m);
    }
    paged_free(&p, &t);
    cr_assert_eq(p.free_count, PAGES);
    Mat all[] = {k, v, out, l, want, l_want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    page_pool_free(&p);
}
Test(paged_cache, bits_are_those_of_one_piece) { every_head(paged_or_not); }

// ---- many texts, against plain arrays

enum { TEXTS = 6, LONGEST = 60, PAGE = 4, COUNT = 40 };
typedef struct {
    PagedText paged;
    real plain[LONGEST];  // what each key should be
} Text;

static void check_text(const PagePool *p, const Text *t) {
    for (int j = 0; j < t->paged.length; j++) {
        int row = t->paged.table[j / PAGE] * PAGE + j % PAGE;
        cr_assert_eq(*mat_at(p->keys, row, 0), t->plain[j]);
        cr_assert_eq(*mat_at(p->values, row, 0), -t->plain[j]);
    }
}

static void check_owners(const PagePool *p, const Text *texts) {
    int owners[COUNT] = {0}, free_pages = 0;
    for (int t = 0; t < TEXTS; t++)
        for (int i = 0; i < (texts[t].paged.length + PAGE - 1) / PAGE; i++)
            owners[texts[t].paged.table[i]]++;
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(p->owners[i], owners[i]);
        free_pages += owners[i] == 0;
    }
    cr_assert_eq(p->free_count, free_pages);
}

// Whether it had room.
static bool grow(PagePool *p, Text *t, int n, Rng *rng) {
    Mat k = random_mat(rng, n, 1, 1), v = mat_new(n, 1);
    for (int i = 0; i < n; i++) v.at[i] = -k.at[i];
    int before = t->paged.length, room = p->free_count;
    bool fits = paged_append(p, &t->paged, k, v);
    for (int i = 0; i < n && fits; i++) t->plain[before + i] = k.at[i];
    cr_assert_eq(t->paged.length, before + (fits ? n : 0));
    cr_assert(fits || (p->free_count == room && room < (n + PAGE - 1) / PAGE + 1));
    mat_free(k), mat_free(v);
    return fits;
}

Test(paged_cache, texts_that_fork_and_end) {
    Rng rng = rng_new(3);
    PagePool p = page_pool_new(COUNT, PAGE, 1);
    Text texts[TEXTS] = {0};
    int refused = 0, copies = 0;
    for (int step = 0; step < 4000; step++) {
        Text *t = &texts[rng_below(&rng, TEXTS)],
             *from = &texts[rng_below(&rng, TEXTS)];
        int n = rng_below(&rng, 8), what = rng_below(&rng, 8);
        if (what < 6 && t->paged.length + n <= LONGEST)
            refused += !grow(&p, t, n, &rng);
        else if (what == 6 && t != from) {
            paged_free(&p, &t->paged);
            memcpy(t->plain, from->plain, sizeof t->plain);
            t->paged = paged_fork(&p, &from->paged);
        } else if (what == 7) paged_free(&p, &t->paged);
        for (int i = 0; i < TEXTS; i++) check_text(&p, &texts[i]);
        check_owners(&p, texts);
        copies = p.copies;
    }
    cr_assert(refused > 20 && copies > 100, "%d refused, %d copied", refused, copies);
    for (int i = 0; i < TEXTS; i++) paged_free(&p, &texts[i].paged);
    cr_assert_eq(p.free_count, COUNT);
    page_pool_free(&p);
}

Test(paged_cache, a_full_pool_changes_nothing) {
    PagePool p = page_pool_new(3, 4, 1);
    Mat k = mat_new(13, 1);
    PagedText t = {0};
    cr_assert(!paged_append(&p, &t, k, k) && t.length == 0 && p.free_count == 3);
    cr_assert(paged_append(&p, &t, mat_rows(k, 0, 10), mat_rows(k, 0, 10)));
    // there is room in the last page, but it is shared, and no page to copy it to
    PagedText u = paged_fork(&p, &t);
    cr_assert(!paged_append(&p, &u, mat_rows(k, 0, 1), mat_rows(k, 0, 1)));
    cr_assert(u.length == 10 && p.copies == 0 && p.owners[t.table[2]] == 2);
    paged_free(&p, &t);
    cr_assert(paged_append(&p, &u, mat_rows(k, 0, 2), mat_rows(k, 0, 2)));
    paged_free(&p, &u), page_pool_free(&p), mat_free(k);
}

Test(paged_cache, tables_that_point_nowhere) {
    PagePool p = page_pool_new(4, 2, 1);
    Mat k = mat_new(4, 1);
    PagedText t = {0};
    cr_assert(paged_append(&p, &t, k, k));
    Error err;
    cr_assert(page_table_check(&p, t.table, 4, &err));
    cr_assert(!page_table_check(&p, (int[]){0, 4}, 4, &err));
    cr_assert_str_eq(err.text,
                     "page table, entry 1: expected a page from 0 to 3, not 4");
    cr_assert(!page_table_check(&p, (int[]){-1}, 1, &err));
    cr_assert(!page_table_check(&p, (int[]){0, 1, 3}, 5, &err));
    cr_assert_str_eq(err.text, "page table, entry 2: page 3 is nobody's");
    // beyond the last key nothing is looked at
    cr_assert(page_table_check(&p, (int[]){0, 77}, 2, &err));
    paged_free(&p, &t), page_pool_free(&p), mat_free(k);
}
