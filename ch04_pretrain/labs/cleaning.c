// Cleaning: what was planted among good stories is what goes. Lecture, section 4.17.
//
// Each kind of bad document is made of a story or in place of one, so it is known how many
// documents every rule must remove, and that no story may go.
#include "ch04_pretrain/clean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/html.h"
#include "ch04_pretrain/labs/story_texts.h"
#include "ch04_pretrain/shingles.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { STEP = 20, SHUFFLES = 2000 };

static const Option options[] = {{"stories", "600", "good documents, some 0.1 ms each"},
                                 {0}};

// ---- what is planted

typedef void (*Plant)(Text *to, const Document *story);

static void plant_short(Text *to, const Document *story) {
    text_append(to, story->at, 30);
}
static void plant_symbols(Text *to, const Document *story) {
    for (size_t i = 0; i < story->size; i++)
        text_add(to, "%c%s", story->at[i], i % 2 ? "" : "|}");
}
static void plant_lines(Text *to, const Document *story) {
    for (int i = 0; i < 8; i++)
        text_add(to, "%.*s%s", 20, story->at, i % 2 ? " Home\n" : " - more here\n");
}
static void plant_runs(Text *to, const Document *story) {
    for (int i = 0; i < 3; i++) text_add(to, "%.*s ", (int)story->size, story->at);
}
// a to z become letters from U+0430 on
static void plant_script(Text *to, const Document *story) {
    for (size_t i = 0; i < story->size; i++) {
        char c = story->at[i];
        if ('a' <= c && c <= 'z')
            text_add(to, "\xd0%c", (char)('\xb0' + (c - 'a') % 16));
        else text_append(to, &c, 1);
    }
}
static void plant_equal(Text *to, const Document *story) {
    text_append(to, story->at, story->size);
}
static void plant_near(Text *to, const Document *story) {
    text_add(to, "%.*s The end.", (int)story->size, story->at);
}

static const struct {
    int reason, per_hundred;  // stories
    Plant plant;
} planted[] = {{RULE_WORDS, 10, plant_short},  {RULE_LETTERS, 8, plant_symbols},
               {RULE_LINES, 6, plant_lines},   {RULE_RUNS, 5, plant_runs},
               {RULE_SCRIPT, 7, plant_script}, {REASON_EQUAL, 9, plant_equal},
               {REASON_NEAR, 11, plant_near}};
enum { KINDS = sizeof planted / sizeof *planted };

// A file of documents in any order: stories, and the planted ones.
static Text write_file(const StoryTexts *t, Rng *rng, size_t counts[KINDS]) {
    static const char end[] = "<|endoftext|>";
    size_t stories = t->documents.count, total = stories, at = 0;
    for (int k = 0; k < KINDS; k++)
        total += counts[k] = stories * (size_t)planted[k].per_hundred / 100;
    Text *each = allocate(total, sizeof *each), all = {0};
    for (size_t i = 0; i < stories; i++)
        plant_equal(&each[at++], &t->documents.list[i]);
    for (int k = 0; k < KINDS; k++)
        for (size_t i = 0; i < counts[k]; i++)  // each of another story
            planted[k].plant(&each[at++], &t->documents.list[(i * KINDS + (size_t)k)]);
    int *order = allocate(total, sizeof *order);
    for (size_t i = 0; i < total; i++) order[i] = (int)i;
    rng_shuffle(rng, order, (int)total);
    for (size_t i = 0; i < total; i++) {
        text_append(&all, each[order[i]].data, each[order[i]].size);
        text_append(&all, end, sizeof end - 1);
    }
    for (size_t i = 0; i < total; i++) free(each[i].data);
    free(each), free(order);
    return all;
}

// ---- what is found

static void claim_reasons(Lab *lab, const Cleaning *c, const size_t counts[KINDS],
                          size_t stories) {
    char what[64];
    for (int k = 0; k < KINDS; k++) {
        snprintf(what, sizeof what, "removed by the rule '%s'",
                 clean_reason_name(planted[k].reason));
        claim_equal(lab, "4.100", what, (long long)counts[k],
                    (long long)clean_count(c, 0, planted[k].reason, NULL));
    }
    claim_equal(lab, "4.100", "documents that stay", (long long)stories,
                (long long)clean_count(c, 0, CLEAN_REASONS, NULL));
}

// A page around each story, and what is read off it.
static void claim_pages(Lab *lab, const StoryTexts *t) {
    long long different = 0;
    for (size_t i = 0; i < t->documents.count; i++) {
        const Document *d = &t->documents.list[i];
        Text page = {0}, read = {0};
        text_add(&page,
                 "<!DOCTYPE html><head><title>x</title><style>p {}</style></head>"
                 "<body class='a > b'><!-- <p> --><p>\n%.*s<script>1 < 2</script></p>",
                 (int)d->size, d->at);
        html_to_text(&read, page.data, page.size);
        different += read.size != d->size + 1 || memcmp(read.data, d->at, d->size) != 0;
        free(page.data), free(read.data);
    }
    claim_equal(lab, "4.101", "pages whose text is not the story in them", 0,
                different);
}

// ---- copies on both sides of the split

// Held-out documents that have a near-duplicate in the rest; all pairs are compared.
static long long leaked(const Documents *d) {
    NearSettings near = near_settings(1);
    Documents rest, held_out;
    documents_split(d, STEP, &rest, &held_out);
    Shingles *of_rest = allocate(rest.count, sizeof *of_rest);
    for (size_t i = 0; i < rest.count; i++)
        of_rest[i] = shingles_of(rest.list[i].at, rest.list[i].size, near.words);
    long long count = 0;
    for (size_t k = 0; k < held_out.count; k++) {
        Shingles s =
            shingles_of(held_out.list[k].at, held_out.list[k].size, near.words);
        size_t i = 0;
        while (i < rest.count && jaccard(&s, &of_rest[i]) < near.least) i++;
        count += i < rest.count;
        shingles_free(&s);
    }
    for (size_t i = 0; i < rest.count; i++) shingles_free(&of_rest[i]);
    free(of_rest), documents_free(&rest), documents_free(&held_out);
    return count;
}

static void claim_leaks(Lab *lab, const Cleaning *c) {
    Documents kept = {.list = allocate(c->all.count, sizeof(Document))};
    for (size_t i = 0; i < c->all.count; i++)
        if (c->reason[i] == CLEAN_REASONS) kept.list[kept.count++] = c->all.list[i];
    lab_print(lab, "held-out documents with a near-duplicate in the rest: %lld",
              leaked(&c->all));
    claim_equal(lab, "4.103", "and after cleaning", 0, leaked(&kept));
    documents_free(&kept);
}

// Pairs of copies in random order: how many have just one in the held-out part.
static void claim_split(Lab *lab, size_t documents, size_t pairs) {
    int n = (int)documents, held = n / STEP;
    int *order = allocate(documents, sizeof *order);
    Mean split = {0};
    for (int i = 0; i < n; i++) order[i] = i;
    for (int s = 0; s < SHUFFLES; s++) {
        double count = 0;
        rng_shuffle(&lab->rng, order, n);
        for (size_t p = 0; p < pairs; p++) {
            bool first = order[2 * p] % STEP == STEP - 1,
                 second = order[2 * p + 1] % STEP == STEP - 1;
            count += first != second;
        }
        mean_add(&split, count);
    }
    double expected = (double)pairs * 2 * held * (n - held) / ((double)n * (n - 1));
    claim_near(lab, "4.102", "pairs on both sides: 2 h (n - h) / n (n - 1) of them",
               expected, mean_of(split), 5 * mean_error(split));
    free(order);
}

// ---- the lab

static void draw(Lab *lab, const Cleaning *c, const size_t counts[KINDS]) {
    Plot *p = plot_new(lab, "cleaning", "reason planted removed");
    Text tics = {0};
    for (int k = 0; k < KINDS; k++) {
        plot_row(p, k, (double)counts[k],
                 (double)clean_count(c, 0, planted[k].reason, NULL));
        text_add(&tics, "%s\"%s\" %d", k ? ", " : "",
                 clean_reason_name(planted[k].reason), k);
    }
    plot_axes(p, "", "documents");
    plot_set(p, "xtics (%s)", tics.data), plot_set(p, "yrange [0:*]");
    plot_set(p, "xrange [-0.6:%g]", KINDS - 0.4), plot_set(p, "boxwidth 0.6");
    plot_series(p,
                "using \"reason\":\"planted\" with boxes fill solid 0.3 linecolor "
                "\"" PLOT_BLUE "\" title \"planted\"");
    plot_points(p, "reason", "removed", "removed");
    plot_end(p);
    free(tics.data);
}

static void run(Lab *lab) {
    size_t stories = (size_t)option_int(&lab->args, "stories", 100, 100000);
    Story s = story_new();
    StoryTexts t = story_texts(&s, &lab->rng, stories);
    size_t counts[KINDS];
    Text file = write_file(&t, &lab->rng, counts);
    CleanSettings settings = clean_defaults();
    settings.script = SCRIPT_LATIN;
    settings.near = near_settings(lab->seed);
    Cleaning c;
    clean_begin(&c, 1), clean_add(&c, 0, file.data, file.size, HTML_NEVER);
    clean_apply(&c, &settings, NULL);
    claim_reasons(lab, &c, counts, stories);
    claim_pages(lab, &t);
    claim_split(lab, c.all.count, counts[KINDS - 2] + counts[KINDS - 1]);
    claim_leaks(lab, &c);
    draw(lab, &c, counts);
    clean_free(&c), story_texts_free(&t), story_free(&s);
    free(file.data);
}

const LabSpec lab_cleaning = {"cleaning", "4.17", "What cleaning removes", run,
                              options};
