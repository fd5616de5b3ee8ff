#include "ch01_tokenizer/tokenizer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/numeric/hash.h"

// A few lines of merges can double a token's length each time: no vocabulary in use
// comes near this.
enum { TEXT_MOST = 1 << 28 };

// ---- making one

// Where in by_text these bytes are, or would be.
static int *slot_of(const Tokenizer *t, const char *bytes, size_t size) {
    for (size_t i = (size_t)hash_bytes(HASH_START, bytes, size);; i++) {
        int *slot = &t->by_text[i & t->text_mask];
        if (*slot == NO_SYMBOL) return slot;
        Token token = t->tokens[*slot];
        if (token.size == size && memcmp(t->bytes + token.begin, bytes, size) == 0)
            return slot;
    }
}

static void index_token(Tokenizer *t, int id) {
    if (!t->by_text || 2 * t->text_used > t->text_mask) {
        int *old = t->by_text;
        size_t old_size = old ? t->text_mask + 1 : 0, size = old ? 2 * old_size : 1024;
        t->by_text = reallocate(NULL, size, sizeof *t->by_text);
        t->text_mask = size - 1;
        for (size_t i = 0; i < size; i++) t->by_text[i] = NO_SYMBOL;
        for (size_t i = 0; i < old_size; i++)
            if (old[i] != NO_SYMBOL)
                *slot_of(t, t->bytes + t->tokens[old[i]].begin,
                         t->tokens[old[i]].size) = old[i];
        free(old);
    }
    *slot_of(t, t->bytes + t->tokens[id].begin, t->tokens[id].size) = id;
    t->text_used++;
}

int tokenizer_find(const Tokenizer *t, const char *bytes, size_t size) {
    return t->by_text ? *slot_of(t, bytes, size) : NO_SYMBOL;
}

static bool add_token(Tokenizer *t, int id, const char *bytes, size_t size,
                      Error *err) {
    if (id < 0 || id >= TOKEN_MOST)
        return error_set(err, "id %d: expected 0 to %d", id, TOKEN_MOST - 1);
    if (size > TEXT_MOST - t->bytes_size)
        return error_set(err, "id %d: the tokens together are longer than %d MiB", id,
                         TEXT_MOST >> 20);
    reserve(t->tokens, t->tokens_capacity, id + 1);
    for (; t->size <= id; t->size++)
        t->tokens[t->size] = (Token){.left = NO_SYMBOL, .right = NO_SYMBOL};
    if (t->tokens[id].exists) return error_set(err, "id %d is listed twice", id);
    reserve(t->bytes, t->bytes_capacity, t->bytes_size + size);
    if (size) memcpy(t->bytes + t->bytes_size, bytes, size);
    t->tokens[id].exists = true;
    t->tokens[id].begin = t->bytes_size;
    t->tokens[id].size = size;
    t->bytes_size += size;
    return true;
}

bool tokenizer_add_empty(Tokenizer *t, int id, Error *err) {
    return add_token(t, id, NULL, 0, err);
}

bool tokenizer_add(Tokenizer *t, int id, const char *bytes, size_t size, Error *err) {
    if (size == 0) return error_set(err, "id %d: a token without bytes", id);
    int same = tokenizer_find(t, bytes, size);
    if (same != NO_SYMBOL)
        return error_set(err, "ids %d and %d have the same bytes", same, id);
    if (!add_token(t, id, bytes, size, err)) return false;
    index_token(t, id);
    return true;
}

bool tokenizer_add_merge(Tokenizer *t, int id, int left, int right, uint64_t count,
                         Error *err) {
    int parts[2] = {left, right};
    for (int i = 0; i < 2; i++)
        if (parts[i] < 0 || parts[i] >= t->size || !t->tokens[parts[i]].exists)
            return error_set(err, "token %d is merged from %d, which is not there yet",
                             id, parts[i]);
    if (pair_find(&t->pairs, left, right) != NO_SYMBOL)
        return error_set(err, "the merge of %d and %d is listed twice", left, right);
    Token a = t->tokens[left], b = t->tokens[right];
    if (a.size + b.size > TEXT_MOST)
        return error_set(err, "token %d: longer than %d MiB", id, TEXT_MOST >> 20);
    char *bytes = reallocate(NULL, a.size + b.size, 1);
    memcpy(bytes, t->bytes + a.begin, a.size);
    memcpy(bytes + a.size, t->bytes + b.begin, b.size);
    bool ok = tokenizer_add(t, id, bytes, a.size + b.size, err);
    free(bytes);
    if (!ok) return false;
    t->tokens[id].left = left;
    t->tokens[id].right = right;
    t->tokens[id].count = count;
    pair_table_add(&t->pairs, left, right, id);
    return true;
}

bool tokenizer_add_special(Tokenizer *t, int id, const char *text, Error *err) {
    for (int s = 0; s < t->special_count; s++)
        if (strcmp(t->specials[s].text, text) == 0)
            return error_set(err, "the special token %s is listed twice", text);
    if (!text[0]) return error_set(err, "a special token without text");
    if (!add_token(t, id, text, strlen(text), err)) return false;
    t->specials =
        reallocate(t->specials, (size_t)t->special_count + 1, sizeof *t->specials);
    t->specials[t->special_count++] = (Special){strdup(text), strlen(text), id};
    return true;
}

void tokenizer_add_bytes(Tokenizer *t) {
    for (int b = 0; b < 256; b++) {
        char byte = (char)b;
        tokenizer_add(t, b, &byte, 1, NULL);
    }
}

bool tokenizer_set_pattern(Tokenizer *t, const char *pattern, Error *err) {
    Pattern *compiled = pattern_new(pattern, err);
    if (!compiled) return false;
    pattern_free(t->pattern);
    free(t->expression);
    t->pattern = compiled;
    t->expression = strdup(pattern);
    return true;
}

bool tokenizer_find_bytes(Tokenizer *t, Error *err) {
    for (int b = 0; b < 256; b++) {
        char byte = (char)b;
        t->byte_id[b] = tokenizer_find(t, &byte, 1);
        if (t->byte_id[b] == NO_SYMBOL)
            return error_set(err, "the byte 0x%02x has no token", (unsigned)b);
    }
    return true;
}

bool tokenizer_finish(Tokenizer *t, Error *err) {
    if (!tokenizer_find_bytes(t, err)) return false;
    t->byte_pairs = allocate(256 * 256, sizeof *t->byte_pairs);
    for (int pair = 0; pair < 256 * 256; pair++)
        t->byte_pairs[pair] =
            pair_find(&t->pairs, t->byte_id[pair / 256], t->byte_id[pair % 256]);
    t->joins = joins_new(t->bytes_size);
    for (int id = 0; id < t->size; id++)
        if (t->tokens[id].exists && !tokenizer_is_special(t, id))
            joins_add(&t->joins, t->bytes + t->tokens[id].begin, t->tokens[id].size);
    t->memory = allocate(1, sizeof *t->memory);
    return true;
}

void tokenizer_free(Tokenizer *t) {
    for (int s = 0; s < t->special_count; s++) free(t->specials[s].text);
    free(t->bytes), free(t->tokens), free(t->by_text), free(t->byte_pairs),
        free(t->specials), free(t->expression);
    if (t->memory) word_pool_free(t->memory);
    free(t->memory);
    joins_free(&t->joins);
    pair_table_free(&t->pairs);
    pattern_free(t->pattern);
    *t = (Tokenizer){0};
}

bool tokenizer_train(Tokenizer *t, Words *words, int merges_wanted,
                     const Special *specials, int special_count, const char *pattern,
                     Error *err) {
    *t = (Tokenizer){0};
    tokenizer_add_bytes(t);
    Merges merges;
    bpe_train(&merges, words, 256, merges_wanted, NULL);
    bool ok = true;
    for (int m = 0; ok && m < merges.count; m++)
        ok = tokenizer_add_merge(t, 256 + m, merges.pairs[m].left,
                                 merges.pairs[m].right, merges.found[m], err);
    merges_free(&merges);
    for (int s = 0; ok && s < special_count; s++)
        ok = tokenizer_add_special(t, t->size, specials[s].text, err);
    return ok && tokenizer_set_pattern(t, pattern, err) && tokenizer_finish(t, err);
}

// ---- using one

bool tokenizer_is_special(const Tokenizer *t, int id) {
    for (int s = 0; s < t->special_count; s++)
        if (t->specials[s].id == id) return true;
    return false;
}

const char *token_bytes(const Tokenizer *t, int id, size_t *size) {
    if (id < 0 || id >= t->size || !t->tokens[id].exists) return NULL;
    *size = t->tokens[id].size;
    return t->bytes + t->tokens[id].begin;
}

void escape(char *to, const char *bytes, size_t size) {
    for (size_t i = 0; i < size;) {
        int length, point = utf8_decode(bytes + i, size - i, &length);
        bool printable =
            point >= 0xA1 || (point >= ' ' && point < 0x7F && point != '\\');
        if (printable) to += sprintf(to, "%.*s", length, bytes + i);
        else if (point == '\n') to += sprintf(to, "\\n");
        else if (point == '\t') to += sprintf(to, "\\t");
        else if (point == '\\') to += sprintf(to, "\\\\");
        else
            for (int b = 0; b < length; b++)
                to += sprintf(to, "\\x%02x", (unsigned char)bytes[i + (size_t)b]);
        i += (size_t)length;
    }
    *to = '\0';
}
