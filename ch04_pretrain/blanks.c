#include "ch04_pretrain/blanks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// weight[noise + 1][states], times e^log_scale.
typedef struct {
    const Automaton *m;
    int noise;
    double *weight, *spare;
    double log_scale;
} Forward;

static double *row(const Forward *f, int r) {
    return f->weight + (size_t)r * (size_t)f->m->states;
}

static Forward forward_new(const Automaton *m, int noise) {
    size_t states = (size_t)m->states, size = (size_t)(noise + 1) * states;
    Forward f = {.m = m, .noise = noise};
    f.weight = allocate(size, sizeof *f.weight);
    f.spare = allocate(size, sizeof *f.spare);
    memcpy(f.weight, m->start, states * sizeof *f.weight);
    return f;
}

// The logarithm of what has all its noise in blanks.
static double forward_end(Forward *f) {
    double sum = 0;
    for (int s = 0; s < f->m->states; s++) sum += row(f, f->noise)[s];
    free(f->weight), free(f->spare);
    return log(sum) + f->log_scale;
}

// to[states] += from T^(symbol); symbol -1: any.
static void advance(const Automaton *m, int symbol, const double *from, double *to) {
    for (int i = 0; i < m->edge_count; i++) {
        const Edge *e = &m->edges[i];
        if (symbol < 0 || e->says == symbol) to[e->to] += from[e->from] * e->chance;
    }
}

// So that long texts do not become 0.
static void rescale(Forward *f) {
    size_t size = (size_t)(f->noise + 1) * (size_t)f->m->states;
    double most = 0;
    for (size_t i = 0; i < size; i++) most = fmax(most, f->weight[i]);
    if (most == 0) return;
    for (size_t i = 0; i < size; i++) f->weight[i] /= most;
    f->log_scale += log(most);
}

// A token that is seen; `blank`: it is one of the noise's.
static void read_token(Forward *f, int symbol, bool blank) {
    size_t states = (size_t)f->m->states;
    memset(f->spare, 0, (size_t)(f->noise + 1) * states * sizeof *f->spare);
    for (int r = 0; r + blank <= f->noise; r++)
        advance(f->m, symbol, row(f, r), f->spare + (size_t)(r + blank) * states);
    double *old = f->weight;
    f->weight = f->spare, f->spare = old;
    rescale(f);
}

// Any number of further tokens, 0 among them.
static void read_any(Forward *f) {
    for (int r = 1; r <= f->noise; r++) advance(f->m, -1, row(f, r - 1), row(f, r));
}

static void read_blank(Forward *f, const int *text, const Seen *seen) {
    for (int i = 0; i < seen->tokens; i++) read_token(f, text[i], true);
    if (seen->over) return;
    if (seen->tokens == 0) read_token(f, -1, true);
    read_any(f);
}

static int noise_of(const Span *blanks, int count) {
    int noise = 0;
    for (int k = 0; k < count; k++) noise += blanks[k].length;
    return noise;
}

double blanks_log_weight(const Automaton *m, const int *text, int n, const Span *blanks,
                         const Seen *seen, int count) {
    Forward f = forward_new(m, noise_of(blanks, count));
    for (int i = 0, k = 0; i < n;) {
        bool blank = k < count && blanks[k].first == i;
        if (blank) read_blank(&f, text + i, &seen[k]);
        else read_token(&f, text[i], false);
        i += blank ? blanks[k++].length : 1;
    }
    return forward_end(&f);
}

void blanks_surprise(const Automaton *m, const int *text, int n, const Span *blanks,
                     const int *order, int count, double *nats) {
    Seen *seen = allocate((size_t)count, sizeof *seen);
    double before = blanks_log_weight(m, text, n, blanks, seen, count);
    for (int k = 0, at = 0; k < count; k++)
        for (Seen *s = &seen[order[k]]; !s->over; at++) {
            s->over = s->tokens == blanks[order[k]].length;
            s->tokens += !s->over;
            double after = blanks_log_weight(m, text, n, blanks, seen, count);
            nats[at] = before - after;
            before = after;
        }
    free(seen);
}

double blanks_length_nats(int noise, int count) {
    return lgamma(noise) - lgamma(count) - lgamma(noise - count + 1);
}

// ln of the sum of P(text) over all fillings of blanks of these lengths; `filled`: of the
// text's own alone.
static double known_log_weight(const Automaton *m, const int *text, int n,
                               const Span *blanks, int count, bool filled) {
    Forward f = forward_new(m, 0);
    for (int i = 0, k = 0; i < n; i++) {
        while (k < count && i >= blanks[k].first + blanks[k].length) k++;
        bool blank = k < count && i >= blanks[k].first;
        read_token(&f, blank && !filled ? -1 : text[i], false);
    }
    return forward_end(&f);
}

double blanks_known_nats(const Automaton *m, const int *text, int n, const Span *blanks,
                         int count) {
    return known_log_weight(m, text, n, blanks, count, false)
           - known_log_weight(m, text, n, blanks, count, true);
}
