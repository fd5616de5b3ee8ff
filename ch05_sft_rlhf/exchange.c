#include "ch05_sft_rlhf/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/numeric/small.h"

Exchange exchange_of(const int *prompt, int prompt_count, const int *answer,
                     int answer_count, int end, bool finished) {
    assert(prompt_count >= 1 && answer_count >= 0);
    int length = prompt_count + answer_count + finished;
    Exchange e = {allocate((size_t)length, sizeof *e.ids), prompt_count, length,
                  finished};
    memcpy(e.ids, prompt, (size_t)prompt_count * sizeof *e.ids);
    if (answer_count)
        memcpy(e.ids + prompt_count, answer, (size_t)answer_count * sizeof *e.ids);
    if (finished) e.ids[length - 1] = end;
    return e;
}

void exchange_free(Exchange *e) {
    free(e->ids);
    *e = (Exchange){0};
}

// The ids of two texts joined, as the tokenizer cuts the whole.
static bool encode_whole(const Tokenizer *t, const char *a, const char *b, Ids *ids,
                         Error *err) {
    size_t before = strlen(a), after = strlen(b);
    char *whole = allocate(before + after + 1, 1);
    memcpy(whole, a, before), memcpy(whole + before, b, after + 1);
    bool ok = tokenizer_encode(t, whole, before + after, false, ids, err);
    free(whole);
    return ok;
}

static bool is_concatenation(const Ids *whole, const Ids *a, const Ids *b) {
    return whole->size == a->size + b->size
           && (!a->size || memcmp(whole->at, a->at, a->size * sizeof(int)) == 0)
           && (!b->size
               || memcmp(whole->at + a->size, b->at, b->size * sizeof(int)) == 0);
}

bool exchange_encode(Exchange *e, const Tokenizer *t, const char *prompt,
                     const char *answer, int end, Error *err) {
    Ids a = {0}, b = {0}, whole = {0};
    bool ok = tokenizer_encode(t, prompt, strlen(prompt), false, &a, err)
              && tokenizer_encode(t, answer, strlen(answer), false, &b, err)
              && encode_whole(t, prompt, answer, &whole, err);
    if (ok && a.size == 0) ok = error_set(err, "an empty prompt");
    if (ok && !is_concatenation(&whole, &a, &b))
        ok = error_set(err, "'%.60s': a token reaches from the prompt into the answer",
                       answer);
    if (ok) *e = exchange_of(a.at, (int)a.size, b.at, (int)b.size, end, true);
    free(a.at), free(b.at), free(whole.at);
    return ok;
}

Batch exchange_batch(const Exchange *const *list, int count) {
    int time = 1;
    for (int r = 0; r < count; r++) time = int_max(time, list[r]->length);
    Batch b = batch_new(count, time, 0, BATCH_LENGTHS);
    for (int r = 0; r < count; r++) {
        const Exchange *e = list[r];
        int *tokens = b.tokens + (size_t)r * time,
            *targets = b.targets + (size_t)r * time;
        assert(e->prompt >= 1 && e->length >= e->prompt);
        b.lengths[r] = e->length;
        memcpy(tokens, e->ids, (size_t)e->length * sizeof *tokens);
        for (int i = 0; i < time; i++)
            targets[i] =
                i >= e->prompt - 1 && i < e->length - 1 ? e->ids[i + 1] : IGNORED;
    }
    batch_count(&b);
    return b;
}
