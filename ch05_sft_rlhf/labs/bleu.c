// BLEU beside right and wrong. Lecture, section 5.17.
//
// The assistant is asked to say a sentence with another word in it. Where it has not
// learnt to, it says the sentence as it is: all words but one are right, and the answer is
// wrong.
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/bleu.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"count", "60", "held-out questions of each kind"},
                                 {"checkpoint", "", "another fine-tuned model"},
                                 {0}};

enum { KINDS = 4 };
static const TaskKind kinds[KINDS] = {TASK_REPEAT, TASK_SWAP, TASK_SWAP_TOY,
                                      TASK_REVERSE};

typedef struct {
    Bleu answers,
        copies;        // of the assistant; of who repeats what comes after the colon
    Bleu counted;      // copies, by counting the runs that no changed word is in
    double right;      // share, of the assistant's
    int copies_right;  // how many
    // of the assistant's, one by one
    Bleu *each;
    bool *each_right;
    int count;
} Found;

static double bleu_less_right(const Found *m) {
    return bleu_of(&m->answers, BLEU_RUNS) - m->right;
}

static void remove_text(Bleu *from, const Bleu *text) {
    for (int n = 0; n < BLEU_RUNS; n++)
        from->matched[n] -= text->matched[n], from->runs[n] -= text->runs[n];
    from->candidate -= text->candidate, from->reference -= text->reference;
}

// Its standard error: BLEU is no mean, so each text is left out once (the jackknife).
// For a mean this is its usual error.
static double left_out_error(const Found *m) {
    Mean left = {0};
    for (int i = 0; i < m->count; i++) {
        Found rest = *m;
        remove_text(&rest.answers, &m->each[i]);
        rest.right = (m->right * m->count - m->each_right[i]) / (m->count - 1);
        mean_add(&left, bleu_less_right(&rest));
    }
    return (m->count - 1) * mean_error(left);
}

// Word by word, of two sentences that differ in words alone: whether each is changed.
static int changed_words(bool *to, const char *a, const char *b) {
    int n = 0;
    while (*a && *b) {
        size_t i = strcspn(a, " "), k = strcspn(b, " ");
        to[n++] = i != k || memcmp(a, b, i) != 0;
        a += i + strspn(a + i, " "), b += k + strspn(b + k, " ");
    }
    return n;
}

// What BLEU should be where a changed word is in no run of the other sentence.
static void count_runs(Bleu *to, const char *a, const char *b) {
    bool *changed = allocate(strlen(a) + 1, sizeof *changed);
    int n = changed_words(changed, a, b);
    for (int length = 1; length <= BLEU_RUNS; length++)
        for (int i = 0; i + length <= n; i++) {
            bool whole = true;
            for (int k = i; k < i + length; k++) whole &= !changed[k];
            to->matched[length - 1] += whole, to->runs[length - 1]++;
        }
    to->candidate += n, to->reference += n;
    free(changed);
}

static void add(Found *m, const AdaptWorld *w, const Questions *q, int i,
                const Exchange *e) {
    const Turn *turn = questions_turn(q, i);
    const char *exact = turn->exact.data, *copy = strstr(turn->question.data, ": ") + 2;
    char *text = chat_text(&w->sft.chat, e->ids + e->prompt, e->length - e->prompt);
    char *content = allocate(strlen(text) + 1, 1);
    gold_content(content, text);
    bleu_add_text(&m->answers, content, exact);
    bleu_add_text(&m->copies, copy, exact);
    count_runs(&m->counted, copy, exact);
    bleu_add_text(&m->each[i], content, exact);
    m->each_right[i] = questions_reward(q, i, &w->sft.chat, e) > 0;
    m->right += m->each_right[i] / (double)q->count;
    m->copies_right += strcmp(copy, exact) == 0;
    free(text), free(content);
}

static Found marks_of(const Lab *lab, const AdaptWorld *w, TaskKind kind) {
    Instructions from = instructions_for_test(&w->story, kind);
    int count = (int)option_int(&lab->args, "count", 1, 100000);
    Questions q = questions_new(&from, &w->sft.chat, count, rng_split(&lab->rng, kind));
    Rollout *answers = allocate((size_t)count, sizeof *answers);
    Found m = {.each = allocate((size_t)count, sizeof *m.each),
               .each_right = allocate((size_t)count, sizeof *m.each_right),
               .count = count};
    Error err;
    if (!questions_answer(answers, &q, &w->sft.model, &w->sft.chat, 0, lab->rng, &err))
        die("%s", err.text);
    for (int i = 0; i < count; i++) {
        add(&m, w, &q, i, &answers[i].exchange);
        rollout_free(&answers[i]);
    }
    free(answers), questions_free(&q);
    return m;
}

static void run(Lab *lab) {
    static AdaptWorld w;
    Found m[KINDS];
    adapt_open(&w, option_text(&lab->args, "checkpoint"));
    Plot *p = plot_new(lab, "bleu", "kind right bleu copies_right copies_bleu");
    for (int k = 0; k < KINDS; k++) {
        m[k] = marks_of(lab, &w, kinds[k]);
        double bleu = bleu_of(&m[k].answers, BLEU_RUNS),
               copies = bleu_of(&m[k].copies, BLEU_RUNS);
        plot_row(p, k, m[k].right, bleu, m[k].copies_right, copies);
        lab_print(lab, "%-9s right %.3f, BLEU %.3f; copies: %d right, BLEU %.3f",
                  tasks[kinds[k]].name, m[k].right, bleu, m[k].copies_right, copies);
    }
    const Found *toy = &m[2];
    // both count whole numbers: equal but for the last bits of four logarithms
    claim_near(lab, "5.165", "BLEU of a copy with the old toy, by counting runs",
               bleu_of(&toy->counted, BLEU_RUNS), bleu_of(&toy->copies, BLEU_RUNS),
               1e-12);
    claim_equal(lab, "5.165", "and how many of these copies are right", 0,
                toy->copies_right);
    if (lab_at_defaults(lab))
        claim_at_least(lab, "5.165",
                       "the assistant: BLEU, less share right, other toys",
                       3 * left_out_error(toy), bleu_less_right(toy));
    plot_axes(p, "", "share of right answers; BLEU");
    plot_set(p, "yrange [0:1.05]"), plot_set(p, "xrange [-0.5:3.5]");
    plot_set(p,
             "xtics (\"repeat\" 0, \"swap a name\" 1, \"swap a toy\" 2, "
             "\"backwards\" 3)");
    plot_dashes(p, "kind", "copies_bleu", "BLEU of a copy");
    plot_points(p, "kind", "right", "right, the assistant");
    plot_points(p, "kind", "bleu", "BLEU, the assistant");
    plot_end(p);
    for (int k = 0; k < KINDS; k++) free(m[k].each), free(m[k].each_right);
    adapt_close(&w);
}

const LabSpec lab_bleu = {"bleu", "5.17", "BLEU beside right and wrong", run, options};
