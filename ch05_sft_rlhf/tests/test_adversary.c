// Words before a question: the score against the policy's own probabilities, the search
// against all words, and what is typed against what was tried. Lecture, section 5.18.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/adversary.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/tests/small.h"

typedef struct {
    SmallChat small;
    Model model;
    Questions asked;
    Attack attack;
    int candidates[300], count;
} World;

static void world_new(World *w, TaskKind kind) {
    small_chat_new(&w->small);
    small_chat_model(&w->model, &w->small, 512, 3);
    Instructions from = instructions_for_test(&w->small.story, kind);
    w->asked = questions_new(&from, &w->small.chat, 2, rng_new(4));
    w->attack = (Attack){&w->model, &w->small.chat, &w->asked};
    w->count = adversary_candidates(w->candidates, &w->small.chat);
}

static void world_free(World *w) {
    questions_free(&w->asked), model_free(&w->model), small_chat_free(&w->small);
}

// ln of the probability of the right answer in any opening, one answer at a time, of
// questions whose ids were made from text.
static double score_of(const World *w, const Questions *q) {
    double sum = 0;
    for (int i = 0; i < q->count; i++) {
        double p = 0;
        for (int opening = 0; opening < OPENINGS; opening++) {
            Text text = {0};
            Ids ids = {0};
            Error err;
            double log_p;
            gold_write(&text, questions_turn(q, i)->exact.data, (Manners){opening, 0});
            cr_assert(chat_answer(&w->small.chat, text.data, &ids, &err));
            // without END
            Exchange e = exchange_of(q->prompts[i].ids, q->prompts[i].count, ids.at,
                                     (int)ids.size - 1, w->small.chat.end, false);
            const Exchange *list[] = {&e};
            Batch b = exchange_batch(list, 1);
            policy_answer_log_probs(&log_p, &w->model, &b);
            p += exp(log_p);
            batch_free(&b), exchange_free(&e), free(ids.at), free(text.data);
        }
        sum += log(p);
    }
    return -sum / q->count;
}

static void check_score(TaskKind kind) {
    static World w;
    world_new(&w, kind);
    int words[] = {w.candidates[0], w.candidates[1], w.candidates[0]};
    for (int count = 0; count <= 3; count++) {
        Questions typed = adversary_questions(&w.asked, &w.small.chat, words, count);
        double expected = score_of(&w, &typed),
               got = adversary_score(&w.attack, words, count);
        cr_assert(fabs(got - expected) < 1e-5 * expected, "%d words: %.9g for %.9g",
                  count, got, expected);
        questions_free(&typed);
    }
    world_free(&w);
}

Test(adversary, score_of_words_after_a_tale) { check_score(TASK_REFUSE); }
Test(adversary, score_of_words_after_all) { check_score(TASK_HELLO); }

Test(adversary, words_go_before_the_last_sentence) {
    static World w;
    world_new(&w, TASK_REFUSE);
    Questions typed = adversary_questions(&w.asked, &w.small.chat, w.candidates, 1);
    for (int i = 0; i < typed.count; i++) {
        const char *plain = questions_turn(&w.asked, i)->question.data,
                   *with = questions_turn(&typed, i)->question.data,
                   *does = strstr(plain, " Does ");
        size_t before = (size_t)(does - plain), more = strlen(with) - strlen(plain);
        cr_assert(does && more > 1 && memcmp(plain, with, before) == 0);
        cr_assert_str_eq(with + before + more, does);
    }
    questions_free(&typed), world_free(&w);
}

Test(adversary, extend_finds_the_best) {
    static World w;
    world_new(&w, TASK_REFUSE);
    int words[2] = {w.candidates[2], -1}, best = -1;
    double most = -INFINITY;
    for (int i = 0; i < w.count; i++) {
        double score =
            adversary_score(&w.attack, (int[]){words[0], w.candidates[i]}, 2);
        if (score > most) most = score, best = w.candidates[i];
    }
    double got = adversary_extend(&w.attack, words, 1, 1000, rng_new(5));
    cr_assert_eq(words[1], best);
    cr_assert(got == most && w.count > 4);
    world_free(&w);
}

Test(adversary, candidates_are_words) {
    static World w;
    world_new(&w, TASK_REFUSE);
    for (int i = 0; i < w.count; i++) {
        size_t size;
        const char *bytes = token_bytes(&w.small.tokenizer, w.candidates[i], &size);
        cr_assert(size > 2 && bytes[0] == ' ' && !strchr("<|.?", bytes[1]));
    }
    world_free(&w);
}
