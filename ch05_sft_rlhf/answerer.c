#include "ch05_sft_rlhf/answerer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/reader.h"
#include "common/error.h"

// END is one of the tokens.
enum { BEAMS = 4, TOKENS = FACT_ANSWER_WORDS + 2 };

static Predictor reader_predictor(const Answerer *a, Binding *b, const Terms *question,
                                  const Terms *fact) {
    Predictor p;
    Ids prompt = {0};
    Error err;
    reader_prompt(a->vocabulary, b, question, fact, &prompt);
    if (!predictor_of_model(&p, a->reader, reader_tokens(a->vocabulary).end, prompt.at,
                            (int)prompt.size, BEAMS, (int)prompt.size + TOKENS, &err))
        die("%s", err.text);
    free(prompt.at);
    return p;
}

static void read_facts(Answer *to, const Answerer *a, Binding *b, const Rag *r) {
    ReaderTokens t = reader_tokens(a->vocabulary);
    int unknown[] = {t.unknown, t.end};
    Beams found = rag_decode(r, a->kind, BEAMS, TOKENS);
    const Beam *best = &found.list[0];
    reader_text(a->vocabulary, b, best->tokens, best->length, &to->text);
    to->p = exp(best->log_prob);
    to->unknown = best->tokens[0] == t.unknown;
    to->p_unknown = exp(rag_log_prob(r, a->kind, unknown, 2));
    beams_free(&found);
}

Answer answer_question(const Answerer *a, const Terms *question) {
    Answer to = {.found = {.count = 1}};
    Binding b = reader_bind(a->vocabulary, question);
    assert(a->facts <= READER_FACTS);
    if (a->library)
        to.found = library_find(a->library, a->retriever, question, a->facts);
    Predictor readers[READER_FACTS];
    for (int z = 0; z < to.found.count; z++)
        readers[z] = reader_predictor(
            a, &b, question, a->library ? &a->library->facts[to.found.which[z]] : NULL);
    read_facts(&to, a, &b, &(Rag){to.found.count, to.found.log_prior, readers});
    for (int z = 0; z < to.found.count; z++) predictor_free(&readers[z]);
    if (!a->library) to.found.count = 0;
    return to;
}

void answer_free(Answer *a) {
    free(a->text.data);
    *a = (Answer){0};
}
