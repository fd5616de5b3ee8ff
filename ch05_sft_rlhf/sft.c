#include "ch05_sft_rlhf/sft.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

Batch sft_batch_new(const SftData *d, int rows) {
    return batch_new(rows, d->time, 0, BATCH_FIRSTS | BATCH_POSITIONS);
}

// Writes a conversation's ids to a row from `at`; targets are those that count.
static void put(Batch *b, int row, int at, const Ids *ids, const Ids *counted) {
    size_t first = (size_t)row * b->time + at;
    for (int i = 0; i < (int)ids->size; i++) {
        bool counts = i + 1 < (int)ids->size && counted->at[i + 1];
        b->tokens[first + i] = ids->at[i];
        b->targets[first + i] = counts ? ids->at[i + 1] : IGNORED;
        b->firsts[first + i] = at;
        b->positions[first + i] = i;
    }
}

// What is left of a row: a document of its own, of which nothing counts.
static void put_rest(Batch *b, int row, int at, int id) {
    size_t first = (size_t)row * b->time;
    for (int i = at; i < b->time; i++) {
        b->tokens[first + i] = id;
        b->targets[first + i] = IGNORED;
        b->firsts[first + i] = at;
        b->positions[first + i] = i - at;
    }
}

static Conversation draw(const SftData *d, long long n, int which, Rng *rng) {
    return d->draw ? d->draw(d->self, n, which, rng) : instruct(&d->from, rng);
}

// One conversation more, if there is room for it; returns where the next would begin.
static int add(Batch *b, int row, int at, const SftData *d, const Conversation *c) {
    Ids ids = {0}, counted = {0};
    chat_encode(&d->chat, c, d->last_only, &ids, &counted);
    bool fits = at + (int)ids.size <= b->time;
    if (fits) put(b, row, at, &ids, &counted);
    int next = fits ? at + (int)ids.size : at;
    free(ids.at), free(counted.at);
    return next;
}

static void fill_row(Batch *b, int row, const SftData *d, long long n) {
    enum { MISFITS = 4 };  // in succession; then what is left of the row is too short
    Rng stream = rng_split(&d->rng, (uint64_t)n);
    int at = 0;
    for (int which = 0, misfits = 0; at == 0 || misfits < MISFITS; which++) {
        Rng own = rng_split(&stream, (uint64_t)which);
        Conversation c = draw(d, n, which, &own);
        int next = add(b, row, at, d, &c);
        conversation_free(&c);
        misfits = next > at ? 0 : misfits + 1;
        at = next;
        if (d->alone && at > 0) break;
    }
    put_rest(b, row, at, d->chat.end);
}

void sft_fill(Batch *b, const SftData *d, long long n) {
    assert(b->time == d->time);
    for (int r = 0; r < b->rows; r++) fill_row(b, r, d, n + r);
    batch_count(b);
}
