// Parameters: all of a model's numbers in one array, and a list that says what is what.
// Lecture, section 3.1.
//
//     values  [ token.weight | block.0.norm1.gain | block.0.attention.query.weight | ... ]   size
//     grads   [ token.weight | block.0.norm1.gain | ...  without what is frozen          ]   grad_size
//
// So whatever is done to all parameters (an optimiser's step, clipping, counting,
// reading, writing) is a loop over an array. Three steps, so that a model can be
// counted without its memory, and run without gradients:
//
//     int w = params_add(&p, rows, cols, normal(0.02), "block.%d.ffn.up.weight", i);    names and shapes only
//     params_allocate(&p);          values, zeros;   params_init(&p, &rng) draws them
//     params_allocate_grads(&p);    gradients, zeros, of all that is not frozen
//     ... params_value(&p, w), params_grad(&p, w) ...
//     params_free(&p);
//
// Bad input: a caller's bug is an assert; no memory ends the program.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"
#include "common/numeric/rng.h"

// How a parameter begins: mean + sd x normal.
typedef struct {
    double mean, sd;
} Init;
static inline Init normal(double sd) { return (Init){0, sd}; }
static inline Init constant(double value) { return (Init){value, 0}; }

typedef struct {
    char *name;         // "block.0.attention.query.weight"
    int rows, cols;     // a vector is 1 x cols
    size_t first;       // in values
    size_t grad_first;  // in grads (and in an optimiser's moments); not if frozen
    Init init;
    bool decays;  // weight decay is for matrices; params_add says no for vectors
    bool frozen;  // no gradient, no step: set before params_allocate_grads
} Param;

typedef struct {
    Param *list;
    int count;
    size_t size, grad_size;  // numbers in values and in grads
    real *values, *grads;    // NULL until they are allocated
    size_t capacity;         // of list
} Params;

// A new parameter, at the end; its index. Before params_allocate only.
int params_add(Params *p, int rows, int cols, Init init, const char *name_format, ...)
    __attribute__((format(printf, 5, 6)));
int params_find(const Params *p, const char *name);  // its index; -1: none of that name
// Copies the values of all parameters that both have by the same name, which must then be
// of one shape; how many parameters these were.
int params_take(Params *to, const Params *from);
// All whose name contains `part` become frozen, or thaw; how many. Then
// params_allocate_grads (again).
int params_freeze(Params *p, const char *part, bool frozen);

void params_allocate(Params *p);
void params_allocate_grads(Params *p);
void params_free(Params *p);  // everything; *p is then as new, {0}

// The same draw for every number of threads: each parameter has its own stream.
void params_init(Params *p, const Rng *rng);

static inline size_t param_size(const Param *q) {
    return (size_t)q->rows * (size_t)q->cols;
}
Mat params_value(const Params *p, int index);  // rows x cols
// rows x cols; .at NULL if frozen or not allocated
Mat params_grad(const Params *p, int index);

void params_zero_grads(Params *p);
