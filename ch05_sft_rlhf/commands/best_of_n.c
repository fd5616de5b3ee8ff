// best-of-n: several answers to each question, and what the best of them is worth.
#include "ch05_sft_rlhf/best_of_n.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/own_questions.h"
#include "ch05_sft_rlhf/judge.h"

const Option best_of_n_options[] = {
    {"checkpoint", NULL, "the assistant, of stage sft, ppo, dpo or grpo"},
    {"reward", NULL, "the reward model that picks; without one the gold reward"},
    QUESTION_OPTIONS,
    {"n", "16", "answers to each question"},
    {"count", "100", "questions"},
    {"held-out", "yes", "yes: questions that nobody trains on; no: the others"},
    {"output", NULL, "prompts and best answers, a table for `sft --data`",
     .letter = 'o'},
    {"seed", "1", "which questions, and the sampling"},
    {0}};

typedef struct {
    Questions asked, each;  // each: n times
    Rollout *answers;
    double *score, *gold;  // of each answer
    int n;
} Drawn;

static void draw_answers(Drawn *d, const Assistant *a, Judge *judge, Rng rng) {
    Error err;
    size_t count = (size_t)d->asked.count * (size_t)d->n;
    d->each = questions_repeat(&d->asked, d->n);
    d->answers = allocate(count, sizeof *d->answers);
    d->score = allocate(count, sizeof *d->score);
    d->gold = allocate(count, sizeof *d->gold);
    const Exchange **list = allocate(count, sizeof *list);
    if (!questions_answer(d->answers, &d->each, &a->model, &a->chat, 1, rng, &err))
        die("best-of-n: %s", err.text);
    for (int i = 0; i < d->each.count; i++) {
        list[i] = &d->answers[i].exchange;
        d->gold[i] = questions_reward(&d->each, i, &a->chat, list[i]);
        d->score[i] = d->gold[i];
    }
    if (judge)
        for (int k = 0; k < d->asked.count; k++)
            reward_model_score(&judge->reward, list + k * d->n, d->n,
                               d->score + k * d->n);
    free(list);
}

static void drawn_free(Drawn *d) {
    for (int i = 0; i < d->each.count; i++) rollout_free(&d->answers[i]);
    free(d->answers), free(d->score), free(d->gold);
    questions_repeat_free(&d->each), questions_free(&d->asked);
}

// What the best of n is worth, from all draws: means over questions.
static void print_table(const Drawn *d) {
    double *share = allocate((size_t)d->n, sizeof *share);
    printf("n\tkl_at_most\tscore\tgold\tright\n");
    for (int n = 1; n <= d->n; n = n < d->n && 2 * n > d->n ? d->n : 2 * n) {
        double score = 0, gold = 0, right = 0;
        for (int k = 0; k < d->asked.count; k++) {
            best_of_draws(share, d->score + k * d->n, d->n, n);
            for (int i = 0; i < d->n; i++) {
                score += share[i] * d->score[k * d->n + i];
                gold += share[i] * d->gold[k * d->n + i];
                right += share[i] * (d->gold[k * d->n + i] > 0);
            }
        }
        double questions = d->asked.count;
        printf("%d\t%.4f\t%.4f\t%.4f\t%.4f\n", n, best_of_kl(n), score / questions,
               gold / questions, right / questions);
    }
    free(share);
}

// A text of a table: its new lines, tabs and backslashes in letters.
static void write_text(FILE *to, const char *text) {
    for (; *text; text++)
        if (*text == '\n') fputs("\\n", to);
        else if (*text == '\t') fputs("\\t", to);
        else if (*text == '\\') fputs("\\\\", to);
        else fputc(*text, to);
}

static void write_best(const Drawn *d, const ChatTemplate *chat, const char *path) {
    Error err;
    Output out;
    if (!output_open(&out, path, &err)) die("%s", err.text);
    fprintf(out.stream, "prompt\tanswer\n");
    for (int k = 0; k < d->asked.count; k++) {
        int best = k * d->n;
        for (int i = best + 1; i < (k + 1) * d->n; i++)
            if (d->score[i] > d->score[best]) best = i;
        const Exchange *e = &d->answers[best].exchange;
        char *text = chat_text(chat, e->ids + e->prompt, e->length - e->prompt);
        if (text[0] && e->finished) {
            write_text(out.stream, questions_turn(&d->asked, k)->question.data);
            fputc('\t', out.stream), write_text(out.stream, text);
            fputc('\n', out.stream);
        }
        free(text);
    }
    if (!output_commit(&out, &err)) die("%s", err.text);
}

int command_best_of_n(const Args *args) {
    static Assistant a;
    static Judge judge;
    static const char *const sides[] = {"no", "yes", NULL};
    Error err;
    OwnQuestions from;
    const char *path = option_text(args, "checkpoint"),
               *reward = option_text(args, "reward"), *to = option_text(args, "output");
    if (args->file_count) die("best-of-n: unexpected '%s'", args->files[0]);
    if (!path) die("best-of-n: --checkpoint FILE is needed: the assistant");
    Drawn d = {.n = (int)option_int(args, "n", 1, 100000)};
    int count = (int)option_int(args, "count", 1, 1000000);
    bool held_out = option_choice(args, "held-out", sides) == 1;
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    if (to)
        output_of(args, "best-of-n", "the table",
                  (const char *[]){"checkpoint", "reward", "data", NULL});
    if (!assistant_load_stage(&a, path, stages_that_answer, &err)
        || (reward && !judge_load(&judge, reward, &err)))
        die("%s", err.text);
    if (reward && judge.reward.model->config.vocabulary != a.model.config.vocabulary)
        die("%s: a reward model of %d ids for an assistant of %d", reward,
            judge.reward.model->config.vocabulary, a.model.config.vocabulary);
    own_questions_open(&from, args, &a, held_out);
    d.asked = own_questions(&from, count, rng_split(&rng, 0));
    draw_answers(&d, &a, reward ? &judge : NULL, rng_split(&rng, 1));
    print_table(&d);
    if (to) write_best(&d, &a.chat, to);
    drawn_free(&d), own_questions_close(&from), assistant_free(&a);
    if (reward) judge_free(&judge);
    return 0;
}
