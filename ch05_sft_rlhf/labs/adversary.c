// An attack by search: words that make a sure answer wrong. Lecture, section 5.18.
//
// The assistant is asked about somebody who is not in the tale. Words are put before the
// question: drawn at random, or sought by what they do to a few other questions.
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/adversary.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { WORDS_MOST = 8, DRAWS = 8 };

static const Option options[] = {
    {"words", "2", "before the question"},
    {"tries", "200", "words that are tried for each place"},
    {"questions", "4", "that the search sees"},
    {"count", "100", "held-out questions that it does not see"},
    {"task", "refuse", "kind of question"},
    {"checkpoint", "", "another fine-tuned model"},
    {0}};

typedef struct {
    AdaptWorld world;
    Questions seen, held_out;
    int words[WORDS_MOST], count;
    int tries;
    Rng rng;
} Setup;

static void setup(Setup *s, const Lab *lab) {
    adapt_open(&s->world, option_text(&lab->args, "checkpoint"));
    const ChatTemplate *chat = &s->world.sft.chat;
    TaskKind kind = (TaskKind)option_choice(&lab->args, "task", task_names());
    Instructions from = instructions_for_test(&s->world.story, kind);
    s->rng = lab->rng;
    s->count = (int)option_int(&lab->args, "words", 1, WORDS_MOST);
    s->tries = (int)option_int(&lab->args, "tries", 1, 1 << 20);
    int held_out = (int)option_int(&lab->args, "count", 10, 100000),
        seen = (int)option_int(&lab->args, "questions", 1, 1000);
    s->held_out = questions_new(&from, chat, held_out, rng_split(&s->rng, 0));
    from.held_out = false;
    s->seen = questions_new(&from, chat, seen, rng_split(&s->rng, 1));
}

// Share of right answers with these words; `shown` answers are printed.
static double right_with(Lab *lab, const Setup *s, const int *words, int count,
                         int shown) {
    const Assistant *a = &s->world.sft;
    Questions q = adversary_questions(&s->held_out, &a->chat, words, count);
    Rollout *answers = allocate((size_t)q.count, sizeof *answers);
    int right = 0;
    Error err;
    if (!questions_answer(answers, &q, &a->model, &a->chat, 0, s->rng, &err))
        die("%s", err.text);
    for (int i = 0; i < q.count; i++) {
        const Exchange *e = &answers[i].exchange;
        right += questions_reward(&q, i, &a->chat, e) > 0;
        char *text = chat_text(&a->chat, e->ids + e->prompt, e->length - e->prompt);
        if (i < shown)
            lab_print(lab, "%s -> %s", questions_turn(&q, i)->question.data, text);
        free(text), rollout_free(&answers[i]);
    }
    double share = (double)right / q.count;
    free(answers), questions_free(&q);
    return share;
}

// Of `count` words drawn, DRAWS times.
static Mean right_with_any(Lab *lab, const Setup *s, int count) {
    size_t vocabulary = (size_t)s->world.sft.tokenizer.size;
    int *candidates = allocate(vocabulary, sizeof *candidates), words[WORDS_MOST];
    int n = adversary_candidates(candidates, &s->world.sft.chat);
    Rng rng = rng_split(&s->rng, (uint64_t)(100 + count));
    Mean m = {0};
    for (int draw = 0; draw < DRAWS; draw++) {
        for (int k = 0; k < count; k++) words[k] = candidates[rng_below(&rng, n)];
        mean_add(&m, right_with(lab, s, words, count, 0));
    }
    free(candidates);
    return m;
}

static void draw_axes(Plot *p, int words) {
    plot_axes(p, "words before the question",
              "share of right answers, unseen questions");
    plot_set(p, "yrange [0:1.05]"), plot_set(p, "xtics 1"),
        plot_set(p, "xrange [-0.2:%g]", words + 0.2);
    plot_errors(p, "words", "any", "error", "words drawn at random");
    plot_points(p, "words", "found", "words found by search");
    plot_end(p);
}

static void run(Lab *lab) {
    static Setup s;
    setup(&s, lab);
    Attack a = {&s.world.sft.model, &s.world.sft.chat, &s.seen};
    Plot *p = plot_new(lab, "adversary", "words any error found score");
    double begins = adversary_score(&a, NULL, 0),
           plain = right_with(lab, &s, NULL, 0, 0), found = plain, score = begins;
    Mean any = {0};
    plot_row(p, 0, plain, 0, plain, begins);
    for (int k = 0; k < s.count; k++) {
        score = adversary_extend(&a, s.words, k, s.tries,
                                 rng_split(&s.rng, 2 + (uint64_t)k));
        found = right_with(lab, &s, s.words, k + 1, k + 1 == s.count ? 3 : 0);
        any = right_with_any(lab, &s, k + 1);
        plot_row(p, k + 1, mean_of(any), mean_error(any), found, score);
        lab_progress_value(lab, k + 1, s.count, "score", score);
    }
    lab_print(lab, "right %.3f; with %d words drawn %.3f, with those found %.3f", plain,
              s.count, mean_of(any), found);
    if (lab_at_defaults(lab)) {
        // 99 of 100, less three standard errors; all draws are asked the same questions,
        // so these count once
        double n = s.held_out.count, most = 0.99;
        claim_at_least(lab, "5.166", "right with two words drawn at random",
                       most - 3 * binomial_error(most, n), mean_of(any));
        // three standard errors of a share of 100 at one half
        claim_at_least(lab, "5.167", "less right with the two that were found",
                       3 * binomial_error(0.5, n), plain - found);
    }
    draw_axes(p, s.count);
    questions_free(&s.seen), questions_free(&s.held_out), adapt_close(&s.world);
}

const LabSpec lab_adversary = {"adversary", "5.18",
                               "Words that make a sure answer wrong", run, options};
