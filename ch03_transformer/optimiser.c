#include "ch03_transformer/optimiser.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arena.h"
#include "ch03_transformer/parallel.h"

static real *zeros(size_t n) {
    return memset(large_new(n * sizeof(real)), 0, n * sizeof(real));
}

static void set_default(double *x, double value) {
    if (*x == 0) *x = value;
}

Optimiser optimiser_new(const Params *p, OptimiserSettings settings) {
    assert(p->grads && "optimiser_new: before params_allocate_grads");
    Optimiser o = {.settings = settings, .size = p->grad_size};
    set_default(&o.settings.beta1, 0.9), set_default(&o.settings.beta2, 0.999),
        set_default(&o.settings.epsilon, 1e-8);
    bool adam = settings.kind != OPTIMISER_SGD;
    if (adam || settings.momentum != 0) o.m = zeros(p->grad_size);
    if (adam) o.v = zeros(p->grad_size);
    return o;
}

void optimiser_free(Optimiser *o) {
    free(o->m), free(o->v);
    *o = (Optimiser){0};
}

// A stretch of one parameter, and what one step does to it.
typedef struct {
    real *w, *m, *v;
    const real *g;
    int n;
} Stretch;

static void sgd(Stretch s, double momentum, double decay, double rate) {
    for (int i = 0; i < s.n; i++) {
        real u = s.g[i] + (real)decay * s.w[i];
        if (s.m) u = s.m[i] = (real)momentum * s.m[i] + u;
        s.w[i] -= (real)rate * u;
    }
}

// l2 is added to the gradient; shrink is taken from the weight directly. m^ / (sqrt(v^)
// + epsilon) without dividing m and v by their corrections number by number: rate and
// epsilon carry them.
VEC_FUNCTION static void adam(Stretch s, const OptimiserSettings *o, real l2,
                              real shrink, real rate, real epsilon) {
    const real b1 = (real)o->beta1, b2 = (real)o->beta2, c1 = (real)(1 - o->beta1),
               c2 = (real)(1 - o->beta2);
    for (int i = 0; i < s.n; i++) {
        real g = s.g[i] + l2 * s.w[i];
        real m = b1 * s.m[i] + c1 * g;
        real v = b2 * s.v[i] + c2 * g * g;
        s.m[i] = m, s.v[i] = v;
        s.w[i] -= shrink * s.w[i] + rate * m / ((real)sqrt((double)v) + epsilon);
    }
}

static void step_stretch(const Optimiser *o, Stretch s, double decay, double rate) {
    const OptimiserSettings *set = &o->settings;
    if (set->kind == OPTIMISER_SGD) {
        sgd(s, set->momentum, decay, rate);
        return;
    }
    // rate m^ / (sqrt(v^) + epsilon), v^ = v / c: = (rate sqrt(c) / (1 - b1^t)) m /
    // (sqrt(v) + epsilon sqrt(c)).
    double root = sqrt(1 - pow(set->beta2, (double)o->step)),
           first = 1 - pow(set->beta1, (double)o->step);
    double l2 = set->kind == OPTIMISER_ADAM_L2 ? decay : 0,
           shrink = set->kind == OPTIMISER_ADAMW ? rate * decay : 0;
    adam(s, set, (real)l2, (real)shrink, (real)(rate * root / first),
         (real)(set->epsilon * root));
}

enum { STRETCH = 1 << 14 };

void optimiser_step(Optimiser *o, Params *p, double rate) {
    assert(o->size == p->grad_size
           && "optimiser_step: other parameters than it was made for");
    o->step++;
#pragma omp parallel if (p->grad_size >= PARALLEL_LEAST)
    for (int i = 0; i < p->count; i++) {
        const Param *q = &p->list[i];
        if (q->frozen) continue;
        double decay = q->decays ? o->settings.decay : 0;
        long stretches = (long)((param_size(q) + STRETCH - 1) / STRETCH);
#pragma omp for nowait
        for (long k = 0; k < stretches; k++) {
            size_t at = (size_t)k * STRETCH, left = param_size(q) - at,
                   first = q->grad_first + at;
            step_stretch(
                o,
                (Stretch){p->values + q->first + at, o->m ? o->m + first : NULL,
                          o->v ? o->v + first : NULL, p->grads + first,
                          left < STRETCH ? (int)left : STRETCH},
                decay, rate);
        }
    }
}
