// Homework of chapter 1: your file. The contracts are in hw01.h, the problems in
// README.md.
#include "ch01_tokenizer/homework/hw01.h"

#include "common/program/homework.h"

// ---- 1. BPE-dropout

size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng) {
    HW_TODO(table, symbols, n, p, rng);
}

// ---- 2. Streaming UTF-8

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    HW_TODO(stream, chunk, n, points);
}

size_t utf8_stream_end(Utf8Stream *stream, int *points) { HW_TODO(stream, points); }

// ---- 3. WordPiece in linear time

void match_links(const MatchTrie *trie, MatchLink *links) { HW_TODO(trie, links); }

size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens) {
    HW_TODO(trie, links, word, n, tokens);
}

// ---- 4. The n best segmentations

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    HW_TODO(unigram, text, n, most, best);
}

void nbest_weights(const Segmentation *best, size_t count, double power,
                   double *weights) {
    HW_TODO(best, count, power, weights);
}

// ---- 5. Byte fallback

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    HW_TODO(vocabulary, text, n, tokens);
}

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    HW_TODO(vocabulary, tokens, n, text);
}

// ---- 6. A memory of words

double line_share(const double *p, size_t n) { HW_TODO(p, n); }

size_t memory_words(size_t ranks, double a, double share) { HW_TODO(ranks, a, share); }
