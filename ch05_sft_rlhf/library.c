#include "ch05_sft_rlhf/library.h"

#include <assert.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/error.h"
#include "common/numeric/matvec.h"
#include "common/numeric/small.h"

const char *const retriever_names[] = {"bi-encoder", "bm25", NULL};
_Static_assert(sizeof retriever_names / sizeof *retriever_names == RETRIEVERS + 1,
               "a name for each retriever");

Library library_new(const BiEncoder *encoder, const char *const *facts, int count) {
    Library l = {encoder,
                 allocate((size_t)count + 1, sizeof(Terms)),
                 count,
                 mat_new(count, encoder ? encoder->dim : 0),
                 {0}};
    for (int i = 0; i < count; i++) l.facts[i] = terms_of(facts[i]);
    l.bm25 = bm25_new(l.facts, count, 1.2, 0.75);
    if (encoder) bi_encoder_vectors(l.vectors, encoder, TOWER_FACT, l.facts);
    return l;
}

void library_free(Library *l) {
    for (int i = 0; i < l->count; i++) terms_free(&l->facts[i]);
    free(l->facts), mat_free(l->vectors), bm25_free(&l->bm25);
    *l = (Library){0};
}

static void inner_product_scores(const Library *l, const Terms *question, double *to) {
    Mat query = mat_new(1, l->encoder->dim), scores = mat_new(1, l->count);
    bi_encoder_vectors(query, l->encoder, TOWER_QUESTION, question);
    matvec(scores.at, l->vectors, query.at, false);
    for (int i = 0; i < l->count; i++) to[i] = (double)scores.at[i];
    mat_free(query), mat_free(scores);
}

void library_scores(const Library *l, RetrieverKind kind, const Terms *question,
                    double *to) {
    switch (kind) {
        case RETRIEVER_BI_ENCODER: inner_product_scores(l, question, to); return;
        case RETRIEVER_BM25: bm25_scores(&l->bm25, question, to); return;
        case RETRIEVERS: break;
    }
    assert(false && "no such retriever");
}

// which[0 .. k-1] is kept sorted; a score that belongs there pushes the others down.
void top_scores(const double *scores, int n, int k, int *which) {
    assert(0 <= k && k <= n);
    for (int i = 0, kept = 0; i < n; i++) {
        int at = kept;
        while (at > 0 && scores[which[at - 1]] < scores[i]) at--;
        if (at == k) continue;
        kept = int_min(kept + 1, k);
        for (int j = kept - 1; j > at; j--) which[j] = which[j - 1];
        which[at] = i;
    }
}

Found library_find(const Library *l, RetrieverKind kind, const Terms *question, int k) {
    Found f = {.count = int_min(k, l->count)};
    double *scores = allocate((size_t)l->count + 1, sizeof *scores);
    assert(k <= FOUND_MOST);
    library_scores(l, kind, question, scores);
    top_scores(scores, l->count, f.count, f.which);
    for (int i = 0; i < f.count; i++) f.score[i] = scores[f.which[i]];
    double total = log_sum(f.score, f.count);
    for (int i = 0; i < f.count; i++) f.log_prior[i] = f.score[i] - total;
    free(scores);
    return f;
}
