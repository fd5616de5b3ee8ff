#include "ch04_pretrain/clm.h"

void clm_fill(Batch *b, int row, const Draw *from) {
    const int *tokens = from->tokens;
    int *in = b->tokens + (size_t)row * b->time;
    int *targets = b->targets + (size_t)row * b->time;
    for (int i = 0; i < b->time; i++) {
        // after the corpus's end: any token, which nobody counts
        in[i] = tokens[i] == NO_TOKEN ? 0 : tokens[i];
        targets[i] = tokens[i + 1] == NO_TOKEN ? IGNORED : tokens[i + 1];
    }
    if (b->firsts) batch_mark_documents(b, row, tokens, from->data->end);
}
