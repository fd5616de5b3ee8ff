#include "ch06_flash/two_level.h"

#include <assert.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/small.h"

#define KIND(NAME, name) #name,
const char *const memory_names[] = {MEMORY_LIST(KIND) NULL};
#undef KIND
_Static_assert(sizeof memory_names / sizeof *memory_names == MEMORY_KINDS + 1,
               "each kind has a name");

// ---- the cache: lines in a ring, the one used last first

typedef struct {
    int before, after;  // in the ring; 0 is the ring's beginning
    bool here, written;
} Line;

struct LruCache {
    Line *lines;  // by address / LRU_LINE, from 1
    size_t room;
    long long held, most;
};

static void unlink_line(LruCache *c, int at) {
    Line *line = &c->lines[at];
    c->lines[line->before].after = line->after;
    c->lines[line->after].before = line->before;
}

static void link_first(LruCache *c, int at) {
    int next = c->lines[0].after;
    c->lines[at].before = 0, c->lines[at].after = next;
    c->lines[0].after = at, c->lines[next].before = at;
}

static void evict(Memory *m, int at) {
    LruCache *c = m->cache;
    unlink_line(c, at);
    if (c->lines[at].written) m->writes += LRU_LINE;
    c->lines[at].here = c->lines[at].written = false;
    c->held--;
}

static void touch_line(Memory *m, int at) {
    LruCache *c = m->cache;
    if (c->lines[at].here) {
        unlink_line(c, at);
    } else {
        if (c->held == c->most) evict(m, c->lines[0].before);
        c->lines[at].here = true, c->held++;
        m->reads += LRU_LINE;
    }
    link_first(c, at);
}

// Words address .. address + count - 1.
static void touch(Memory *m, size_t address, int count, bool write) {
    if (m->kind != MEMORY_LRU || count == 0) return;
    for (size_t at = address / LRU_LINE; at <= (address + (size_t)count - 1) / LRU_LINE;
         at++) {
        touch_line(m, (int)at + 1);
        m->cache->lines[at + 1].written |= write;
    }
}

void memory_flush(Memory *m) {
    while (m->cache && m->cache->held) evict(m, m->cache->lines[0].before);
}

// ---- memories

Memory memory_new(MemoryKind kind, long long capacity) {
    Memory m = {.kind = kind, .capacity = capacity};
    if (kind != MEMORY_LRU) return m;
    m.cache = allocate(1, sizeof *m.cache);
    m.cache->most = long_max(1, capacity / LRU_LINE);
    m.cache->lines = allocate(1, sizeof(Line));
    m.cache->room = 1;
    return m;
}

void memory_free(Memory *m) {
    if (m->cache) free(m->cache->lines), free(m->cache);
    *m = (Memory){0};
}

bool memory_overflowed(const Memory *m) {
    return m->capacity && m->kind == MEMORY_STRICT && m->peak > m->capacity;
}

static long long words(Mat m) { return (long long)m.rows * m.cols; }

// Addresses for so many words, from the beginning of a line.
static size_t address_new(Memory *m, size_t words) {
    size_t address = m->top;
    m->top += (words + LRU_LINE - 1) / LRU_LINE * LRU_LINE;
    LruCache *c = m->cache;
    if (!c) return address;
    size_t before = c->room;
    reserve(c->lines, c->room, m->top / LRU_LINE + 1);
    for (size_t i = before; i < c->room; i++) c->lines[i] = (Line){0};
    return address;
}

Slow memory_place(Memory *m, Mat mat) {
    assert(mat.col_stride == 1 && "memory_place: columns are not side by side");
    m->placed += words(mat);
    return (Slow){mat, address_new(m, (size_t)mat.rows * (size_t)mat.row_stride)};
}

Slow slow_rows(Slow s, int first, int count) {
    return (Slow){mat_rows(s.mat, first, count),
                  s.address + (size_t)first * (size_t)s.mat.row_stride};
}

Slow slow_cols(Slow s, int first, int count) {
    return (Slow){mat_cols(s.mat, first, count), s.address + (size_t)first};
}

// ---- tiles

static void hold(Memory *m, long long count) {
    m->used += count;
    m->peak = long_max(m->peak, m->used);
}

Tile tile_new(Memory *m, int rows, int cols) {
    Tile t = {mat_new(rows, cols), 0, true};
    t.address = address_new(m, (size_t)words(t.mat));
    hold(m, words(t.mat));
    return t;
}

Tile tile_read(Memory *m, Slow from) {
    hold(m, words(from.mat));
    if (m->kind != MEMORY_STRICT) return (Tile){from.mat, from.address, false};
    Tile t = {mat_new(from.mat.rows, from.mat.cols), 0, true};
    mat_copy(t.mat, from.mat);
    m->reads += words(from.mat);
    t.address = address_new(m, (size_t)words(t.mat));
    return t;
}

void tile_write(Memory *m, Slow to, Tile t) {
    if (!t.copy) {
        assert(t.mat.at == to.mat.at && "tile_write: a view of another place");
        return;  // it is there
    }
    mat_copy(to.mat, t.mat);
    if (m->kind == MEMORY_STRICT) m->writes += words(t.mat);
    tile_touch(m, t);
    tile_touch(m, (Tile){to.mat, to.address, false});
}

void tile_free(Memory *m, Tile t) {
    m->used -= words(t.mat);
    if (!t.copy) return;
    m->top = t.address;
    mat_free(t.mat);
}

// ---- arithmetic

static void touch_row(Memory *m, Tile t, int row, bool write) {
    touch(m, t.address + (size_t)row * (size_t)t.mat.row_stride, t.mat.cols, write);
}

void tile_touch(Memory *m, Tile t) {
    for (int i = 0; i < t.mat.rows; i++) touch_row(m, t, i, true);
}

// The order of the plain loops: for each row of a and c, every row of b.
static void touch_product(Memory *m, Tile c, Tile a, Tile b) {
    if (m->kind != MEMORY_LRU) return;
    for (int i = 0; i < a.mat.rows; i++) {
        touch_row(m, a, i, false);
        for (int j = 0; j < b.mat.rows; j++) touch_row(m, b, j, false);
        touch_row(m, c, i, true);
    }
}

void tile_scores(Memory *m, Tile s, Tile q, Tile k) {
    touch_product(m, s, q, k);
    m->multiply_adds += words(s.mat) * q.mat.cols;
    matmul(s.mat, q.mat, mat_transpose(k.mat));
}

void tile_mix(Memory *m, Tile o, Tile p, Tile v) {
    touch_product(m, o, p, v);
    m->multiply_adds += words(o.mat) * p.mat.cols;
    matmul_add(o.mat, p.mat, v.mat);
}

void tile_mix_transposed(Memory *m, Tile o, Tile p, Tile v) {
    for (int i = 0; i < p.mat.rows && m->kind == MEMORY_LRU; i++) {
        touch_row(m, p, i, false), touch_row(m, v, i, false);
        tile_touch(m, o);
    }
    m->multiply_adds += words(o.mat) * p.mat.rows;
    matmul_add(o.mat, mat_transpose(p.mat), v.mat);
}
