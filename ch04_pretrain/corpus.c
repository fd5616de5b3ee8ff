#include "ch04_pretrain/corpus.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/pieces.h"

enum { BYTES = 256 };

static void append(Corpus *c, size_t *capacity, const int *ids, size_t n) {
    reserve(c->ids, *capacity, c->count + n);
    memcpy(c->ids + c->count, ids, n * sizeof *ids);
    c->count += n;
}

bool corpus_encode(Corpus *c, const Tokenizer *t, int end, const Documents *d,
                   Error *err) {
    *c = (Corpus){.end = end, .documents = d->count};
    size_t capacity = 0;
    Ids ids = {0};
    bool ok = true;
    for (size_t i = 0; i < d->count && ok; i++) {
        ids.size = 0;
        ok = tokenizer_encode(t, d->list[i].at, d->list[i].size, false, &ids, err);
        append(c, &capacity, &end, 1);
        append(c, &capacity, ids.at, ids.size);
        c->bytes += d->list[i].size;
    }
    append(c, &capacity, &end, 1);
    free(ids.at);
    if (!ok) corpus_free(c);
    return ok;
}

void corpus_free(Corpus *c) {
    free(c->ids);
    *c = (Corpus){0};
}

bool corpus_tokenizer_with(Tokenizer *t, const Documents *d, int vocabulary,
                           const char *pattern, const char *const *specials,
                           int special_count, Error *err) {
    int count = 1 + special_count;
    assert(vocabulary >= BYTES + count
           && "corpus_tokenizer: no room for bytes and end");
    Special *all = allocate((size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) {
        char *text = (char *)(i ? specials[i - 1] : DOCUMENT_END);
        all[i] = (Special){text, strlen(text), NO_SYMBOL};
    }
    Pattern *splitter = pattern_new(pattern, err);
    Pieces pieces = {0};
    bool ok = splitter != NULL;
    for (size_t i = 0; i < d->count && ok; i++)
        ok = pieces_add(&pieces, splitter, all, count, d->list[i].at, d->list[i].size,
                        err);
    if (ok) {
        Words words = pieces_to_words(&pieces);
        ok = tokenizer_train(t, &words, vocabulary - BYTES - count, all, count, pattern,
                             err);
        words_free(&words);
    }
    pieces_free(&pieces), pattern_free(splitter), free(all);
    return ok;
}

bool corpus_tokenizer(Tokenizer *t, const Documents *d, int vocabulary,
                      const char *pattern, Error *err) {
    return corpus_tokenizer_with(t, d, vocabulary, pattern, NULL, 0, err);
}
