#include "ch01_tokenizer/longest_match.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/error.h"

// ---- the trie

static int new_node(Trie *trie) {
    reserve(trie->nodes, trie->capacity, trie->count + 1);
    TrieNode *node = &trie->nodes[trie->count];
    memset(node->next, 0, sizeof node->next);
    node->token = NO_TOKEN;
    return (int)trie->count++;
}

void trie_add(Trie *trie, const char *bytes, size_t n, int token) {
    assert(n >= 1 && token >= 0);
    if (trie->count == 0) new_node(trie);
    int node = TRIE_ROOT;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (!trie->nodes[node].next[byte]) {
            int made = new_node(trie);  // may move the nodes
            trie->nodes[node].next[byte] = made;
        }
        node = trie->nodes[node].next[byte];
    }
    trie->nodes[node].token = token;
}

void trie_free(Trie *trie) {
    free(trie->nodes);
    *trie = (Trie){0};
}

int trie_node(const Trie *trie, int node, const char *bytes, size_t n) {
    if (trie->count == 0) return -1;
    for (size_t i = 0; i < n; i++) {
        node = trie->nodes[node].next[(unsigned char)bytes[i]];
        if (!node) return -1;
    }
    return node;
}

int trie_find(const Trie *trie, const char *bytes, size_t n) {
    int node = trie_node(trie, TRIE_ROOT, bytes, n);
    return node < 0 ? NO_TOKEN : trie->nodes[node].token;
}

int trie_longest(const Trie *trie, int node, const char *text, size_t n, size_t *length,
                 uint64_t *steps) {
    int best = NO_TOKEN;
    *length = 0;
    if (trie->count == 0) return best;
    for (size_t i = 0; i < n; i++) {
        if (steps) ++*steps;
        node = trie->nodes[node].next[(unsigned char)text[i]];
        if (!node) break;
        if (trie->nodes[node].token == NO_TOKEN) continue;
        best = trie->nodes[node].token;
        *length = i + 1;
    }
    return best;
}

// ---- greedy segmentation

static size_t character_length(const char *text, size_t n) {
    int length;
    utf8_decode(text, n, &length);
    return (size_t)length;
}

static bool inside_character(const char *text, size_t n, size_t i) {
    return i < n && ((unsigned char)text[i] & 0xC0) == 0x80;
}

size_t longest_match_scan(const Trie *vocabulary, const char *text, size_t n,
                          int *tokens, MatchWork *work, MatchTrace *trace,
                          void *context) {
    size_t count = 0;
    for (size_t length; n > 0; text += length, n -= length) {
        int token = NO_TOKEN;
        for (length = n; length > 0; length--) {
            if (inside_character(text, n, length)) continue;
            token = trie_find(vocabulary, text, length);
            if (work) work->lookups++, work->bytes += length;
            if (trace) trace(context, text, length, token);
            if (token != NO_TOKEN) break;
        }
        if (token == NO_TOKEN) length = character_length(text, n);
        tokens[count++] = token;
    }
    return count;
}

size_t longest_match(const Trie *vocabulary, const char *text, size_t n, int *tokens,
                     MatchWork *work) {
    size_t count = 0;
    uint64_t steps = 0;
    for (size_t length; n > 0; text += length, n -= length) {
        tokens[count] = trie_longest(vocabulary, TRIE_ROOT, text, n, &length, &steps);
        if (tokens[count++] == NO_TOKEN) length = character_length(text, n);
    }
    if (work) work->lookups += steps, work->bytes += steps;  // a step reads one byte
    return count;
}

size_t shortest_match(const Trie *vocabulary, const char *text, size_t n, int *tokens) {
    size_t count = 0;
    for (size_t length; n > 0; text += length, n -= length) {
        int token = NO_TOKEN;
        for (length = 0; length < n && token == NO_TOKEN; length++)
            token = trie_find(vocabulary, text, length + 1);
        if (token == NO_TOKEN) length = character_length(text, n);
        tokens[count++] = token;
    }
    return count;
}

// ---- the fewest tokens

typedef struct {
    size_t fewest, length;  // of the rest from here, and of its first token
    int token;
} Cell;

static void fill_cell(const Trie *trie, const char *text, size_t n, Cell *cells,
                      size_t i) {
    cells[i] = (Cell){NO_SEGMENTATION, 0, NO_TOKEN};
    int node = TRIE_ROOT;
    for (size_t end = i + 1; end <= n; end++) {
        node = trie->nodes[node].next[(unsigned char)text[end - 1]];
        if (!node) break;
        size_t rest = cells[end].fewest;
        if (trie->nodes[node].token == NO_TOKEN || rest == NO_SEGMENTATION) continue;
        if (rest + 1 <= cells[i].fewest)  // <=: the longest of equals
            cells[i] = (Cell){rest + 1, end - i, trie->nodes[node].token};
    }
}

size_t fewest_tokens(const Trie *vocabulary, const char *text, size_t n, int *tokens) {
    if (n == 0) return 0;
    if (vocabulary->count == 0) return NO_SEGMENTATION;
    Cell *cells = allocate(n + 1, sizeof *cells);
    for (size_t i = n; i-- > 0;) fill_cell(vocabulary, text, n, cells, i);
    size_t count = cells[0].fewest;
    if (count != NO_SEGMENTATION)
        for (size_t i = 0; i < n; i += cells[i].length) *tokens++ = cells[i].token;
    free(cells);
    return count;
}
