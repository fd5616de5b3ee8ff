#include "ch04_pretrain/chains.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/dirichlet.h"
#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/markov.h"
#include "common/error.h"

static size_t square(int symbols) { return (size_t)symbols * (size_t)symbols; }

void chains_write(Rng *rng, int symbols, int *text, int n) {
    double *rows = allocate(square(symbols), sizeof *rows);
    for (int a = 0; a < symbols; a++)
        rng_dirichlet(rng, 1, rows + a * symbols, symbols);
    for (int i = 0; i < n; i++)
        text[i] = i ? rng_categorical(rng, rows + text[i - 1] * symbols, symbols)
                    : rng_below(rng, symbols);
    free(rows);
}

// p = (n_ij + 1) / (n_i + V) for the row of counts of symbol i.
static void predict(const double *count, int symbols, double *p) {
    double total = symbols;
    for (int j = 0; j < symbols; j++) total += count[j];
    for (int j = 0; j < symbols; j++) p[j] = (count[j] + 1) / total;
}

void chains_next(const int *text, int n, int symbols, double *p) {
    double *count = allocate((size_t)symbols, sizeof *count);
    for (int i = 1; i < n; i++)
        if (text[i - 1] == text[n - 1]) count[text[i]]++;
    predict(count, symbols, p);  // nothing read: no counts, uniform
    free(count);
}

// What is predicted at each position: p [n x symbols].
static void predictions(const int *text, int n, int symbols, double *p) {
    double *count = allocate(square(symbols), sizeof *count);
    for (int j = 0; j < symbols && n; j++) p[j] = 1.0 / symbols;
    for (int i = 1; i < n; i++) {
        double *row = count + text[i - 1] * symbols;
        predict(row, symbols, p + i * symbols);
        row[text[i]]++;
    }
    free(count);
}

void chains_surprise(const int *text, int n, int symbols, double *nats) {
    double *p = allocate((size_t)n * (size_t)symbols, sizeof *p);
    predictions(text, n, symbols, p);
    for (int i = 0; i < n; i++) nats[i] = -log(p[i * symbols + text[i]]);
    free(p);
}

void chains_floor(Rng *rng, int symbols, int texts, int n, double *floor,
                  double *error) {
    double *p = allocate((size_t)n * (size_t)symbols, sizeof *p);
    int *text = allocate((size_t)n, sizeof *text);
    memset(floor, 0, (size_t)n * sizeof *floor);
    memset(error, 0, (size_t)n * sizeof *error);
    for (int t = 0; t < texts; t++) {
        chains_write(rng, symbols, text, n);
        predictions(text, n, symbols, p);
        for (int i = 0; i < n; i++) {
            double h = entropy(p + i * symbols, symbols);
            floor[i] += h / texts, error[i] += h * h / texts;
        }
    }
    for (int i = 0; i < n; i++)
        error[i] = sqrt(fmax(0, error[i] - floor[i] * floor[i]) / texts);
    free(p), free(text);
}

double chains_entropy_rate(Rng *rng, int symbols, int draws, double *error) {
    double sum = 0, squares = 0;
    for (int t = 0; t < draws; t++) {
        Markov m = markov_random(rng, symbols, 1, 1, 0);
        double h = markov_entropy_rate(&m);
        sum += h, squares += h * h;
        markov_free(&m);
    }
    double mean = sum / draws;
    *error = sqrt((squares / draws - mean * mean) / draws);
    return mean;
}
