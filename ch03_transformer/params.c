#include "ch03_transformer/params.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/large.h"

int params_add(Params *p, int rows, int cols, Init init, const char *name_format, ...) {
    assert(!p->values && "params_add: the values are allocated already");
    assert(rows > 0 && cols > 0 && "params_add: an empty parameter");
    char name[128];
    va_list args;
    va_start(args, name_format);
    int length = vsnprintf(name, sizeof name, name_format, args);
    va_end(args);
    assert(length > 0 && (size_t)length < sizeof name
           && "params_add: the name is too long");
    reserve(p->list, p->capacity, p->count + 1);
    Param *q = &p->list[p->count];
    *q = (Param){
        .rows = rows, .cols = cols, .first = p->size, .init = init, .decays = rows > 1};
    q->name = memcpy(allocate((size_t)length + 1, 1), name, (size_t)length + 1);
    p->size += param_size(q);
    return p->count++;
}

int params_find(const Params *p, const char *name) {
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->list[i].name, name) == 0) return i;
    return -1;
}

int params_take(Params *to, const Params *from) {
    int taken = 0;
    for (int i = 0; i < to->count; i++) {
        int k = params_find(from, to->list[i].name);
        if (k < 0) continue;
        mat_copy(params_value(to, i), params_value(from, k));
        taken++;
    }
    return taken;
}

int params_freeze(Params *p, const char *part, bool frozen) {
    int found = 0;
    for (int i = 0; i < p->count; i++)
        if (strstr(p->list[i].name, part)) p->list[i].frozen = frozen, found++;
    return found;
}

static real *zeros(size_t n) {
    if (n > SIZE_MAX / sizeof(real)) die("out of memory: %zu parameters", n);
    return memset(large_new(n * sizeof(real)), 0, n * sizeof(real));
}

void params_allocate(Params *p) {
    assert(!p->values && "params_allocate: twice");
    p->values = zeros(p->size);
}

void params_allocate_grads(Params *p) {
    free(p->grads);
    p->grad_size = 0;
    for (int i = 0; i < p->count; i++) {
        if (p->list[i].frozen) continue;
        p->list[i].grad_first = p->grad_size;
        p->grad_size += param_size(&p->list[i]);
    }
    p->grads = zeros(p->grad_size);
}

void params_free(Params *p) {
    for (int i = 0; i < p->count; i++) free(p->list[i].name);
    free(p->list), free(p->values), free(p->grads);
    *p = (Params){0};
}

void params_init(Params *p, const Rng *rng) {
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < p->count; i++) {
        Init init = p->list[i].init;
        Mat value = params_value(p, i);
        Rng stream = rng_split(rng, (uint64_t)i);
        if (init.sd == 0) mat_fill(value, (real)init.mean);
        else
            for (size_t n = 0; n < param_size(&p->list[i]); n++)
                value.at[n] = (real)(init.mean + init.sd * rng_normal(&stream));
    }
}

Mat params_value(const Params *p, int index) {
    assert(0 <= index && index < p->count && p->values
           && "params_value: no such parameter, or not allocated");
    const Param *q = &p->list[index];
    return mat_view(p->values + q->first, q->rows, q->cols);
}

Mat params_grad(const Params *p, int index) {
    assert(0 <= index && index < p->count && "params_grad: no such parameter");
    const Param *q = &p->list[index];
    return mat_view(q->frozen || !p->grads ? NULL : p->grads + q->grad_first, q->rows,
                    q->cols);
}

void params_zero_grads(Params *p) {
    if (p->grads) memset(p->grads, 0, p->grad_size * sizeof *p->grads);
}
