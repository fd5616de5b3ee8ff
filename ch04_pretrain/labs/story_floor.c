// How far a loss on the stories can fall, word by word. Lecture, section 4.5.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { POSITIONS = 100, SHOWN = 3, LONGEST = 4096, FEWEST = 200 };

static const Option options[] = {{"stories", "20000", "stories to draw"}, {0}};

typedef struct {
    Mean at[POSITIONS];
    Mean story, words[WORD_KINDS];  // of one story: its nats, its words by kind
    double determined;              // largest loss where the grammar leaves no choice
} Sample;

static void add_story(Sample *sample, const Story *s, const int *text, int n) {
    StoryReader r = story_begin(s);
    double total = 0, words[WORD_KINDS] = {0};
    for (int i = 0; i < n; i++) {
        WordKind kind = story_kind(s, &r);
        double nats = -log(story_read(s, &r, text[i]));
        if (i < POSITIONS) mean_add(&sample->at[i], nats);
        if (kind != WORD_CHOICE) sample->determined = nan_max(sample->determined, nats);
        total += nats, words[kind]++;
    }
    mean_add(&sample->story, total);
    for (int k = 0; k < WORD_KINDS; k++) mean_add(&sample->words[k], words[k]);
}

static void print_stories(Lab *lab, const Story *s) {
    int text[LONGEST];
    Rng rng = lab->rng;
    for (int i = 0; i < SHOWN; i++) {
        int n = story_write(s, &rng, text, LONGEST);
        printf("  ");
        story_print(s, stdout, text, n);
        printf("\n");
    }
}

static void claim_totals(Lab *lab, const StoryTotals *t, const Sample *sample,
                         const double *nats, const double *going) {
    double words = 0, all = 0, by_position = 0;
    for (int k = 0; k < WORD_KINDS; k++) words += t->words[k], all += t->nats[k];
    for (int i = 0; i < LONGEST; i++) by_position += going[i] * nats[i];
    lab_print(lab, "a story: %.2f words, %.3f nats; %.4f nats per word", words, all,
              all / words);
    // the same sum in another order: some 10^4 roundings
    claim_near(lab, "4.15", "nats per story: by position, by state", all, by_position,
               1e-10);
    claim_near(lab, "4.15", "nats per story: stories drawn", all,
               mean_of(sample->story), 5 * mean_error(sample->story));
    for (int k = 0; k < WORD_KINDS; k++) {
        char what[64];
        snprintf(what, sizeof what, "words per story: %s", word_kind_names[k]);
        claim_near(lab, "4.16", what, t->words[k], mean_of(sample->words[k]),
                   5 * mean_error(sample->words[k]));
    }
    // P = 1 is a sum of chances: a few roundings
    claim_at_most(lab, "4.16", "structure and answers: largest loss", 1e-12,
                  sample->determined);
}

static void claim_positions(Lab *lab, const Sample *sample, const double *nats) {
    double worst = 0;
    for (int i = 0; i < POSITIONS; i++) {
        const Mean *m = &sample->at[i];
        if (m->count < FEWEST || mean_error(*m) == 0) continue;
        worst = nan_max(worst, fabs(mean_of(*m) - nats[i]) / mean_error(*m));
    }
    // 5 for one comparison; of a hundred, with means of 200 skew numbers, 5.5
    claim_at_most(lab, "4.17", "floor by position: largest error, standard errors", 5.5,
                  worst);
}

static void draw(Lab *lab, const Sample *sample, const double *nats, double rate) {
    Plot *p = plot_new(lab, "story_floor", "position floor measured error rate");
    for (int i = 0; i < POSITIONS; i++) {
        const Mean *m = &sample->at[i];
        bool enough = m->count >= FEWEST;
        plot_row(p, i + 1, nats[i], enough ? mean_of(*m) : NAN,
                 enough ? mean_error(*m) : NAN, rate);
    }
    plot_axes(p, "word of the story", "nats per word");
    plot_set(p, "yrange [0:*]");
    plot_line(p, "position", "floor", "floor: a sum over states");
    plot_dashes(p, "position", "rate", "mean over all words");
    plot_errors(p, "position", "measured", "error", "stories drawn");
    plot_end(p);
}

static void run(Lab *lab) {
    long stories = option_int(&lab->args, "stories", FEWEST, 10000000);
    Story s = story_new();
    StoryTotals totals = story_totals(&s);
    double *nats = allocate(LONGEST, sizeof *nats),
           *going = allocate(LONGEST, sizeof *nats);
    story_floor(&s, LONGEST, nats, going);
    Sample sample = {0};
    int text[LONGEST];
    print_stories(lab, &s);
    for (long i = 0; i < stories; i++)
        add_story(&sample, &s, text, story_write(&s, &lab->rng, text, LONGEST));
    claim_totals(lab, &totals, &sample, nats, going);
    claim_positions(lab, &sample, nats);
    double words = 0, all = 0;
    for (int k = 0; k < WORD_KINDS; k++)
        words += totals.words[k], all += totals.nats[k];
    draw(lab, &sample, nats, all / words);
    free(nats), free(going);
    story_free(&s);
}

const LabSpec lab_story_floor = {"story-floor", "4.5", "How far a loss can fall", run,
                                 options};
