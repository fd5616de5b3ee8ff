// One fact for the whole answer, or for each token another one. Lecture, section 5.16.
//
// Two facts and an answer of two words, in two cases that can be written down:
//
//     two halves     each fact knows one word of the answer, and guesses the other among V
//     two stories    each fact has an answer of its own: "Anna Blax", "Tom Gorn"
//
// In the first RAG-Token puts the halves together, in the second it does so too, and says
// what no fact says: "Anna Gorn".
#include <math.h>

#include "ch05_sft_rlhf/rag.h"
#include "ch05_sft_rlhf/table_reader.h"
#include "common/program/plot.h"

static const Option options[] = {{"values", "8", "words to guess among"}, {0}};

enum { FACTS = 2, PLACES = 2, MOST_VALUES = 64 };

// ---- what is known from section 5.16

static void claim_worked(Lab *lab) {
    double prior[] = {log(0.7), log(0.3)},
           each[2][2] = {{log(0.9), log(0.2)}, {log(0.1), log(0.8)}};
    // sums of a few numbers below 1: some ulps
    claim_near(lab, "5.145", "(.7, .3), (.9, .2), (.1, .8): RAG-Sequence", 0.15,
               exp(rag_sequence(prior, each[0], 2, 2)), 1e-15);
    claim_near(lab, "5.145", "the same: RAG-Token", 0.2508,
               exp(rag_token(prior, each[0], 2, 2)), 1e-15);
}

static void claim_long(Lab *lab) {
    enum { TOKENS = 400 };
    double prior[] = {log(0.7), log(0.3)}, each[2 * TOKENS];
    for (int i = 0; i < 2 * TOKENS; i++) each[i] = -5;
    // a sum of 400 numbers near 5, at most 2000: 400 roundings of 2000 eps each
    claim_near(lab, "5.146", "400 tokens of ln p = -5: RAG-Sequence", -2000,
               rag_sequence(prior, each, 2, TOKENS), 400 * 2000 * 0x1p-53);
    claim_near(lab, "5.146", "the same: RAG-Token", -2000,
               rag_token(prior, each, 2, TOKENS), 400 * 2000 * 0x1p-53);
}

// ---- two facts, two words, V values

// Reader z: word i is `says[i]` with certainty; -1: any of the values.
static Predictor reader(const int *says, int values) {
    static double p[PLACES * (MOST_VALUES + 1) * MOST_VALUES];
    for (int place = 0; place < PLACES; place++)
        for (int last = 0; last <= values; last++)
            for (int x = 0; x < values; x++)
                p[(place * (values + 1) + last) * values + x] =
                    says[place] < 0 ? 1.0 / values : x == says[place];
    return table_reader(p, PLACES, values, -1, 1);
}

typedef struct {
    int values;
    int says[FACTS][PLACES];
} Case;

// The probability of an answer where the first fact has the share w.
static double chance(const Case *c, RagKind kind, double w, int first, int second) {
    Predictor readers[FACTS];
    for (int z = 0; z < FACTS; z++) readers[z] = reader(c->says[z], c->values);
    double prior[] = {log(w), log(1 - w)};
    double p = exp(
        rag_log_prob(&(Rag){FACTS, prior, readers}, kind, (int[]){first, second}, 2));
    for (int z = 0; z < FACTS; z++) predictor_free(&readers[z]);
    return p;
}

static double total(const Case *c, RagKind kind, double w) {
    double sum = 0;
    for (int a = 0; a < c->values; a++)
        for (int b = 0; b < c->values; b++) sum += chance(c, kind, w, a, b);
    return sum;
}

static void draw(Plot *p) {
    plot_axes(p, "p(z) of the first fact", "probability");
    plot_set(p, "yrange [0:0.6]");
    plot_line(p, "share", "token", "two halves joined: RAG-Token, derived");
    plot_line(p, "share", "sequence", "the same: RAG-Sequence, derived");
    plot_line(p, "share", "blend", "two stories mixed: RAG-Token, derived");
    plot_points(p, "share", "halves_token", "summed");
    plot_points(p, "share", "halves_sequence", "summed");
    plot_points(p, "share", "blends_token", "summed");
    plot_points(p, "share", "blends_sequence", "two stories mixed: RAG-Sequence");
    plot_end(p);
}

static void run(Lab *lab) {
    int values = (int)option_int(&lab->args, "values", 4, MOST_VALUES);
    double V = values, worst_total = 0, worst = 0;
    Case halves = {values, {{0, -1}, {-1, 1}}}, stories = {values, {{0, 1}, {2, 3}}};
    Plot *p = plot_new(lab, "rag_sums",
                       "share halves_token halves_sequence blends_token "
                       "blends_sequence token sequence blend");
    for (int i = 1; i < 20; i++) {
        double w = i / 20.0, token = (w + (1 - w) / V) * (w / V + 1 - w),
               sequence = 1 / V, blend = 2 * w * (1 - w);
        double found[] = {
            chance(&halves, RAG_TOKEN, w, 0, 1), chance(&halves, RAG_SEQUENCE, w, 0, 1),
            chance(&stories, RAG_TOKEN, w, 0, 3) + chance(&stories, RAG_TOKEN, w, 2, 1),
            chance(&stories, RAG_SEQUENCE, w, 0, 3)
                + chance(&stories, RAG_SEQUENCE, w, 2, 1)};
        double expected[] = {token, sequence, blend, 0};
        for (int k = 0; k < 4; k++)
            worst = nan_max(worst, fabs(found[k] - expected[k]));
        for (int k = 0; k < RAG_KINDS; k++)
            worst_total = nan_max(worst_total, fabs(total(&halves, k, w) - 1));
        plot_row(p, w, found[0], found[1], found[2], found[3], token, sequence, blend);
    }
    claim_worked(lab), claim_long(lab);
    // sums of V^2 products of rounded numbers, each below 1
    claim_near(lab, "5.147", "all answers: |sum - 1|, worst", 0, worst_total,
               V * V * 0x1p-52);
    claim_near(lab, "5.148", "halves and blends against formulas, worst", 0, worst,
               0x1p-50);
    draw(p);
}

const LabSpec lab_rag_sums = {"rag-sums", "5.16",
                              "One fact for the answer, or for each token another", run,
                              options};
