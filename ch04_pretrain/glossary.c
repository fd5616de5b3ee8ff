#include "ch04_pretrain/glossary.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/entropy.h"
#include "common/error.h"
#include "common/numeric/mean.h"

const double glossary_wrong = 0.2;

const char *glossary_word(int symbol) {
    static const char *const words[] = {"dax",  "wug",  "fep",  "blick", "ball", "book",
                                        "kite", "doll", "drum", "lamp",  "."};
    _Static_assert(sizeof words / sizeof *words == GLOSSARY_SYMBOLS,
                   "a symbol without a word");
    return words[symbol];
}

// ---- writing

static int said(Rng *rng, int meaning) {
    if (rng_uniform(rng) >= glossary_wrong) return meaning;
    int other = rng_below(rng, GLOSSARY_TOYS - 1);
    return other + (other >= meaning);
}

void glossary_write(Rng *rng, int *text, int n, int *meaning) {
    int drawn[GLOSSARY_WORDS], word = 0;
    for (int w = 0; w < GLOSSARY_WORDS; w++) drawn[w] = rng_below(rng, GLOSSARY_TOYS);
    for (int i = 0; i < n; i++) switch (i % GLOSSARY_SENTENCE) {
            case 0: text[i] = word = rng_below(rng, GLOSSARY_WORDS); break;
            case 1: text[i] = GLOSSARY_WORDS + said(rng, drawn[word]); break;
            case 2: text[i] = GLOSSARY_STOP; break;
        }
    if (meaning) memcpy(meaning, drawn, sizeof drawn);
}

// ---- reading

typedef struct {
    int count[GLOSSARY_WORDS][GLOSSARY_TOYS];
    int read, word, toy;  // symbols so far; of this sentence
    bool impossible;
} GlossaryReader;

// p[GLOSSARY_TOYS]: what is said next of a word, from how often each toy was.
static void predict_toy(const int *count, double *p) {
    const double other = glossary_wrong / (GLOSSARY_TOYS - 1),
                 log_ratio = log((1 - glossary_wrong) / other);
    double total = 0;
    int most = 0;
    for (int k = 0; k < GLOSSARY_TOYS; k++)
        if (count[k] > most) most = count[k];
    for (int k = 0; k < GLOSSARY_TOYS; k++)
        total += p[k] = exp(log_ratio * (count[k] - most));
    for (int k = 0; k < GLOSSARY_TOYS; k++) {
        double belief = p[k] / total;
        p[k] = (1 - glossary_wrong) * belief + other * (1 - belief);
    }
}

static void reader_next_symbol(const GlossaryReader *r, double *p) {
    memset(p, 0, GLOSSARY_SYMBOLS * sizeof *p);
    if (r->impossible) return;
    switch (r->read % GLOSSARY_SENTENCE) {
        case 0:
            for (int w = 0; w < GLOSSARY_WORDS; w++) p[w] = 1.0 / GLOSSARY_WORDS;
            break;
        case 1: predict_toy(r->count[r->word], p + GLOSSARY_WORDS); break;
        case 2: p[GLOSSARY_STOP] = 1; break;
    }
}

// P(symbol | read so far), and reads it.
static double reader_read_symbol(GlossaryReader *r, int symbol) {
    double p[GLOSSARY_SYMBOLS];
    reader_next_symbol(r, p);
    if (p[symbol] == 0) {
        r->impossible = true;
        return 0;
    }
    int place = r->read++ % GLOSSARY_SENTENCE;
    if (place == 0) r->word = symbol;
    if (place == 1) r->count[r->word][symbol - GLOSSARY_WORDS]++;
    return p[symbol];
}

void glossary_next(const int *text, int n, double *p) {
    GlossaryReader r = {0};
    for (int i = 0; i < n; i++) reader_read_symbol(&r, text[i]);
    reader_next_symbol(&r, p);
}

void glossary_surprise(const int *text, int n, double *nats) {
    GlossaryReader r = {0};
    for (int i = 0; i < n; i++) nats[i] = -log(reader_read_symbol(&r, text[i]));
}

void glossary_floor(Rng *rng, int texts, int n, double *floor, double *error) {
    Mean *nats = allocate((size_t)n, sizeof *nats);
    int *text = allocate((size_t)n, sizeof *text);
    for (int t = 0; t < texts; t++) {
        GlossaryReader r = {0};
        double p[GLOSSARY_SYMBOLS];
        glossary_write(rng, text, n, NULL);
        for (int i = 0; i < n; i++) {
            reader_next_symbol(&r, p), mean_add(&nats[i], entropy(p, GLOSSARY_SYMBOLS));
            reader_read_symbol(&r, text[i]);
        }
    }
    for (int i = 0; i < n; i++)
        floor[i] = mean_of(nats[i]), error[i] = mean_error(nats[i]);
    free(nats), free(text);
}

// ---- how often the best answer is right

// How many sequences of `items` toys, of `boxes` kinds, say none of them `most` times or
// more, over items!: the coefficient of x^items in (sum_{c < most} x^c / c!)^boxes.
static double ways_below(int items, int boxes, int most) {
    enum { MOST_ITEMS = 64 };
    assert(items < MOST_ITEMS);
    double ways[MOST_ITEMS] = {1};  // of no boxes
    for (int b = 0; b < boxes; b++)
        for (int n = items; n >= 0; n--) {
            double sum = 0;
            for (int c = 0; c < most && c <= n; c++) sum += ways[n - c] / tgamma(c + 1);
            ways[n] = sum;
        }
    return ways[items];
}

// The meaning is said `a` times, j others as often, the rest less often: right in one of
// j + 1 cases.
double glossary_right(int n, int toys, double wrong) {
    double right = 0, other = wrong / (toys - 1);
    for (int a = 0; a <= n; a++)
        for (int j = 0; j < toys && (j + 1) * a <= n; j++) {
            int rest = n - (j + 1) * a;
            double choose = tgamma(toys) / (tgamma(j + 1) * tgamma(toys - j));
            double ways = choose * ways_below(rest, toys - 1 - j, a)
                          / pow(tgamma(a + 1), j + 1) * tgamma(n + 1);
            right += ways * pow(1 - wrong, a) * pow(other, n - a) / (j + 1);
        }
    return right;
}
