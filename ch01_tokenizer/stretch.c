#include "ch01_tokenizer/stretch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_train.h"
#include "ch01_tokenizer/utf8.h"
#include "common/error.h"
#include "common/numeric/threads.h"

typedef struct {
    Stretch *items;
    size_t size, capacity;
} List;

static void add(List *list, Stretch stretch) {
    if (stretch.begin == stretch.end) return;
    reserve(list->items, list->capacity, list->size + 1);
    list->items[list->size++] = stretch;
}

// The first place from `at` on where a character may begin.
static size_t character_from(const char *text, size_t n, size_t at) {
    while (at < n && ((unsigned char)text[at] & 0xC0) == 0x80) at++;
    return at;
}

// Whether all of it is: each thread looks at parts, which begin where a character does.
static bool well_formed(const char *text, size_t n) {
    enum { PART = 1 << 18 };
    int broken = 0;
#pragma omp parallel for num_threads(threads_apart()) reduction(| : broken)
    for (size_t part = 0; part < n; part += PART) {
        size_t begin = part ? character_from(text, n, part) : 0;
        size_t end = n - part > PART ? character_from(text, n, part + PART) : n;
        broken |= utf8_valid_prefix(text + begin, end - begin) < end - begin;
    }
    return !broken;
}

// text[begin .. end-1] as stretches of text and broken bytes.
static void add_text(List *list, const char *text, size_t begin, size_t end) {
    if (well_formed(text + begin, end - begin)) {
        add(list, (Stretch){begin, end, STRETCH_TEXT, NO_SYMBOL});
        return;
    }
    while (begin < end) {
        size_t good = begin + utf8_valid_prefix(text + begin, end - begin), bad = good;
        for (int length = 1;
             bad < end && utf8_decode(text + bad, end - bad, &length) == UTF8_BAD;)
            bad++;
        add(list, (Stretch){begin, good, STRETCH_TEXT, NO_SYMBOL});
        add(list, (Stretch){good, bad, STRETCH_BROKEN, NO_SYMBOL});
        begin = bad;
    }
}

// ---- special tokens

// Vocabularies have up to a thousand special tokens, and nearly no place of a text begins
// one: the first two bytes rule out the rest.
typedef struct {
    const Special *specials;
    int count;
    bool begins[256 * 256];
} Finder;

static void finder_init(Finder *f, const Special *specials, int count) {
    *f = (Finder){.specials = specials, .count = count};
    for (int s = 0; s < count; s++) {
        const unsigned char *text = (const unsigned char *)specials[s].text;
        // one byte alone may be followed by any
        int least = specials[s].size > 1 ? text[1] : 0,
            most = specials[s].size > 1 ? text[1] : 255;
        for (int next = least; next <= most; next++)
            f->begins[text[0] * 256 + next] = true;
    }
}

// The longest special token that begins text[0 .. n-1]; NULL where none does.
static const Special *longest_special(const Finder *f, const char *text, size_t n) {
    const Special *best = NULL;
    for (int s = 0; s < f->count; s++) {
        const Special *special = &f->specials[s];
        if ((!best || special->size > best->size) && special->size <= n
            && memcmp(text, special->text, special->size) == 0)
            best = special;
    }
    return best;
}

// The first special token at or after `from`, and *where it begins; NULL and n where
// there is none.
static const Special *next_special(const Finder *f, const char *text, size_t n,
                                   size_t from, size_t *where) {
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t at = from; at < n; at++) {
        if (!f->begins[bytes[at] * 256 + (at + 1 < n ? bytes[at + 1] : 0)]) continue;
        const Special *special = longest_special(f, text + at, n - at);
        if (special) {
            *where = at;
            return special;
        }
    }
    *where = n;
    return NULL;
}

size_t cut_stretches(Stretch **stretches, const char *text, size_t n,
                     const Special *specials, int special_count) {
    List list = {0};
    Finder *finder = special_count ? allocate(1, sizeof *finder) : NULL;
    if (finder) finder_init(finder, specials, special_count);
    for (size_t at = 0; at < n;) {
        size_t end = n;
        const Special *special =
            finder ? next_special(finder, text, n, at, &end) : NULL;
        add_text(&list, text, at, end);
        at = end;
        if (!special) break;
        add(&list, (Stretch){at, at + special->size, STRETCH_SPECIAL, special->id});
        at += special->size;
    }
    free(finder);
    *stretches = list.items;
    return list.size;
}
