#include "ch05_sft_rlhf/terms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/hash.h"

static bool in_word(char c) {
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

uint64_t term_hash(const char *small) { return hash_text(HASH_START, small); }

static uint64_t hash_small(const char *text, size_t size) {
    uint64_t h = HASH_START;
    for (size_t i = 0; i < size; i++) {
        char c = (char)tolower((unsigned char)text[i]);
        h = hash_bytes(h, &c, 1);
    }
    return h;
}

void terms_read(Terms *to, const char *text) {
    for (;;) {
        while (*text && !in_word(*text)) text++;
        if (!*text) return;
        const char *end = text;
        while (in_word(*end)) end++;
        size_t size = (size_t)(end - text);
        char *copy = allocate(size + 1, 1);
        memcpy(copy, text, size);
        reserve(to->list, to->capacity, to->count + 1);
        to->list[to->count++] = (Term){copy, hash_small(text, size)};
        text = end;
    }
}

Terms terms_of(const char *text) {
    Terms w = {0};
    terms_read(&w, text);
    return w;
}

bool terms_equal(const Terms *a, const Terms *b) {
    bool equal = a->count == b->count;
    for (int i = 0; equal && i < a->count; i++)
        equal = a->list[i].hash == b->list[i].hash;
    return equal;
}

void terms_free(Terms *w) {
    for (int i = 0; i < w->count; i++) free(w->list[i].text);
    free(w->list);
    *w = (Terms){0};
}
