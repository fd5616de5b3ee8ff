#include "ch06_flash/paged_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "ch06_flash/flash2.h"
#include "common/numeric/small.h"

PagePool page_pool_new(int count, int page_rows, int width) {
    assert((double)count * page_rows < 0x1p31 && "page_pool_new: too many rows");
    PagePool p = {.page_rows = page_rows,
                  .count = count,
                  .keys = mat_new(count * page_rows, width),
                  .values = mat_new(count * page_rows, width),
                  .owners = allocate((size_t)count, sizeof *p.owners),
                  .free = allocate((size_t)count, sizeof *p.free),
                  .free_count = count};
    for (int i = 0; i < count; i++) p.free[i] = count - 1 - i;
    return p;
}

void page_pool_free(PagePool *p) {
    mat_free(p->keys), mat_free(p->values), free(p->owners), free(p->free);
    *p = (PagePool){0};
}

// ---- pages

static int page_take(PagePool *p) {
    int page = p->free[--p->free_count];
    p->owners[page] = 1;
    return page;
}

static void page_leave(PagePool *p, int page) {
    assert(p->owners[page] > 0);
    if (--p->owners[page] == 0) p->free[p->free_count++] = page;
}

static int pages_of(const PagePool *p, int keys) {
    return ceil_div(keys, p->page_rows);
}

// Rows row .. of the pool that begin that page.
static Mat page_at(const PagePool *p, Mat all, int page, int row, int count) {
    return mat_rows(all, page * p->page_rows + row, count);
}

// ---- texts

// Whether the next key goes to a page that others own too.
static bool writes_to_shared(const PagePool *p, const PagedText *t) {
    return t->length % p->page_rows != 0
           && p->owners[t->table[t->length / p->page_rows]] > 1;
}

// The last page, of which others see the same rows, becomes the text's own.
static void own_last(PagePool *p, PagedText *t) {
    int *last = &t->table[t->length / p->page_rows], old = *last,
        rows = t->length % p->page_rows;
    *last = page_take(p);
    mat_copy(page_at(p, p->keys, *last, 0, rows), page_at(p, p->keys, old, 0, rows));
    mat_copy(page_at(p, p->values, *last, 0, rows),
             page_at(p, p->values, old, 0, rows));
    page_leave(p, old);
    p->copies++;
}

bool paged_append(PagePool *p, PagedText *t, Mat k, Mat v) {
    int have = pages_of(p, t->length), need = pages_of(p, t->length + k.rows);
    bool shared = k.rows > 0 && writes_to_shared(p, t);
    if (need - have + shared > p->free_count) return false;
    if (shared) own_last(p, t);
    reserve(t->table, t->capacity, need);
    for (int i = have; i < need; i++) t->table[i] = page_take(p);
    for (int done = 0, n; done < k.rows; done += n, t->length += n) {
        int row = t->length % p->page_rows, page = t->table[t->length / p->page_rows];
        n = int_min(k.rows - done, p->page_rows - row);
        mat_copy(page_at(p, p->keys, page, row, n), mat_rows(k, done, n));
        mat_copy(page_at(p, p->values, page, row, n), mat_rows(v, done, n));
    }
    return true;
}

PagedText paged_fork(PagePool *p, const PagedText *from) {
    int pages = pages_of(p, from->length);
    PagedText t = {.length = from->length};
    reserve(t.table, t.capacity, pages);
    for (int i = 0; i < pages; i++) p->owners[t.table[i] = from->table[i]]++;
    return t;
}

void paged_free(PagePool *p, PagedText *t) {
    for (int i = 0; i < pages_of(p, t->length); i++) page_leave(p, t->table[i]);
    free(t->table);
    *t = (PagedText){0};
}

// ---- attention

bool page_table_check(const PagePool *p, const int *table, int length, Error *err) {
    for (int i = 0; i < pages_of(p, length); i++) {
        if (table[i] < 0 || table[i] >= p->count)
            return error_set(err,
                             "page table, entry %d: expected a page from 0 to %d, "
                             "not %d",
                             i, p->count - 1, table[i]);
        if (p->owners[table[i]] == 0)
            return error_set(err, "page table, entry %d: page %d is nobody's", i,
                             table[i]);
    }
    return true;
}

void paged_attention(Mat out, Mat lse, const FlashHead *h, const PagePool *p,
                     const PagedText *t, int first, Blocks blocks, Memory *m) {
    assert(page_table_check(p, t->table, t->length, NULL)
           && "paged_attention: the table names a page that is not there");
    FlashHead paged = *h;
    paged.k = mat_cols(p->keys, first, h->q.cols);
    paged.v = mat_cols(p->values, first, out.cols);
    flash2_paged(out, lse, &paged, (Pages){t->table, p->page_rows, t->length}, blocks,
                 m);
}
