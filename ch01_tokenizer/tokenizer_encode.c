// Text to ids: on one thread from left to right, on several in blocks that are joined.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/piece_encode.h"
#include "ch01_tokenizer/tokenizer.h"
#include "common/error.h"
#include "common/numeric/threads.h"

typedef struct {
    PieceEncoder encoder;
    Splitter splitter;
    // of a block that was joined, for the next one: warm
    Ids room;
    struct Mark *marks;
} Worker;

static Worker worker_new(const Tokenizer *t, EncodeWithout without) {
    Worker w = {.encoder = piece_encoder_new(t, without),
                .splitter = splitter_new(t->pattern)};
    w.splitter.one_by_one = without.windows;
    return w;
}

static void worker_free(Worker *w) {
    piece_encoder_free(&w->encoder);
    splitter_free(&w->splitter);
    free(w->room.at), free(w->marks);
}

// ---- blocks of text

// Where a piece begins depends only on where the one before it ended. So a block may be
// encoded from a guess, its first byte: as soon as the pieces from the left end where
// one of the guessed pieces begins, all the following are the same. Usually that is so
// at the first word. The block keeps where its pieces begin, so that it can be joined.
typedef struct Mark {
    size_t at;   // where a piece begins
    size_t ids;  // how many ids came before it
} Mark;

enum { MARKS = 4096, BLOCK = 1 << 18 };

// Whole stretches, or a part of one. A part leaves a piece that reaches its end to the
// join: many blocks may lie inside one piece, and only one must encode it.
typedef struct {
    const Stretch *stretches;
    size_t count;
    bool part;
    size_t begin, end;  // pieces that begin in [begin, end) are this block's
    size_t stop;        // where the last piece it encoded ends
    Ids ids;
    Mark *marks;  // [MARKS], or NULL: its beginning is no guess
    size_t mark_count;
    char *problem;  // what the pattern failed with, or NULL
    bool encoded;
} Block;

// How many of these pieces begin before `last`.
static size_t begin_before(const size_t *ends, size_t count, size_t last) {
    size_t i = 1;
    while (i < count && ends[i - 1] < last) i++;
    return i;
}

// Encodes the pieces of a stretch that begin in [from, to); *stop is where the last one
// ends. False and *problem where the pattern fails. b: whose marks to set; NULL: none.
// A block that ends before its stretch does is split as if nothing were known of the
// rest: each byte is looked at by one block only, however long a piece is.
static bool encode_text(Worker *w, const char *text, Stretch stretch, size_t from,
                        size_t to, Block *b, size_t *stop, char **problem) {
    const char *begin = text + stretch.begin;
    size_t size = stretch.end - stretch.begin, at = from - stretch.begin,
           last = to - stretch.begin, ends[SPLIT_WINDOW];
    bool open = b && b->part && to < stretch.end;
    Error err;
    if (open) splitter_start_open(&w->splitter, begin, last);
    else splitter_start(&w->splitter, begin, size);
    while (at < last) {
        if (b && b->marks && b->mark_count < MARKS)
            b->marks[b->mark_count++] = (Mark){stretch.begin + at, w->encoder.ids.size};
        size_t count = splitter_ends(&w->splitter, at, ends, &err);
        if (count == 0) *problem = strdup(err.text);
        if (count == 0 || (open && ends[0] == last)) break;
        count = begin_before(ends, count, last);
        pieces_encode(&w->encoder, begin, size, at, ends, count);
        at = ends[count - 1];
    }
    *stop = stretch.begin + at;
    return !*problem;
}

// The ids of one stretch, or of the part of it that is block b's. False and *problem
// where the pattern fails.
static bool encode_stretch(Worker *w, const char *text, Stretch stretch, size_t from,
                           size_t to, Block *b, size_t *stop, char **problem) {
    *stop = to;
    switch (stretch.kind) {
        case STRETCH_SPECIAL: ids_append(&w->encoder.ids, stretch.id); return true;
        case STRETCH_BROKEN:
            bytes_encode(&w->encoder, text + from, to - from);
            return true;
        case STRETCH_TEXT:
            return encode_text(w, text, stretch, from, to, b, stop, problem);
    }
    return false;
}

static void encode_block(Worker *w, Block *b, const char *text) {
    w->encoder.ids = (Ids){.at = w->room.at, .capacity = w->room.capacity};
    w->room = (Ids){0};
    if (b->part && b->begin != b->stretches[0].begin) {
        b->marks = w->marks ? w->marks : reallocate(NULL, MARKS, sizeof *b->marks);
        w->marks = NULL;
    }
    bool ok = true;
    for (size_t s = 0; s < b->count && ok; s++) {
        Stretch stretch = b->stretches[s];
        ok = encode_stretch(w, text, stretch, b->part ? b->begin : stretch.begin,
                            b->part ? b->end : stretch.end, b, &b->stop, &b->problem);
    }
    b->ids = w->encoder.ids;
    b->encoded = true;
}

static bool worth_cutting(Stretch s, bool whole) {
    return !whole && s.kind == STRETCH_TEXT && s.end - s.begin > 2 * BLOCK;
}

// whole: no stretch may be cut into parts.
static size_t make_blocks(Block **blocks, const Stretch *stretches, size_t count,
                          const char *text, bool whole) {
    size_t size = 0, capacity = 0;
    *blocks = NULL;
    for (size_t s = 0; s < count;) {
        Block b = {.stretches = &stretches[s],
                   .count = 1,
                   .begin = stretches[s].begin,
                   .end = stretches[s].end};
        if (!worth_cutting(stretches[s], whole)) {
            for (s++; s < count && b.end - b.begin < BLOCK
                      && !worth_cutting(stretches[s], whole);
                 s++, b.count++)
                b.end = stretches[s].end;
            reserve(*blocks, capacity, size + 1);
            (*blocks)[size++] = b;
            continue;
        }
        size_t end = stretches[s++].end;
        for (b.part = true; b.begin < end; b.begin = b.end) {
            b.end = end - b.begin > 2 * BLOCK ? b.begin + BLOCK : end;
            // between characters
            while (b.end < end && ((unsigned char)text[b.end] & 0xC0) == 0x80) b.end++;
            reserve(*blocks, capacity, size + 1);
            (*blocks)[size++] = b;
        }
    }
    return size;
}

// ---- blocks joined

// Blocks are joined in their order, each as soon as those before it are: its ids are
// still in a cache then. One thread at a time does it, with a worker of its own.
typedef struct {
    const char *text;
    Block *blocks;
    size_t count, next;  // blocks[next] is to be joined next
    size_t at;           // where the pieces joined so far end
    Ids *ids;            // theirs
    char *problem;       // what the pattern failed with; nothing is joined any more
} Joining;

static void append_from(Ids *ids, const Ids *more, size_t from) {
    size_t count = more->size - from;
    reserve(ids->at, ids->capacity, ids->size + count);
    if (count) memcpy(ids->at + ids->size, more->at + from, count * sizeof *ids->at);
    ids->size += count;
}

// Appends the ids of block b when the pieces before have ended at j->at; moves that to
// where its own end. j->problem where the pattern fails.
static void join(Joining *j, Worker *w, const Block *b) {
    for (size_t m = 0; j->at < b->end && !j->problem;) {
        while (m < b->mark_count && b->marks[m].at < j->at) m++;
        bool same = m < b->mark_count && b->marks[m].at == j->at;
        size_t to = m < b->mark_count && !same ? b->marks[m].at : b->end;
        // the guess was right from here on
        if ((same || j->at == b->begin) && b->stop > j->at) {
            append_from(j->ids, &b->ids, same ? b->marks[m].ids : 0);
            j->at = b->stop;
            if (b->problem) j->problem = strdup(b->problem);
            continue;
        }
        // of a guess that was wrong, or a piece that reaches beyond the block
        w->encoder.ids = *j->ids;
        encode_text(w, j->text, b->stretches[0], j->at, to, NULL, &j->at, &j->problem);
        *j->ids = w->encoder.ids;
    }
}

static void join_ready(Joining *j, Worker *w) {
    for (; j->next < j->count && j->blocks[j->next].encoded; j->next++) {
        Block *b = &j->blocks[j->next];
        join(j, w, b);
        free(b->problem), free(w->room.at);
        w->room = b->ids;
        if (!b->marks) continue;
        free(w->marks);
        w->marks = b->marks;
    }
}

// Each thread learns the words for itself. More than there are processors only learn them
// more often, and more than there are memories would encode without one.
static int team_of(size_t blocks) {
    int most = threads_count(), processors = threads_processors();
    if (most > processors) most = processors;
    if (most > (int)WORD_POOL) most = WORD_POOL;
    return blocks < (size_t)most ? (int)blocks : most;
}

static bool encode_blocks(const Tokenizer *t, const char *text, Block *blocks,
                          size_t count, EncodeWithout without, Ids *ids, Error *err) {
    Joining joining = {.text = text, .blocks = blocks, .count = count, .ids = ids};
    const int team = team_of(count);
    (void)team;  // without OpenMP
#pragma omp parallel num_threads(team)
    {
        Worker w = worker_new(t, without);
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < count; b++) {
            // a copy: the next block lies in the same cache line, and another thread
            // writes to it
            Block mine = blocks[b];
            encode_block(&w, &mine, text);
#pragma omp critical(join_blocks)
            {
                blocks[b] = mine;
                join_ready(&joining, &w);
            }
        }
        worker_free(&w);
    }
    if (joining.problem) error_set(err, "%s", joining.problem);
    free(joining.problem);
    return joining.problem == NULL;
}

// ---- the whole

// From left to right, straight to `ids`.
static bool encode_all(const Tokenizer *t, const char *text, const Stretch *stretches,
                       size_t count, EncodeWithout without, Ids *ids, Error *err) {
    Worker w = worker_new(t, without);
    w.encoder.ids = *ids;
    char *problem = NULL;
    size_t stop;
    for (size_t s = 0; s < count && !problem; s++)
        encode_stretch(&w, text, stretches[s], stretches[s].begin, stretches[s].end,
                       NULL, &stop, &problem);
    *ids = w.encoder.ids;
    worker_free(&w);
    if (problem) error_set(err, "%s", problem);
    free(problem);
    return problem == NULL;
}

bool tokenizer_encode_without(const Tokenizer *t, const char *text, size_t n,
                              bool allow_special, EncodeWithout without, Ids *ids,
                              Error *err) {
    Stretch *stretches;
    Block *blocks = NULL;
    size_t stretch_count = cut_stretches(&stretches, text, n, t->specials,
                                         allow_special ? t->special_count : 0);
    bool whole = pattern_looks_back(t->pattern) || !pattern_splits(t->pattern);
    size_t count = 0;
    if (threads_count() > 1)
        count = make_blocks(&blocks, stretches, stretch_count, text, whole);
    bool ok = count > 1
                  ? encode_blocks(t, text, blocks, count, without, ids, err)
                  : encode_all(t, text, stretches, stretch_count, without, ids, err);
    free(blocks), free(stretches);
    return ok;
}

bool tokenizer_encode(const Tokenizer *t, const char *text, size_t n,
                      bool allow_special, Ids *ids, Error *err) {
    return tokenizer_encode_without(t, text, n, allow_special, (EncodeWithout){0}, ids,
                                    err);
}
