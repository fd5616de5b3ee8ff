#include "ch03_transformer/infer_packed.h"

#include <stdlib.h>

#include "common/error.h"
#include "common/large.h"

// What one matrix after the other takes its room from.
typedef struct {
    real *at;  // NULL: nothing is packed yet, only counted
    size_t used;
} Room;

// w has a row for each output; the products' B has a column for each.
static Packed pack(Room *room, Mat w) {
    if (!w.at) return (Packed){0};
    Mat b = mat_transpose(w);
    real *to = room->at ? room->at + room->used : NULL;
    room->used += packed_room(b);
    return to ? packed_in(to, b) : (Packed){0};
}

static void pack_all(InferPacked *p, Room *room, const InferModel *m) {
    for (int l = 0; l < m->layers; l++) {
        const InferLayer *w = &m->layer[l];
        PackedLayer *to = &p->layer[l];
        to->q = pack(room, w->q), to->k = pack(room, w->k), to->v = pack(room, w->v);
        to->o = pack(room, w->o);
        to->gate = pack(room, w->gate), to->up = pack(room, w->up);
        to->down = pack(room, w->down);
    }
    p->output = pack(room, mat_rows(m->output, 0, m->vocab));
}

InferPacked infer_packed_new(const InferModel *m) {
    InferPacked p = {.layer = allocate((size_t)m->layers, sizeof *p.layer)};
    Room room = {0};
    pack_all(&p, &room, m);
    p.room = large_new(room.used * sizeof *p.room);
    pack_all(&p, &(Room){.at = p.room}, m);
    return p;
}

void infer_packed_free(InferPacked *p) {
    free(p->layer), free(p->room);
    *p = (InferPacked){0};
}
