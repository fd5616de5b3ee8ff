// A corpus: documents as one stream of tokens. Lecture, section 4.13.
//
//     END c h a p t e r - 1 END c h a p t e r - 2 END         ids of END, of the first document's tokens, ...
//
// END stands before each document and after the last: it is what a document is begun
// from, and what is to be predicted at its end.
#pragma once
#include "ch01_tokenizer/tokenizer.h"
#include "ch04_pretrain/documents.h"

typedef struct {
    int *ids;
    size_t count;  // of ids, ENDs and all
    size_t bytes;  // of the text alone
    size_t documents;
    int end;  // the id of END
} Corpus;

// False and err only where the pattern gives up on the text.
bool corpus_encode(Corpus *c, const Tokenizer *t, int end, const Documents *d,
                   Error *err);
void corpus_free(Corpus *c);

// A tokenizer of `vocabulary` tokens trained on these documents, the last of them
// DOCUMENT_END; fewer where the text holds too few pairs. vocabulary >= 257.
bool corpus_tokenizer(Tokenizer *t, const Documents *d, int vocabulary,
                      const char *pattern, Error *err);
// The same with more special tokens, whose ids follow END's; vocabulary counts them.
bool corpus_tokenizer_with(Tokenizer *t, const Documents *d, int vocabulary,
                           const char *pattern, const char *const *specials,
                           int special_count, Error *err);
