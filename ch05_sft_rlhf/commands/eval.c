// eval: a model's answers to held-out questions, kind by kind; its win rate over
// another.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/ab_test.h"
#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/win_rate.h"

const Option eval_options[] = {
    {"checkpoint", NULL, "a model that `pipeline` or `sft` made"},
    {"against", NULL, "another one: the win rate over it, by the gold reward"},
    {"by", "kind",
     "kind of question; or story: the first, second, third that a conversation tells"},
    {"count", "200", "questions of each kind; of all kinds together for --against"},
    {"temperature", "0", "of the answers; 0: greedy. --against is at 1"},
    {"show", "0", "so many questions and answers of each kind"},
    {"format", "text", "text or tsv"},
    {"seed", "1", "which questions, and the sampling"},
    {0}};

static void load(Assistant *a, const char *path) {
    Error err;
    if (!assistant_load_stage(a, path, stages_that_answer, &err)) die("%s", err.text);
}

// ---- marks

enum { STORIES = 3 };

static void print_counts(const Marks *m, bool tsv) {
    printf(tsv ? "%d\t%d\t%d\t%.6g\n" : "%6d %6d %6d %8.3f\n", m->asked, m->right,
           m->ended, m->reward / m->asked);
}

static void print_kinds(const Marks *m, bool tsv) {
    if (tsv) printf("kind\ttrained\tasked\tright\tended\treward\n");
    else
        printf("%-10s %8s %6s %6s %6s %8s\n", "kind", "trained", "asked", "right",
               "ended", "reward");
    for (int k = 0; k < TASK_KINDS; k++) {
        printf(tsv ? "%s\t%s\t" : "%-10s %8s ", tasks[k].name,
               tasks[k].share > 0 ? "yes" : "no");
        print_counts(&m[k], tsv);
    }
}

static void print_stories(const Marks *m, bool tsv) {
    if (tsv) printf("story\tasked\tright\tended\treward\n");
    else
        printf("%-10s %6s %6s %6s %8s\n", "story", "asked", "right", "ended", "reward");
    for (int k = 0; k < STORIES; k++) {
        printf(tsv ? "%d\t" : "%-10d ", k + 1);
        print_counts(&m[k], tsv);
    }
}

static void print_totals(const Marks *m) {
    int asked[2] = {0}, right[2] = {0};
    for (int k = 0; k < TASK_KINDS; k++)
        asked[tasks[k].share == 0] += m[k].asked,
            right[tasks[k].share == 0] += m[k].right;
    for (int held_out = 0; held_out < 2; held_out++)
        printf("%s: %.1f %% right\n",
               held_out ? "kinds that were never trained"
                        : "held-out questions of trained kinds",
               100.0 * right[held_out] / asked[held_out]);
}

static void print_by_kind(const Assistant *a, const Story *s, int count,
                          double temperature, Rng rng, bool tsv) {
    Marks marks[TASK_KINDS];
    Error err;
    if (!assess(marks, &a->model, &a->chat, s, NULL, count, temperature, rng, &err))
        die("%s", err.text);
    print_kinds(marks, tsv);
    if (!tsv) print_totals(marks);
}

static void print_by_story(const Assistant *a, const Story *s, int count,
                           double temperature, Rng rng, bool tsv) {
    Marks marks[STORIES];
    Error err;
    if (!assess_stories(marks, &a->model, &a->chat, s, STORIES, count, temperature, rng,
                        &err))
        die("%s", err.text);
    print_stories(marks, tsv);
}

static void show(const Assistant *a, const Story *s, int count, double temperature,
                 Rng rng) {
    Error err;
    for (int k = 0; k < TASK_KINDS; k++) {
        Instructions from = instructions_for_test(s, (TaskKind)k);
        Questions q =
            questions_new(&from, &a->chat, count, rng_split(&rng, (uint64_t)k));
        Rollout *answers = allocate((size_t)count, sizeof *answers);
        if (!questions_answer(answers, &q, &a->model, &a->chat, temperature, rng, &err))
            die("%s", err.text);
        for (int i = 0; i < count; i++) {
            const Exchange *e = &answers[i].exchange;
            char *text = chat_text(&a->chat, e->ids + e->prompt, e->length - e->prompt);
            const Turn *turn = questions_turn(&q, i);
            printf("%s\t%s\t%s%s\t%s\t%.2f\n", tasks[k].name, turn->question.data, text,
                   e->finished ? "" : " ..", turn->exact.data,
                   questions_reward(&q, i, &a->chat, e));
            free(text), rollout_free(&answers[i]);
        }
        free(answers), questions_free(&q);
    }
}

// ---- against another

static void print_win_rate(const WinRate *w, bool tsv) {
    if (tsv) {
        printf(
            "wins\tties\tlosses\twin_rate\terror\treward\tother_reward\tkl\tkl_error\n"
            "%d\t%d\t%d\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\n",
            w->wins, w->ties, w->losses, w->rate, w->error, w->reward[0], w->reward[1],
            w->kl, w->kl_error);
        return;
    }
    // 1.96 standard errors: 95 %
    printf("wins %d, ties %d, losses %d: win rate %.3f, 95 %% between %.3f and %.3f\n",
           w->wins, w->ties, w->losses, w->rate, fmax(w->rate - 1.96 * w->error, 0),
           fmin(w->rate + 1.96 * w->error, 1));
    printf("reward %.3f against %.3f; KL from the other %.3f +- %.3f nats per answer\n",
           w->reward[0], w->reward[1], w->kl, w->kl_error);
    // the same questions for both, so the luck with them cancels (ab_test.h); the wider
    // one also holds for those who ask again and again until they like the answer
    double n = w->gain.count, gain = mean_of(w->gain), error = mean_error(w->gain),
           every = every_look_errors(n, n / 10, 0.05);
    printf(
        "gain per question %+.3f, 95 %% between %+.3f and %+.3f; however often one "
        "looks, between %+.3f and %+.3f\n",
        gain, gain - 1.96 * error, gain + 1.96 * error, gain - every * error,
        gain + every * error);
}

static void against(const Assistant *a, const char *path, const Story *s, int count,
                    Rng rng, bool tsv) {
    static Assistant b;
    WinRate w;
    Error err;
    load(&b, path);
    if (b.model.config.vocabulary != a->model.config.vocabulary)
        die("%s: %d tokens, and the other model has %d: expected two models of one "
            "pipeline",
            path, b.model.config.vocabulary, a->model.config.vocabulary);
    Instructions from = instructions_for_training(s);
    from.turns = 1, from.systems = 0, from.held_out = true;
    Questions q = questions_new(&from, &a->chat, count, rng_split(&rng, TASK_KINDS));
    if (!win_rate(&w, &q, &a->model, &b.model, &a->chat, rng, &err))
        die("%s", err.text);
    print_win_rate(&w, tsv);
    questions_free(&q), assistant_free(&b);
}

int command_eval(const Args *args) {
    static Assistant a;
    static const char *const formats[] = {"text", "tsv", NULL};
    static const char *const groups[] = {"kind", "story", NULL};
    const char *path = option_text(args, "checkpoint");
    const char *other = option_text(args, "against");
    if (args->file_count) die("eval: unexpected '%s'", args->files[0]);
    if (!path) die("eval: --checkpoint FILE is needed");
    int count = (int)option_int(args, "count", 1, 1000000);
    int shown = (int)option_int(args, "show", 0, 1000000);
    double temperature = option_real(args, "temperature", 0, 100);
    bool tsv = option_choice(args, "format", formats) == 1;
    bool by_story = option_choice(args, "by", groups) == 1;
    if (by_story && (other || shown))
        die("eval: --by story counts right answers: expected no --against, no --show");
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    load(&a, path);
    Story s = story_new();
    if (other) against(&a, other, &s, count, rng, tsv);
    else if (shown) show(&a, &s, shown, temperature, rng);
    else if (by_story) print_by_story(&a, &s, count, temperature, rng, tsv);
    else print_by_kind(&a, &s, count, temperature, rng, tsv);
    story_free(&s), assistant_free(&a);
    return 0;
}
