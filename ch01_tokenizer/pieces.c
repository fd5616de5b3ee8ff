#include "ch01_tokenizer/pieces.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *bytes, size_t n) {
    uint64_t h = n, eight;
    for (; n >= 8; n -= 8, bytes += 8) {
        memcpy(&eight, bytes, 8);
        h = (h ^ eight) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    eight = 0;
    memcpy(&eight, bytes, n);
    h = (h ^ eight) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h ^ h >> 32);
}

static void grow(Pieces *p) {
    size_t size = p->table ? 2 * (p->mask + 1) : 1024;
    free(p->table);
    p->table = allocate(size, sizeof *p->table);
    p->mask = size - 1;
    for (size_t item = 0; item < p->size; item++) {
        size_t i = p->items[item].hash & p->mask;
        while (p->table[i]) i = (i + 1) & p->mask;
        p->table[i] = item + 1;
    }
}

static void count_piece(Pieces *p, const char *bytes, size_t n) {
    if (!p->table || 2 * p->size > p->mask) grow(p);
    uint32_t hash = hash_of(bytes, n);
    size_t i = hash & p->mask;
    for (; p->table[i]; i = (i + 1) & p->mask) {
        Piece *piece = &p->items[p->table[i] - 1];
        if (piece->hash != hash || piece->size != n
            || memcmp(p->bytes + piece->begin, bytes, n) != 0)
            continue;
        if (piece->count == UINT32_MAX)
            die("a piece occurs more than 4294967295 times");
        piece->count++;
        return;
    }
    reserve(p->bytes, p->bytes_capacity, p->bytes_size + n);
    reserve(p->items, p->capacity, p->size + 1);
    memcpy(p->bytes + p->bytes_size, bytes, n);
    p->items[p->size++] = (Piece){p->bytes_size, n, 1, hash};
    p->bytes_size += n;
    p->table[i] = p->size;
}

bool pieces_add(Pieces *pieces, const Pattern *pattern, const Special *specials,
                int special_count, const char *text, size_t n, Error *err) {
    Stretch *stretches;
    size_t count = cut_stretches(&stretches, text, n, specials, special_count);
    Splitter splitter = splitter_new(pattern);
    bool ok = true;
    for (size_t s = 0; ok && s < count; s++) {
        size_t begin = stretches[s].begin, size = stretches[s].end - begin;
        if (stretches[s].kind == STRETCH_SPECIAL) continue;
        if (stretches[s].kind == STRETCH_BROKEN) {
            count_piece(pieces, text + begin, size);
            continue;
        }
        splitter_start(&splitter, text + begin, size);
        for (size_t at = 0, end; ok && at < size; at = end) {
            end = splitter_next(&splitter, at, err);
            ok = end != SIZE_MAX;
            if (ok) count_piece(pieces, text + begin + at, end - at);
        }
    }
    splitter_free(&splitter);
    free(stretches);
    return ok;
}

void pieces_free(Pieces *p) {
    free(p->bytes), free(p->items), free(p->table);
    *p = (Pieces){0};
}

Words pieces_to_words(const Pieces *p) {
    Words words = {0};
    size_t cells = 0, longest = 0;
    for (size_t i = 0; i < p->size; i++) {
        cells += (p->items[i].size / WORD_ALIGN + 1) * WORD_ALIGN;
        if (p->items[i].size > longest) longest = p->items[i].size;
    }
    // once: doubling would touch twice the memory
    reserve(words.cells, words.capacity, cells);
    reserve(words.counts, words.counts_capacity, cells / WORD_ALIGN);
    int *symbols = reallocate(NULL, longest, sizeof *symbols);
    for (size_t i = 0; i < p->size; i++) {
        const Piece *piece = &p->items[i];
        for (size_t b = 0; b < piece->size; b++)
            symbols[b] = (unsigned char)p->bytes[piece->begin + b];
        words_add(&words, symbols, piece->size, piece->count);
    }
    free(symbols);
    return words;
}
