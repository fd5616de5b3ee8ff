#include "ch04_pretrain/documents.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/numeric/hash.h"
#include "common/numeric/small.h"

const char DOCUMENT_END[] = "<|endoftext|>";

enum {
    PART = 32 << 10,     // a part of a text that says nothing
    LONGEST = 64 << 10,  // longer pieces are cut into parts
    RUN_WORDS = 13       // as GPT-3 counted overlap with its tests (2020, appendix C)
};

// ---- where a document ends

static const char *line_after(const char *p, const char *end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline ? newline + 1 : end;
}

static bool is_blank_line(const char *p, const char *next) {
    for (; p < next; p++)
        if (!isspace((unsigned char)*p)) return false;
    return true;
}

// A line that begins a chapter: its first word is one of these, and a number follows.
static bool is_heading(const char *p, const char *next) {
    static const char *const words[] = {"CHAPTER ", "Chapter ", "BOOK ", "PART "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(next - p) > n && memcmp(p, words[i], n) == 0)
            return isdigit((unsigned char)p[n]) || strchr("IVXLC", p[n]) != NULL;
    }
    return false;
}

static void add(Documents *d, const char *from, const char *to) {
    if (is_blank_line(from, to)) return;
    reserve(d->list, d->capacity, d->count + 1);
    d->list[d->count++] = (Document){from, (size_t)(to - from)};
}

// A long stretch in parts of about PART bytes: at a blank line if there is one soon, at
// the end of a line if not, and through a line that has no end.
static void add_in_parts(Documents *d, const char *from, const char *to) {
    while (to - from > LONGEST) {
        const char *p = from, *last_line = NULL, *cut = NULL;
        const char *far = from + LONGEST + 1;  // of a line without an end, no more
        while (p - from < LONGEST && !cut) {
            const char *next = line_after(p, far);
            if (next - from > LONGEST) break;
            if (next - from >= PART) last_line = last_line ? last_line : next;
            if (p - from >= PART && is_blank_line(p, next)) cut = next;
            p = next;
        }
        if (!cut) cut = last_line ? last_line : from + PART;
        add(d, from, cut);
        from = cut;
    }
    add(d, from, to);
}

static void cut_at_ends(Documents *d, const char *text, const char *end) {
    size_t mark = strlen(DOCUMENT_END);
    for (const char *found;
         (found = memmem(text, (size_t)(end - text), DOCUMENT_END, mark));
         text = found + mark)
        add(d, text, found);
    add(d, text, end);
}

static void cut_at_headings(Documents *d, const char *text, const char *end) {
    const char *begin = text;
    for (const char *p = text, *next; p < end; p = next) {
        next = line_after(p, end);
        if (p == begin || !is_heading(p, next)) continue;
        add_in_parts(d, begin, p);
        begin = p;
    }
    add_in_parts(d, begin, end);
}

// ---- documents that occur twice

static int by_content(const void *a, const void *b) {
    const Document *x = *(const Document *const *)a, *y = *(const Document *const *)b;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    int order = memcmp(x->at, y->at, x->size);
    return order ? order : (x > y) - (x < y);  // of equal ones the first comes first
}

void documents_first_equal(const Documents *d, size_t *first) {
    Document **sorted = allocate(d->count, sizeof *sorted);
    for (size_t i = 0; i < d->count; i++) sorted[i] = &d->list[i];
    qsort(sorted, d->count, sizeof *sorted, by_content);
    for (size_t i = 0; i < d->count; i++) {
        const Document *each = sorted[i], *before = i ? sorted[i - 1] : NULL;
        bool same = before && each->size == before->size
                    && memcmp(each->at, before->at, each->size) == 0;
        size_t own = (size_t)(each - d->list);
        first[own] = same ? first[before - d->list] : own;
    }
    free(sorted);
}

static void drop_repeated(Documents *d) {
    size_t *first = allocate(d->count, sizeof *first), kept = 0;
    documents_first_equal(d, first);
    for (size_t i = 0; i < d->count; i++)
        if (first[i] == i) d->list[kept++] = d->list[i];
    d->repeated = d->count - kept, d->count = kept;
    free(first);
}

void documents_cut(Documents *d, const char *text, size_t size) {
    *d = (Documents){0};
    if (memmem(text, size, DOCUMENT_END, strlen(DOCUMENT_END)))
        cut_at_ends(d, text, text + size);
    else cut_at_headings(d, text, text + size);
}

void documents_of(Documents *d, const char *text, size_t size) {
    documents_cut(d, text, size);
    if (d->count) drop_repeated(d);
}

// ---- files

// UTF-16 without a mark at its beginning: of two bytes one is 0 in most letters of Latin
// script, always the first or always the second. NULL: it is not that.
static const char *wide_order(const Bytes *file) {
    enum { LOOKED_AT = 4096 };
    size_t zeros[2] = {0}, n = size_min(file->size, LOOKED_AT) / 2;
    for (size_t i = 0; i < 2 * n; i++) zeros[i % 2] += file->data[i] == 0;
    if (zeros[0] == 0 && zeros[1] > n / 2) return "LE";
    return zeros[1] == 0 && zeros[0] > n / 2 ? "BE" : NULL;
}

bool documents_check(const Bytes *file, const char *path, Error *err) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } others[] = {
        {"\x1f\x8b", 2, "a gzip file; gunzip makes a text of it"},
        {"\xfd"
         "7zXZ",
         5, "an xz file; unxz makes a text of it"},
        {"\x28\xb5\x2f\xfd", 4, "a zstd file; unzstd makes a text of it"},
        {"BZh", 3, "a bzip2 file; bunzip2 makes a text of it"},
        {"PK\3\4", 4, "a zip file; unzip makes a text of it"},
        {"\xff\xfe", 2, "UTF-16; iconv -f UTF-16 -t UTF-8 makes a text of it"},
        {"\xfe\xff", 2, "UTF-16; iconv -f UTF-16 -t UTF-8 makes a text of it"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (file->size >= others[i].size
            && memcmp(file->data, others[i].bytes, others[i].size) == 0)
            return error_set(err, "%s: expected a text in UTF-8, found %s",
                             file_label(path), others[i].what);
    const char *order = wide_order(file);
    if (order)
        return error_set(
            err,
            "%s: expected a text in UTF-8, found UTF-16; iconv -f UTF-16%s "
            "-t UTF-8 makes a text of it",
            file_label(path), order);
    return true;
}

bool documents_read(Documents *d, const char *path, Error *err) {
    Bytes file;
    *d = (Documents){0};
    if (!file_read(&file, path, err)) return false;
    if (!documents_check(&file, path, err)) return bytes_free(&file), false;
    documents_of(d, file.data, file.size);
    d->file = file;
    if (d->count) return true;
    documents_free(d);
    return error_set(err, "%s: expected a text, found nothing but white space",
                     file_label(path));
}

void documents_free(Documents *d) {
    bytes_free(&d->file);
    free(d->list);
    *d = (Documents){0};
}

// ---- the split

static void split_one(Document whole, Documents *rest, Documents *held_out) {
    const char *end = whole.at + whole.size, *cut = end - whole.size / 10;
    cut = line_after(cut, end);
    if (cut == end) cut = end - whole.size / 10;
    add(rest, whole.at, cut), add(held_out, cut, end);
}

void documents_split(const Documents *d, int step, Documents *rest,
                     Documents *held_out) {
    assert(step >= 2 && "documents_split: every document, or none");
    *rest = *held_out = (Documents){0};
    if (d->count == 1) {
        split_one(d->list[0], rest, held_out);
        return;
    }
    size_t every = size_min((size_t)step, d->count);
    for (size_t i = 0; i < d->count; i++) {
        const Document *each = &d->list[i];
        add(i % every == every - 1 ? held_out : rest, each->at, each->at + each->size);
    }
}

// ---- overlap

typedef struct {
    uint64_t *at;
    size_t count, capacity;
} Hashes;

// One hash for each run of RUN_WORDS words.
static void hash_runs(Hashes *h, const Documents *d) {
    for (size_t i = 0; i < d->count; i++) {
        const char *p = d->list[i].at, *end = p + d->list[i].size;
        uint64_t words[RUN_WORDS] = {0};
        for (size_t n = 0; p < end; n++) {
            while (p < end && isspace((unsigned char)*p)) p++;
            const char *from = p;
            while (p < end && !isspace((unsigned char)*p)) p++;
            words[n % RUN_WORDS] = hash_bytes(HASH_START, from, (size_t)(p - from));
            if (n + 1 < RUN_WORDS) continue;
            uint64_t ordered[RUN_WORDS];
            for (size_t k = 0; k < RUN_WORDS; k++)
                ordered[k] = words[(n + 1 + k) % RUN_WORDS];
            reserve(h->at, h->capacity, h->count + 1);
            h->at[h->count++] = hash_bytes(HASH_START, ordered, sizeof ordered);
        }
    }
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

size_t documents_shared_runs(const Documents *a, const Documents *b) {
    Hashes of_a = {0}, of_b = {0};
    hash_runs(&of_a, a), hash_runs(&of_b, b);
    size_t shared = 0;
    if (of_b.count) {
        qsort(of_b.at, of_b.count, sizeof *of_b.at, by_value);
        for (size_t i = 0; i < of_a.count; i++)
            shared +=
                bsearch(&of_a.at[i], of_b.at, of_b.count, sizeof *of_b.at, by_value)
                != NULL;
    }
    free(of_a.at), free(of_b.at);
    return shared;
}
