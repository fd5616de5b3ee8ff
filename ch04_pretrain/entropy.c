#include "ch04_pretrain/entropy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"

double entropy(const double *p, int n) {
    double nats = 0;
    for (int i = 0; i < n; i++)
        if (p[i] > 0) nats -= p[i] * log(p[i]);
    return nats;
}

double divergence(const double *p, const double *q, int n) {
    double nats = 0;
    for (int i = 0; i < n; i++)
        if (p[i] > 0) nats += p[i] * log(p[i] / q[i]);
    return nats;
}

BlockEntropy entropy_of_counts(const long long *counts, size_t cells) {
    BlockEntropy h = {0};
    double sum = 0;
    for (size_t i = 0; i < cells; i++) {
        if (!counts[i]) continue;
        h.seen++, h.total += counts[i];
        sum += (double)counts[i] * log((double)counts[i]);
    }
    if (!h.total) return h;
    double total = (double)h.total;
    h.plain = log(total) - sum / total;
    h.corrected = h.plain + (double)(h.seen - 1) / (2 * total);
    return h;
}

BlockEntropy block_entropy(const int *text, int n, int symbols, int width) {
    size_t cells = 1, block = 0;
    for (int i = 0; i < width; i++) cells *= (size_t)symbols;
    long long *counts = allocate(cells, sizeof *counts);
    for (int i = 0; i < n; i++) {
        assert(text[i] >= 0 && text[i] < symbols);
        block = (block * (size_t)symbols + (size_t)text[i]) % cells;
        counts[block] += i + 1 >= width;
    }
    BlockEntropy h = entropy_of_counts(counts, cells);
    free(counts);
    return h;
}

void kt_estimate(double *q, const double *count, int n) {
    double total = n / 2.0;
    for (int i = 0; i < n; i++) total += count[i];
    for (int i = 0; i < n; i++) q[i] = (count[i] + 0.5) / total;
}
