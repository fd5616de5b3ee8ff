#include "ch01_tokenizer/stretch.h"

#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/error.h"

typedef struct {
    Stretch *items;
    size_t size, capacity;
} List;

static void add(List *list, size_t begin, size_t end, int special) {
    if (begin == end) return;
    reserve(list->items, list->capacity, list->size + 1);
    list->items[list->size++] = (Stretch){begin, end, special};
}

// text[begin .. end-1] as stretches of text and broken bytes.
static void add_text(List *list, const char *text, size_t begin, size_t end) {
    while (begin < end) {
        size_t good = begin + utf8_valid_prefix(text + begin, end - begin), bad = good;
        for (int length = 1;
             bad < end && utf8_decode(text + bad, end - bad, &length) == UTF8_BAD;)
            bad++;
        add(list, begin, good, STRETCH_TEXT);
        add(list, good, bad, STRETCH_BROKEN);
        begin = bad;
    }
}

// Where the special token next stands at or after `from`; n where it does not.
static size_t find(const char *text, size_t n, size_t from, const Special *special) {
    const char *found = memmem(text + from, n - from, special->text, special->size);
    return found ? (size_t)(found - text) : n;
}

size_t cut_stretches(Stretch **stretches, const char *text, size_t n,
                     const Special *specials, int special_count) {
    List list = {0};
    size_t *next = allocate((size_t)special_count, sizeof *next), at = 0;
    for (int s = 0; s < special_count; s++) next[s] = find(text, n, 0, &specials[s]);
    while (at < n) {
        int first = -1;
        for (int s = 0; s < special_count; s++) {
            if (next[s] < at) next[s] = find(text, n, at, &specials[s]);
            if (next[s] == n) continue;
            bool sooner = first < 0 || next[s] < next[first];
            bool longer = first >= 0 && next[s] == next[first]
                          && specials[s].size > specials[first].size;
            if (sooner || longer) first = s;
        }
        size_t end = first < 0 ? n : next[first];
        add_text(&list, text, at, end);
        at = end;
        if (first < 0) break;
        add(&list, at, at + specials[first].size, specials[first].id);
        at += specials[first].size;
    }
    free(next);
    *stretches = list.items;
    return list.size;
}
