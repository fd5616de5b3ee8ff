// A KV cache in pages: a text's keys and values lie in pages of a few rows, wherever
// one was free, and its page table says where. Lecture, section 6.12.
//
//     pages of 4 rows     0 [kkkk]   1 [kk..]   2 [kkkk]   3 [k...]   4 [....]
//     text A: 10 keys     table 2 0 1
//     text B:  9 keys     table 2 0 3       begins like A: those pages are there once
//     owners              2          1          2          1          0
//
// Nothing is reserved for a text but the rest of its last page. A text that goes on
// from another one shares all of its pages; who writes to a page that others own too
// copies it first. With n texts of C + R_i keys, the first C of them the same, and
// pages of B rows:
//
//     pages = floor(C / B) + sum_i ceil((C mod B + R_i) / B)
//
// Kwon et al., "Efficient memory management for large language model serving with
// PagedAttention" (2023), arXiv:2309.06180.
#pragma once
#include "ch06_flash/flash_head.h"
#include "ch06_flash/two_level.h"
#include "common/error.h"

typedef struct {
    int page_rows, count;
    Mat keys, values;  // count page_rows x width: a token's heads side by side
    int *owners;       // of each page: how many tables it is in
    int *free;         // the pages that nobody owns; the last is taken next
    int free_count;
    int copies;  // pages copied because others owned them too
} PagePool;

typedef struct {
    int *table;
    size_t capacity;
    int length;  // keys
} PagedText;     // {0}: empty

PagePool page_pool_new(int count, int page_rows, int width);
void page_pool_free(PagePool *p);  // after all texts

// Appends k and v (n x width). False where there are not enough free pages: then
// nothing has changed.
bool paged_append(PagePool *p, PagedText *t, Mat k, Mat v);
// A text that begins like `from`, with the same pages.
PagedText paged_fork(PagePool *p, const PagedText *from);
void paged_free(PagePool *p, PagedText *t);
static inline int paged_used(const PagePool *p) { return p->count - p->free_count; }

// False and err (one line) where a table with that many keys names a page that is not
// there, or that nobody owns.
bool page_table_check(const PagePool *p, const int *table, int length, Error *err);

// out, lse as flash2's, with the text's keys and values, columns first .. first + d - 1
// of each row; h->k and h->v are not looked at. page_rows is a multiple of blocks.cols.
// A table that page_table_check refuses is a caller's bug.
void paged_attention(Mat out, Mat lse, const FlashHead *h, const PagePool *p,
                     const PagedText *t, int first, Blocks blocks, Memory *m);
