#include "ch05_sft_rlhf/table_reader.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double *log_p;
    int places, place;
} Table;

static void copy_row(const Predictor *p, int last, double *to) {
    const Table *t = p->self;
    size_t symbols = (size_t)p->symbols,
           row = (size_t)t->place * (symbols + 1) + (size_t)last;
    assert(t->place < t->places);
    memcpy(to, t->log_p + row * symbols, symbols * sizeof *to);
}

static void begin(Predictor *p, double *log_probs) {
    ((Table *)p->self)->place = 0;
    copy_row(p, p->symbols, log_probs);
}

static void step(Predictor *p, const int *parent, const int *token, int count,
                 double *log_probs) {
    (void)parent;  // a table remembers the last token alone
    ((Table *)p->self)->place++;
    for (int b = 0; b < count; b++)
        copy_row(p, token[b], log_probs + (size_t)b * (size_t)p->symbols);
}

static void discard(Predictor *p) { free(((Table *)p->self)->log_p); }

Predictor table_reader(const double *p, int places, int symbols, int end, int most) {
    Table *t = allocate(1, sizeof *t);
    size_t size = (size_t)places * (size_t)(symbols + 1) * (size_t)symbols;
    *t = (Table){allocate(size, sizeof(double)), places, 0};
    for (size_t i = 0; i < size; i++) t->log_p[i] = log(p[i]);
    return (Predictor){symbols, end, most, begin, step, discard, t};
}
