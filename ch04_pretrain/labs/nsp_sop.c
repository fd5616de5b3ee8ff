// Two tasks on pairs of sentences, and who can solve them without reading. Lecture,
// section 4.10.
//
// A document has one of K topics and sentences 1 .. M. Next-sentence prediction (BERT):
// a pair is two neighbours, or, half the time, its second sentence comes from another
// document. Sentence-order prediction (ALBERT): two neighbours, half the time
// exchanged. One reader sees only topics, the other only places in the document.
#include <math.h>
#include <stdio.h>

#include "common/program/plot.h"

enum { SENTENCES = 8 };

static const Option options[] = {{"pairs", "200000", "pairs for each number of topics"},
                                 {0}};

typedef struct {
    int topic, place;
} Sentence;
typedef struct {
    Sentence first, second;
    bool genuine;  // really next; in the right order
} Pair;

static Pair neighbours(Rng *rng, int topics) {
    int topic = rng_below(rng, topics), place = rng_below(rng, SENTENCES - 1);
    return (Pair){{topic, place}, {topic, place + 1}, true};
}

static Pair nsp_pair(Rng *rng, int topics) {
    Pair p = neighbours(rng, topics);
    p.genuine = rng_below(rng, 2);
    // another document's sentence: any but a first one, as the true one is
    if (!p.genuine)
        p.second =
            (Sentence){rng_below(rng, topics), 1 + rng_below(rng, SENTENCES - 1)};
    return p;
}

static Pair sop_pair(Rng *rng, int topics) {
    Pair p = neighbours(rng, topics);
    p.genuine = rng_below(rng, 2);
    if (!p.genuine) {
        Sentence first = p.first;
        p.first = p.second, p.second = first;
    }
    return p;
}

static bool same_topic(const Pair *p) { return p->first.topic == p->second.topic; }
static bool in_order(const Pair *p) { return p->second.place == p->first.place + 1; }

typedef Pair (*Task)(Rng *rng, int topics);
typedef bool (*Reader)(const Pair *p);

static double accuracy(Rng *rng, Task task, Reader reader, int topics, long pairs) {
    long right = 0;
    for (long i = 0; i < pairs; i++) {
        Pair p = task(rng, topics);
        right += reader(&p) == p.genuine;
    }
    return (double)right / (double)pairs;
}

static double tolerance(double p, long pairs) {
    return 5 * sqrt(p * (1 - p) / (double)pairs);
}

static void run(Lab *lab) {
    long pairs = option_int(&lab->args, "pairs", 1000, 100000000);
    static const int topics[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};
    const double order = 1 - 0.5 / (SENTENCES - 1);
    Plot *p = plot_new(lab, "nsp_sop",
                       "topics nsp_topic nsp_predicted sop_topic half nsp_order");
    for (int i = 0; i < 10; i++) {
        int k = topics[i];
        double predicted = 1 - 0.5 / k;
        double nsp = accuracy(&lab->rng, nsp_pair, same_topic, k, pairs);
        double sop = accuracy(&lab->rng, sop_pair, same_topic, k, pairs);
        double places = accuracy(&lab->rng, nsp_pair, in_order, k, pairs);
        plot_row(p, k, nsp, predicted, sop, 0.5, places);
        if (k != 2 && k != 8 && k != 32) continue;
        char what[64];
        snprintf(what, sizeof what, "%d topics, topic only: NSP 1 - 1/2K", k);
        claim_near(lab, "4.30", what, predicted, nsp, tolerance(predicted, pairs));
        snprintf(what, sizeof what, "%d topics, topic only: SOP 1/2", k);
        claim_near(lab, "4.31", what, 0.5, sop, tolerance(0.5, pairs));
        claim_near(lab, "4.32", "places only: NSP 1 - 1/2(M - 1)", order, places,
                   tolerance(order, pairs));
    }
    claim_near(lab, "4.32", "places only: SOP", 1,
               accuracy(&lab->rng, sop_pair, in_order, 8, pairs), 0);
    plot_axes(p, "K: topics", "share of pairs answered rightly");
    plot_set(p, "yrange [0.4:1.05]"), plot_set(p, "logscale x 2");
    plot_line(p, "topics", "nsp_predicted", "1 - 1/2K");
    plot_line(p, "topics", "half", "1/2");
    plot_points(p, "topics", "nsp_topic", "NSP by topic");
    plot_points(p, "topics", "sop_topic", "SOP by topic");
    plot_points(p, "topics", "nsp_order", "NSP by place");
    plot_end(p);
}

const LabSpec lab_nsp_sop = {"nsp-sop", "4.10", "Tasks that can be solved unread", run,
                             options};
