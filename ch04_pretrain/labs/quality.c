// Quality filters: how much that is good they throw away, and what each of them sees.
// Lecture, section 4.19.
//
// The bound is the j-th smallest score of m trusted documents that the filter did not
// learn from. A new good document is equally likely to fall in any of the m + 1 gaps
// between them: it goes with probability (m + 1 - j) / (m + 1), whatever the filter is.
#include "ch04_pretrain/quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/labs/story_texts.h"
#include "common/error.h"
#include "common/program/plot.h"
#include "common/program/text.h"

enum { FOLDS = 5 };

static const Option options[] = {
    {"trusted", "8000",
     "4000 or more trusted stories; as many good ones are among those to filter"},
    {"share", "0.9", "of the trusted that each filter lets pass"},
    {0}};

// ---- bad documents, made of good ones: story i of them, and those after it

typedef void (*Make)(Text *to, const Documents *stories, size_t i, Rng *rng);

static void leave(Text *to, const Documents *stories, size_t i, Rng *rng) {
    (void)rng;
    text_append(to, stories->list[i].at, stories->list[i].size);
}

// The k-th sentence; empty where there is none.
static Document sentence_of(const Document *d, int k) {
    const char *p = d->at, *end = p + d->size;
    for (;; k--) {
        const char *last = p;
        while (last < end && !strchr(".?!", *last)) last++;
        last += last < end;
        if (k == 0 || p == end) return (Document){p, (size_t)(last - p)};
        for (p = last; p < end && *p == ' ';) p++;
    }
}

// Each sentence from another story.
static void mix_sentences(Text *to, const Documents *stories, size_t i, Rng *rng) {
    (void)rng;
    for (int k = 0; sentence_of(&stories->list[i], k).size; k++) {
        size_t other = (i + (size_t)k) % stories->count;
        Document d = sentence_of(&stories->list[other], k);
        text_add(to, "%.*s ", (int)d.size, d.at);
    }
}

enum { MOST_WORDS = 512 };

static void print_words(Text *to, const Document *d, int exchanges, Rng *rng) {
    const char *at[MOST_WORDS];
    int words = 0;
    for (const char *p = d->at, *end = p + d->size; p < end && words < MOST_WORDS;) {
        at[words++] = p;
        while (p < end && *p != ' ') p++;
        p += p < end;
    }
    for (int n = 0; n < exchanges; n++) {
        int i = rng_below(rng, words), j = rng_below(rng, words);
        const char *other = at[i];
        at[i] = at[j], at[j] = other;
    }
    for (int i = 0; i < words; i++)
        text_add(to, "%.*s ", (int)strcspn(at[i], " "), at[i]);
}

static void exchange_two(Text *to, const Documents *stories, size_t i, Rng *rng) {
    print_words(to, &stories->list[i], 1, rng);
}
static void shuffle_words(Text *to, const Documents *stories, size_t i, Rng *rng) {
    print_words(to, &stories->list[i], 4 * MOST_WORDS, rng);
}

static const struct {
    const char *name;
    Make make;
} kinds[] = {{"stories", leave},
             {"sentences mixed", mix_sentences},
             {"two words exchanged", exchange_two},
             {"words shuffled", shuffle_words}};
enum { KINDS = sizeof kinds / sizeof *kinds };

// ---- filtering

typedef struct {
    StoryTexts trusted, stories;
    Documents mixed;  // document i is of kind i % KINDS
    Text *texts;
} Sample;

static Sample draw_sample(Lab *lab, size_t trusted) {
    Story s = story_new();
    Sample sample = {story_texts(&s, &lab->rng, trusted),
                     story_texts(&s, &lab->rng, trusted * KINDS),
                     {.list = allocate(trusted * KINDS, sizeof(Document))},
                     allocate(trusted * KINDS, sizeof(Text))};
    for (size_t i = 0; i < trusted * KINDS; i++) {
        Text *t = &sample.texts[i];
        // kinds in pairs, so that both halves of the others have as many of each
        kinds[i / 2 % KINDS].make(t, &sample.stories.documents, i, &lab->rng);
        sample.mixed.list[sample.mixed.count++] = (Document){t->data, t->size};
    }
    story_free(&s);
    return sample;
}

static void sample_free(Sample *s) {
    for (size_t i = 0; i < s->mixed.count; i++) free(s->texts[i].data);
    free(s->texts), free(s->mixed.list);
    story_texts_free(&s->trusted), story_texts_free(&s->stories);
}

// Shares of each kind that go.
typedef struct {
    double bytes[KINDS], words[KINDS];
    double told;  // of stories, by the classifier that learned that they are others
} Shares;

static Shares filter(const Quality *q, const Sample *s) {
    Shares shares = {0};
    double each = (double)KINDS / (double)s->mixed.count;
    for (size_t i = 0; i < s->mixed.count; i++) {
        size_t kind = i / 2 % KINDS;
        const Document *d = &s->mixed.list[i];
        shares.bytes[kind] += each * (quality_by_bytes(q, d) < 0);
        shares.words[kind] += each * (quality_by_words(q, d, i) < 0);
        if (kind == 0) shares.told += each * (quality_by_words(q, d, i + 1) < 0);
    }
    return shares;
}

// ---- claims

// The share of n new documents beyond the j-th of m: its mean, and its variance: that of
// the bound's own place (a Beta distribution) and of n draws. Two classifiers have a bound
// each, of the same m documents: as if there were one.
static void loss_of_good(Lab *lab, const char *what, double share, size_t trusted,
                         double found) {
    double m = (double)(trusted / FOLDS), j = ceil(share * (m - 1)) + 1,
           beyond = (m + 1 - j) / (m + 1), n = (double)trusted;
    double variance = beyond * (1 - beyond) * (1 / (m + 2) + 1 / n);
    claim_near(lab, "4.108", what, beyond, found, 5 * sqrt(variance));
}

static void claim_shares(Lab *lab, const Shares *s, double share, size_t trusted) {
    loss_of_good(lab, "good stories removed by perplexity", share, trusted,
                 s->bytes[0]);
    loss_of_good(lab, "good stories removed by the classifier", share, trusted,
                 s->words[0]);
    lab_print(lab, "by the classifier that learned that they are others: %.3f",
              s->told);
    // Two shares of the same stories: five errors of their difference, as if independent.
    double n = (double)trusted,
           error =
               sqrt((s->told * (1 - s->told) + s->words[0] * (1 - s->words[0])) / n);
    claim_at_least(lab, "4.109", "told less not told: more good ones are removed",
                   5 * error, s->told - s->words[0]);
    for (int k = 1; k < KINDS; k++)
        lab_print(lab, "%s: perplexity removes %.3f, the classifier %.3f",
                  kinds[k].name, s->bytes[k], s->words[k]);
}

static void draw(Lab *lab, const Shares *s, double share) {
    Plot *p = plot_new(lab, "quality", "kind left right bytes words allowed");
    Text tics = {0};
    for (int k = 0; k < KINDS; k++) {
        plot_row(p, k, k - 0.18, k + 0.18, s->bytes[k], s->words[k], 1 - share);
        // the last word on a line of its own
        const char *name = kinds[k].name, *last = strrchr(name, ' ');
        int first = last ? (int)(last - name) : 0;
        text_add(&tics, "%s\"%.*s%s%s\" %d", k ? ", " : "", first, name,
                 last ? "\\n" : "", last ? last + 1 : name, k);
    }
    plot_axes(p, "", "share removed");
    plot_set(p, "xtics (%s)", tics.data), plot_set(p, "yrange [0:1.05]"),
        plot_set(p, "bmargin 4");
    plot_set(p, "xrange [-0.6:%g]", KINDS - 0.4), plot_set(p, "boxwidth 0.34");
    plot_series(
        p, "using \"left\":\"bytes\" with boxes fill solid 0.6 linecolor \"" PLOT_BLUE
           "\" title \"perplexity\"");
    plot_series(p,
                "using \"right\":\"words\" with boxes fill solid 0.6 linecolor "
                "\"" PLOT_ORANGE "\" title \"classifier\"");
    plot_dashes(p, "kind", "allowed", "good ones, as derived");
    plot_end(p);
    free(tics.data);
}

static void run(Lab *lab) {
    size_t trusted = (size_t)option_int(&lab->args, "trusted", 4000, 100000);
    double share = option_real(&lab->args, "share", 0.5, 0.99);
    Sample s = draw_sample(lab, trusted);
    Quality q = quality_learn(&s.trusted.documents, &s.mixed, share, &lab->rng);
    Shares shares = filter(&q, &s);
    claim_shares(lab, &shares, share, trusted);
    draw(lab, &shares, share);
    quality_free(&q), sample_free(&s);
}

const LabSpec lab_quality = {"quality", "4.19", "What two filters of quality see", run,
                             options};
