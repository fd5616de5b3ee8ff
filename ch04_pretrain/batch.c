#include "ch04_pretrain/batch.h"

#include <stdlib.h>

static int *ints(int parts, int part, int rows, int time) {
    return parts & part ? allocate((size_t)rows * (size_t)time, sizeof(int)) : NULL;
}

Batch batch_new(int rows, int time, int source_time, int parts) {
    return (Batch){.rows = rows,
                   .time = time,
                   .tokens = ints(1, 1, rows, time),
                   .targets = ints(1, 1, rows, time),
                   .firsts = ints(parts, BATCH_FIRSTS, rows, time),
                   .positions = ints(parts, BATCH_POSITIONS, rows, time),
                   .segments = ints(parts, BATCH_SEGMENTS, rows, time),
                   .prefixes = ints(parts, BATCH_PREFIXES, rows, 1),
                   .lengths = ints(parts, BATCH_LENGTHS, rows, 1),
                   .labels = ints(parts, BATCH_LABELS, rows, 1),
                   .source_time = source_time,
                   .source = ints(source_time > 0, 1, rows, source_time),
                   .source_lengths = ints(source_time > 0, 1, rows, 1)};
}

void batch_free(Batch *b) {
    free(b->tokens), free(b->targets), free(b->firsts), free(b->positions);
    free(b->segments), free(b->prefixes), free(b->lengths), free(b->labels);
    free(b->source), free(b->source_lengths);
    *b = (Batch){0};
}

void batch_mark_documents(Batch *b, int row, const int *tokens, int end) {
    int *firsts = b->firsts + (size_t)row * b->time;
    for (int i = 0, first = 0; i < b->time; i++) {
        if (tokens[i] == end) first = i;
        firsts[i] = first;
        if (b->positions) b->positions[(size_t)row * b->time + i] = i - first;
    }
}

void batch_count(Batch *b) {
    b->counted = 0;
    for (long long i = 0; i < (long long)b->rows * b->time; i++)
        b->counted += b->targets[i] >= 0;
    for (int r = 0; b->labels && r < b->rows; r++) b->counted += b->labels[r] >= 0;
}

int batch_targets(Tape *t, const Batch *b, const int **places, const int **ids) {
    int n = b->rows * b->time, kept = 0;
    int *at = tape_allocate(t, (size_t)n * sizeof *at);
    int *of = tape_allocate(t, (size_t)n * sizeof *of);
    for (int i = 0; i < n; i++)
        if (b->targets[i] >= 0) at[kept] = i, of[kept++] = b->targets[i];
    *places = at, *ids = of;
    return kept;
}

Tokens batch_tokens(const Batch *b) {
    return (Tokens){.batch = b->rows,
                    .time = b->time,
                    .tokens = b->tokens,
                    .lengths = b->lengths,
                    .prefixes = b->prefixes,
                    .firsts = b->firsts,
                    .positions = b->positions,
                    .segments = b->segments};
}

Tokens batch_source(const Batch *b) {
    return (Tokens){.batch = b->rows,
                    .time = b->source_time,
                    .tokens = b->source,
                    .lengths = b->source_lengths};
}
