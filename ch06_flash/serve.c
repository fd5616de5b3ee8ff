#include "ch06_flash/serve.h"

#include <assert.h>
#include <stdlib.h>

#include "ch03_transformer/sample.h"

typedef struct {
    Inference text;
    int token;  // goes through next
    int made;   // tokens of its request
} Slot;

typedef struct {
    Batching b;
    Slot *slots;
    Request *requests;
    // of the slots that are busy, in order
    Inference **texts;
    int *tokens, *slot;
    Mat logits;
} Server;

static Server server_new(const InferModel *m, Request *requests, BatchingKind kind,
                         int slots) {
    size_t n = (size_t)slots;
    Server s = {batching_new(kind, slots),
                allocate(n, sizeof(Slot)),
                requests,
                allocate(n, sizeof(Inference *)),
                allocate(n, sizeof(int)),
                allocate(n, sizeof(int)),
                mat_new(slots, m->vocab)};
    Error err;
    for (int i = 0; i < slots; i++)
        if (!inference_new(&s.slots[i].text, m, m->context, &err)) die("%s", err.text);
    return s;
}

static void server_free(Server *s) {
    for (int i = 0; i < s->b.slots; i++) inference_free(&s->slots[i].text);
    batching_free(&s->b), mat_free(s->logits);
    free(s->slots), free(s->texts), free(s->tokens), free(s->slot);
}

static void begin(Slot *slot, Request *r, int step) {
    int last = r->prompt_count - 1;
    assert(last >= 0 && r->wanted >= 1 && last + r->wanted <= slot->text.capacity
           && "serve: no room for a request");
    inference_clear(&slot->text);
    infer(&slot->text, r->prompt, last, (Mat){0});
    slot->token = r->prompt[last], slot->made = 0, r->began = step;
}

static void end_if_done(Server *s, int slot, int step) {
    Request *r = &s->requests[s->b.request[slot]];
    if (s->slots[slot].made < r->wanted) return;
    r->ended = step + 1;
    batching_end(&s->b, slot);
}

static void take_token(Slot *slot, Request *r, Mat logits) {
    if (r->logits.at) mat_copy(mat_rows(r->logits, slot->made, 1), logits);
    slot->token = r->tokens[slot->made++] = token_greedy(logits);
}

static void one_step(Server *s, int step) {
    int n = 0;
    for (int i = 0; i < s->b.slots; i++) {
        if (s->b.request[i] < 0) continue;
        s->slot[n] = i, s->texts[n] = &s->slots[i].text;
        s->tokens[n++] = s->slots[i].token;
    }
    infer_together(s->texts, n, s->tokens, mat_rows(s->logits, 0, n));
    for (int i = 0; i < n; i++) {
        int slot = s->slot[i];
        take_token(&s->slots[slot], &s->requests[s->b.request[slot]],
                   mat_rows(s->logits, i, 1));
        end_if_done(s, slot, step);
    }
}

Served serve(const InferModel *m, Request *requests, int count, BatchingKind kind,
             int slots) {
    Server s = server_new(m, requests, kind, slots);
    Served served = {0};
    for (int waiting = 0, busy; (busy = batching_fill(&s.b, count)) > 0;
         waiting = s.b.next) {
        for (int i = 0; i < slots; i++)  // those that have just got one
            if (s.b.request[i] >= waiting)
                begin(&s.slots[i], &requests[s.b.request[i]], served.steps);
        reserve(served.busy, served.capacity, served.steps + 1);
        served.busy[served.steps] = busy;
        one_step(&s, served.steps++);
    }
    server_free(&s);
    return served;
}
