#include "ch03_transformer/optimiser.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/parallel.h"
#include "common/large.h"

// A stretch of one parameter: n weights, their moments and gradients.
typedef struct {
    real *w, *m, *v, *g;
    int n;
} Stretch;

static void sgd(const Optimiser *o, Stretch s, double decay, double rate) {
    const double momentum = o->settings.momentum;
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

// rate m^ / (sqrt(v^) + epsilon), v^ = v / c: = (rate sqrt(c) / (1 - b1^t)) m / (sqrt(v)
// + epsilon sqrt(c)).
static void adam_step(const Optimiser *o, Stretch s, double l2, double shrink,
                      double rate) {
    const OptimiserSettings *set = &o->settings;
    double root = sqrt(1 - pow(set->beta2, (double)o->step)),
           first = 1 - pow(set->beta1, (double)o->step);
    adam(s, set, (real)l2, (real)shrink, (real)(rate * root / first),
         (real)(set->epsilon * root));
}

static void adam_plain(const Optimiser *o, Stretch s, double decay, double rate) {
    (void)decay;
    adam_step(o, s, 0, 0, rate);
}
static void adam_decoupled(const Optimiser *o, Stretch s, double decay, double rate) {
    adam_step(o, s, 0, rate * decay, rate);
}
static void adam_l2(const Optimiser *o, Stretch s, double decay, double rate) {
    adam_step(o, s, decay, 0, rate);
}

// Every weight moves by the rate, whatever its gradient's size.
static void lion(const Optimiser *o, Stretch s, double decay, double rate) {
    const real b1 = (real)o->settings.beta1, b2 = (real)o->settings.beta2;
    for (int i = 0; i < s.n; i++) {
        real c = b1 * s.m[i] + (1 - b1) * s.g[i], sign = (real)((c > 0) - (c < 0));
        s.w[i] -= (real)rate * (sign + (real)decay * s.w[i]);
        s.m[i] = b2 * s.m[i] + (1 - b2) * s.g[i];
    }
}

// ---- the kinds

typedef struct {
    const char *name;
    int moments;   // 0: m, and only where there is momentum; 1: m; 2: m and v
    double beta2;  // the default
    void (*step)(const Optimiser *o, Stretch s, double decay, double rate);
} OptimiserType;

static const OptimiserType kinds[] = {
    [OPTIMISER_SGD] = {"sgd", 0, 0, sgd},
    [OPTIMISER_ADAM] = {"adam", 2, 0.999, adam_plain},
    [OPTIMISER_ADAMW] = {"adamw", 2, 0.999, adam_decoupled},
    [OPTIMISER_ADAM_L2] = {"adam-l2", 2, 0.999, adam_l2},
    [OPTIMISER_LION] = {"lion", 1, 0.99, lion},
};
_Static_assert(sizeof kinds / sizeof *kinds == OPTIMISER_KINDS,
               "an optimiser without its step");

const char *optimiser_name(int kind) {
    return 0 <= kind && kind < OPTIMISER_KINDS ? kinds[kind].name : NULL;
}

// ---- all parameters

static real *zeros(size_t n) {
    return memset(large_new(n * sizeof(real)), 0, n * sizeof(real));
}

static void set_default(double *x, double value) {
    if (*x == 0) *x = value;
}

Optimiser optimiser_new(const Params *p, OptimiserSettings settings) {
    assert(settings.kind < OPTIMISER_KINDS && "optimiser_new: no such kind");
    const OptimiserType *type = &kinds[settings.kind];
    assert(p->grads && "optimiser_new: before params_allocate_grads");
    Optimiser o = {.settings = settings, .size = p->grad_size};
    set_default(&o.settings.beta1, 0.9), set_default(&o.settings.beta2, type->beta2),
        set_default(&o.settings.epsilon, 1e-8);
    if (type->moments >= 1 || settings.momentum != 0) o.m = zeros(p->grad_size);
    if (type->moments >= 2) o.v = zeros(p->grad_size);
    return o;
}

void optimiser_free(Optimiser *o) {
    free(o->m), free(o->v);
    *o = (Optimiser){0};
}

enum { STRETCH = 1 << 14 };  // what it reads and writes stays in an L2 cache

static void step_stretch(const Optimiser *o, Stretch s, double decay, double rate,
                         double factor, bool clear) {
    for (int i = 0; factor != 1 && i < s.n; i++) s.g[i] *= (real)factor;
    kinds[o->settings.kind].step(o, s, decay, rate);
    if (clear) memset(s.g, 0, (size_t)s.n * sizeof *s.g);
}

static void step_all(Optimiser *o, Params *p, double rate, double factor, bool clear) {
    assert(o->size == p->grad_size
           && "optimiser_step: other parameters than it was made for");
    o->step++;
#pragma omp parallel if (worth_threads_for(p->grad_size))
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
                decay, rate, factor, clear);
        }
    }
}

void optimiser_step(Optimiser *o, Params *p, double rate) {
    step_all(o, p, rate, 1, false);
}

void optimiser_step_clear(Optimiser *o, Params *p, double rate, double factor) {
    step_all(o, p, rate, factor, true);
}
