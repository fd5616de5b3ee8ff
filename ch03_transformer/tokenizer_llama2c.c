#include "ch03_transformer/tokenizer_llama2c.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/program/file.h"

enum { FIRST_BYTE = 3, NONE = -1 };

// ---- reading

typedef struct {
    const char *text;
    int id;
} Entry;

static int by_text(const void *a, const void *b) {
    const Entry *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

static void sort(LlamaTokenizer *t) {
    Entry *entries = allocate((size_t)t->size, sizeof *entries);
    for (int i = 0; i < t->size; i++) entries[i] = (Entry){t->text[i], i};
    qsort(entries, (size_t)t->size, sizeof *entries, by_text);
    t->sorted = allocate((size_t)t->size, sizeof *t->sorted);
    for (int i = 0; i < t->size; i++) t->sorted[i] = entries[i].id;
    free(entries);
}

// Token `id` at *at; its text goes to *to.
static bool read_token(LlamaTokenizer *t, int id, const char **at, const char *end,
                       char **to) {
    int32_t size;
    if (end - *at < 8) return false;
    memcpy(&t->scores[id], *at, 4), memcpy(&size, *at + 4, 4);
    *at += 8;
    if (size < 0 || size > end - *at || memchr(*at, 0, (size_t)size)
        || isnan(t->scores[id]))
        return false;
    t->text[id] = *to;
    memcpy(*to, *at, (size_t)size);
    *at += size, *to += size, *(*to)++ = '\0';
    return true;
}

bool llama_tokenizer_read(LlamaTokenizer *t, const char *path, int size, Error *err) {
    *t = (LlamaTokenizer){.size = size};
    Bytes file;
    if (!file_read(&file, path, err)) return false;
    const char *at = file.data + 4, *end = file.data + file.size;
    if (file.size / 8 < (size_t)size) {
        bytes_free(&file);
        return error_set(err, "%s: too short for %d tokens", path, size);
    }
    int32_t most;
    memcpy(&most, file.data, 4);
    t->most_bytes = most;
    t->text = allocate((size_t)size, sizeof *t->text);
    t->scores = allocate((size_t)size, sizeof *t->scores);
    t->bytes = allocate(file.size + (size_t)size, 1);
    char *to = t->bytes;
    bool ok = most > 0 || error_set(err, "%s: not llama2.c's tokenizer.bin", path);
    for (int id = 0; ok && id < size; id++)
        if (!read_token(t, id, &at, end, &to))
            ok = error_set(err, "%s: cut short or damaged at token %d", path, id);
    if (ok && at != end)
        ok = error_set(err, "%s: more than the model's %d tokens", path, size);
    bytes_free(&file);
    if (ok) sort(t);
    else llama_tokenizer_free(t);
    return ok;
}

void llama_tokenizer_free(LlamaTokenizer *t) {
    free(t->text), free(t->scores), free(t->sorted), free(t->bytes);
    *t = (LlamaTokenizer){0};
}

// ---- encoding

// The smallest id with this text; NONE: there is none.
static int find(const LlamaTokenizer *t, const char *text) {
    int low = 0, high = t->size;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(t->text[t->sorted[middle]], text) < 0) low = middle + 1;
        else high = middle;
    }
    return low < t->size && strcmp(t->text[t->sorted[low]], text) == 0 ? t->sorted[low]
                                                                       : NONE;
}

static int merged(const LlamaTokenizer *t, int left, int right) {
    const char *a = t->text[left], *b = t->text[right];
    size_t size = strlen(a) + strlen(b);
    if (size > (size_t)t->most_bytes) return NONE;
    char *both = allocate(size + 1, 1);
    memcpy(both, a, strlen(a)), strcpy(both + strlen(a), b);
    int id = find(t, both);
    free(both);
    return id;
}

// The bytes of the character at text: up to 4, as UTF-8's continuation bytes say.
static size_t character(const char *text) {
    size_t n = 1;
    while (n < 4 && ((unsigned char)text[n] & 0xC0) == 0x80) n++;
    return n;
}

static bool add_character(const LlamaTokenizer *t, const char *text, size_t size,
                          int *ids, int *count, Error *err) {
    char one[8] = "";
    memcpy(one, text, size);
    int id = find(t, one);
    if (id != NONE) {
        ids[(*count)++] = id;
        return true;
    }
    for (size_t i = 0; i < size; i++) {
        id = FIRST_BYTE + (unsigned char)text[i];
        if (id >= t->size)
            return error_set(err, "byte 0x%02x of the prompt has no token",
                             (unsigned char)text[i]);
        ids[(*count)++] = id;
    }
    return true;
}

// pair[i]: what tokens i and i + 1 merge to. The best is merged until there is none.
static void merge_all(const LlamaTokenizer *t, int *ids, int *count) {
    int n = *count, *pair = allocate((size_t)n + 1, sizeof *pair);
    for (int i = 0; i + 1 < n; i++) pair[i] = merged(t, ids[i], ids[i + 1]);
    for (;;) {
        int best = NONE;
        for (int i = 0; i + 1 < n; i++)
            if (pair[i] != NONE
                && (best == NONE || t->scores[pair[i]] > t->scores[pair[best]]))
                best = i;
        if (best == NONE) break;
        ids[best] = pair[best];
        memmove(ids + best + 1, ids + best + 2, (size_t)(n - best - 2) * sizeof *ids);
        memmove(pair + best, pair + best + 1, (size_t)(n - best - 2) * sizeof *pair);
        n--;
        if (best > 0) pair[best - 1] = merged(t, ids[best - 1], ids[best]);
        if (best + 1 < n) pair[best] = merged(t, ids[best], ids[best + 1]);
    }
    free(pair);
    *count = n;
}

bool llama_tokenizer_encode(const LlamaTokenizer *t, const char *text, int most,
                            int **ids, int *count, Error *err) {
    size_t size = strlen(text);
    *ids = NULL, *count = 0;
    if (size / (size_t)t->most_bytes > (size_t)most)
        return error_set(err, "the prompt, %zu bytes, takes more than %d tokens", size,
                         most);
    *ids = allocate(size + 2, sizeof **ids);
    (*ids)[(*count)++] = LLAMA_BOS;
    int space = find(t, " ");
    if (size && space != NONE) (*ids)[(*count)++] = space;
    for (size_t i = 0, n; i < size; i += n) {
        n = character(text + i);
        if (!add_character(t, text + i, n, *ids, count, err)) {
            free(*ids);
            *ids = NULL;
            return false;
        }
    }
    merge_all(t, *ids, count);
    return true;
}

// ---- decoding

const char *llama_tokenizer_decode(const LlamaTokenizer *t, int previous, int id,
                                   size_t *size) {
    static char byte[1];
    const char *text = t->text[id];
    unsigned value;
    int end = 0;
    if (previous == LLAMA_BOS && *text == ' ') text++;
    *size = strlen(text);
    if (*size != 6 || sscanf(text, "<0x%2x>%n", &value, &end) != 1 || end != 6)
        return text;
    byte[0] = (char)value;
    *size = 1;
    return byte;
}
