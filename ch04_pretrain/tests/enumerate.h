// Brute force over all texts of a length: what the exact computations are held against.
#pragma once
#include "ch04_pretrain/language.h"

// text[n] from its number 0 .. symbols^n - 1, first symbol slowest.
static inline void text_of(long code, int symbols, int n, int *text) {
    for (int i = n; i-- > 0; code /= symbols) text[i] = (int)(code % symbols);
}
static inline long texts_of(int symbols, int n) {
    long count = 1;
    while (n-- > 0) count *= symbols;
    return count;
}

typedef double (*Chance)(const void *self, const int *text, int n);

// P(x_i = u | seen, i selected), p [n x symbols], by weighing every text.
static inline void enumerate_posterior(Chance chance, const void *self, int symbols,
                                       const Corruption *c, const int *seen, int n,
                                       double *p) {
    Channel any = channel_of(c, symbols), chosen = channel_selected(c, symbols);
    int text[16];
    for (int i = 0; i < n * symbols; i++) p[i] = 0;
    for (long code = 0; code < texts_of(symbols, n); code++) {
        text_of(code, symbols, n, text);
        double weight = chance(self, text, n);
        if (weight == 0) continue;
        for (int i = 0; i < n; i++) {
            double product = weight;
            for (int k = 0; k < n; k++)
                product *= channel_at(k == i ? &chosen : &any, seen[k], text[k]);
            p[i * symbols + text[i]] += product;
        }
    }
    for (int i = 0; i < n; i++) {
        double total = 0;
        for (int u = 0; u < symbols; u++) total += p[i * symbols + u];
        for (int u = 0; u < symbols && total > 0; u++) p[i * symbols + u] /= total;
    }
}
