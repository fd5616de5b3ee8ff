// The solution of chapter 1's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch01_tokenizer/homework/hw01.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/error.h"

// ---- 1. BPE-dropout

size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng) {
    for (;;) {
        int best = NO_SYMBOL;
        size_t where = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            int merged = pair_find(table, symbols[i], symbols[i + 1]);
            if (merged == NO_SYMBOL || rng_uniform(rng) < p) continue;
            if (best == NO_SYMBOL || merged < best) best = merged, where = i;
        }
        if (best == NO_SYMBOL) return n;
        symbols[where] = best;
        n--;
        memmove(&symbols[where + 1], &symbols[where + 2],
                (n - where - 1) * sizeof *symbols);
    }
}

// ---- 2. Streaming UTF-8

static int length_by_lead(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Whether some character has `byte` at place i > 0 behind `lead`. Only the second byte
// depends on the lead: what it may not be would be overlong (E0, F0), a surrogate (ED)
// or above U+10FFFF (F4).
static bool may_follow(unsigned char lead, int i, unsigned char byte) {
    unsigned char low = 0x80, high = 0xBF;
    if (i == 1 && lead == 0xE0) low = 0xA0;
    if (i == 1 && lead == 0xED) high = 0x9F;
    if (i == 1 && lead == 0xF0) low = 0x90;
    if (i == 1 && lead == 0xF4) high = 0x8F;
    return low <= byte && byte <= high;
}

size_t utf8_stream_end(Utf8Stream *stream, int *points) {
    if (stream->count == 0) return 0;
    stream->count = 0;
    points[0] = REPLACEMENT;
    return 1;
}

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)chunk[i], *held = stream->bytes;
        if (stream->count > 0 && !may_follow(held[0], stream->count, byte))
            // and `byte` is looked at anew
            written += utf8_stream_end(stream, points + written);
        held[stream->count++] = byte;
        int length = length_by_lead(held[0]), unused;
        if (length == 0) written += utf8_stream_end(stream, points + written);
        if (stream->count == 0 || stream->count < length) continue;
        points[written++] = utf8_decode((const char *)held, (size_t)length, &unused);
        stream->count = 0;
    }
    return written;
}

// ---- 3. WordPiece in linear time

static void add_pops(MatchLink *to, const MatchLink *from) {
    size_t old = (size_t)to->pop_count, more = (size_t)from->pop_count;
    if (more == 0) return;
    to->pops = reallocate(to->pops, old + more, sizeof *to->pops);
    memcpy(to->pops + old, from->pops, more * sizeof *to->pops);
    to->pop_count += from->pop_count;
}

// The link of `node`, the child of `parent` by `byte`; those of all shorter strings are
// there.
static MatchLink link_of(const MatchTrie *trie, const MatchLink *links, int parent,
                         unsigned char byte, int node) {
    int token = match_token(trie, node), next = NO_NODE;
    MatchLink link = {NO_NODE, 0, NULL};
    if (token != NO_TOKEN) {
        add_pops(&link, &(MatchLink){.pop_count = 1, .pops = &token});
        link.link = REST_ROOT;
        return link;
    }
    // Where the walk cannot pass `node`, do as at the parent, until the byte can be
    // read after all.
    int z = parent;
    do {
        add_pops(&link, &links[z]);
        z = links[z].link;
        if (z != NO_NODE) next = match_step(trie, z, byte);
    } while (z != NO_NODE && next == NO_NODE);
    link.link = next;
    if (next != NO_NODE) return link;
    free(link.pops);
    return (MatchLink){NO_NODE, 0, NULL};
}

void match_links(const MatchTrie *trie, MatchLink *links) {
    links[WORD_ROOT].link = links[REST_ROOT].link = NO_NODE;
    // by depth: links[parent] is done
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 0; byte < 256; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node != NO_NODE)
                links[node] = link_of(trie, links, parent, (unsigned char)byte, node);
        }
}

static bool follow(const MatchLink *link, int *node, int *tokens, size_t *count) {
    for (int i = 0; i < link->pop_count; i++) tokens[(*count)++] = link->pops[i];
    *node = link->link;
    return *node != NO_NODE;
}

size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    bool known = true;
    for (size_t i = 0; known && i < n;) {
        int next = match_step(trie, node, (unsigned char)word[i]);
        if (next != NO_NODE) node = next, i++;
        else known = follow(&links[node], &node, tokens, &count);
    }
    while (n > 0 && known && node != REST_ROOT)
        known = follow(&links[node], &node, tokens, &count);
    if (known) return count;
    tokens[0] = UNKNOWN_TOKEN;
    return 1;
}

// ---- 4. The n best segmentations

// One of the best ways to a place in the text: its last token, and which of the ways to
// where that begins.
typedef struct {
    double log_p;
    size_t begin, rank;
    int token;
} Way;

// Puts a way into a list that is sorted, and holds at most `most`.
static void insert(Way *ways, size_t *count, size_t most, Way way) {
    if (*count == most && ways[most - 1].log_p >= way.log_p) return;
    size_t i = *count < most ? (*count)++ : most - 1;
    for (; i > 0 && ways[i - 1].log_p < way.log_p; i--) ways[i] = ways[i - 1];
    ways[i] = way;
}

static void write_way(const Way *ways, size_t most, size_t n, size_t rank,
                      Segmentation *to) {
    to->log_p = ways[n * most + rank].log_p;
    to->count = 0;
    for (size_t at = n; at > 0; to->count++) {
        Way way = ways[at * most + rank];
        to->tokens[to->count] = way.token;
        at = way.begin, rank = way.rank;
    }
    for (size_t i = 0; i < to->count / 2; i++) {  // they came last first
        int *a = &to->tokens[i], *b = &to->tokens[to->count - 1 - i], swap = *a;
        *a = *b, *b = swap;
    }
}

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    if (most == 0) return 0;
    Way *ways = allocate((n + 1) * most, sizeof *ways);  // `most` for each place
    size_t *counts = allocate(n + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t i = 0; i < n; i++) {
        int node = TRIE_ROOT;
        for (size_t end = i + 1; counts[i] > 0 && unigram->trie.count > 0 && end <= n;
             end++) {
            node = unigram->trie.nodes[node].next[(unsigned char)text[end - 1]];
            if (!node) break;
            int token = unigram->trie.nodes[node].token;
            if (token == NO_TOKEN || unigram->tokens[token].log_p == -INFINITY)
                continue;
            for (size_t r = 0; r < counts[i]; r++)
                insert(&ways[end * most], &counts[end], most,
                       (Way){ways[i * most + r].log_p + unigram->tokens[token].log_p, i,
                             r, token});
        }
    }
    size_t count = counts[n];
    for (size_t r = 0; r < count; r++) write_way(ways, most, n, r, &best[r]);
    free(ways), free(counts);
    return count;
}

void nbest_weights(const Segmentation *best, size_t count, double power,
                   double *weights) {
    double high = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++) high = fmax(high, best[i].log_p);
    for (size_t i = 0; i < count; i++)
        sum += weights[i] = exp(power * (best[i].log_p - high));
    for (size_t i = 0; i < count; i++) weights[i] /= sum;
}

// ---- 5. Byte fallback

static int token_of_point(const PointVocabulary *vocabulary, int point) {
    int low = 0, high = vocabulary->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (vocabulary->points[middle] < point) low = middle + 1;
        else high = middle;
    }
    return low < vocabulary->count && vocabulary->points[low] == point
               ? FIRST_POINT + low
               : NO_TOKEN;
}

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    int length;
    for (size_t i = 0; i < n; i += (size_t)length) {
        int point = utf8_decode(text + i, n - i, &length), token = NO_TOKEN;
        if (point != SPACE_MARK)
            token = token_of_point(vocabulary, point == ' ' ? SPACE_MARK : point);
        if (token != NO_TOKEN) tokens[count++] = token;
        for (int b = 0; b < length && token == NO_TOKEN; b++)
            tokens[count++] = FIRST_BYTE + (unsigned char)text[i + (size_t)b];
    }
    return count;
}

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        if (tokens[i] < FIRST_BYTE) continue;
        if (tokens[i] < FIRST_POINT) {
            text[size++] = (char)(tokens[i] - FIRST_BYTE);
            continue;
        }
        int point = vocabulary->points[tokens[i] - FIRST_POINT];
        size += (size_t)utf8_encode(text + size, point == SPACE_MARK ? ' ' : point);
    }
    return size;
}

// ---- 6. A memory of words

double line_share(const double *p, size_t n) {
    double all = 0, share = 0;
    for (size_t i = 0; i < n; i++) all += p[i];
    for (size_t r = 0; r < n; r++) {
        double there = p[r] / all;  // as the newer one
        // as the older one: it is the last drawn but for the newer one's draws
        for (size_t i = 0; i < n; i++)
            if (i != r) there += p[i] / all * p[r] / (all - p[i]);
        share += p[r] / all * there;
    }
    return share;
}

size_t memory_words(size_t ranks, double a, double share) {
    double all = 0, held = 0;
    for (size_t r = ranks; r > 0; r--) all += pow((double)r, -a);
    for (size_t r = 0; r < ranks; r++) {
        if (held >= share * all) return r;
        held += pow((double)r + 1, -a);
    }
    return ranks;
}
