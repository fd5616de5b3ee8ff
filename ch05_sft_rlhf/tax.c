#include "ch05_sft_rlhf/tax.h"

#include <stdlib.h>

#include "ch05_sft_rlhf/exchange.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/numeric/small.h"

// A story as an answer to END: every token of it is to be predicted.
static Exchange story_exchange(const ChatTemplate *chat, const Story *s, int most,
                               Rng rng) {
    int words[TALE_WORDS], n = story_write(s, &rng, words, TALE_WORDS);
    Text text = {0};
    Ids ids = {0};
    Error err;
    text_add(&text, " ");
    tale_prose(s, words, n, &text);
    if (!tokenizer_encode(chat->tokenizer, text.data, text.size, false, &ids, &err))
        die("%s", err.text);
    bool whole = (int)ids.size + 2 <= most;
    int count = whole ? (int)ids.size : most - 1;
    Exchange e = exchange_of(&chat->end, 1, ids.at, count, chat->end, whole);
    free(text.data), free(ids.at);
    return e;
}

void tax_losses(double *to, const Model *m, const ChatTemplate *chat, const Story *s,
                int count, Rng rng) {
    enum { BATCH = 16 };
    for (int first = 0; first < count; first += BATCH) {
        int n = int_min(BATCH, count - first);
        Exchange own[BATCH];
        const Exchange *list[BATCH];
        for (int i = 0; i < n; i++) {
            own[i] = story_exchange(chat, s, m->config.context,
                                    rng_split(&rng, (uint64_t)(first + i)));
            list[i] = &own[i];
        }
        Batch b = exchange_batch(list, n);
        policy_answer_log_probs(to + first, m, &b);
        for (int i = 0; i < n; i++) {
            to[first + i] /= -exchange_counted(&own[i]);
            exchange_free(&own[i]);
        }
        batch_free(&b);
    }
}

Mean tax_of(const double *after, const double *before, int count) {
    Mean m = {0};
    for (int i = 0; i < count; i++) mean_add(&m, after[i] - before[i]);
    return m;
}
