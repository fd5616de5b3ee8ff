// Learning curves: when a look is taken, when a kind is learnt, which stories are asked
// about, and what training asks after it.
#include <criterion/criterion.h>
#include <string.h>

#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/curriculum.h"
#include "ch05_sft_rlhf/learning.h"
#include "ch05_sft_rlhf/tests/small.h"

Test(learning, learnt_where_two_points_say_so) {
    const double once[] = {0.2, 0.96, 0.5, 0.95, 1, 0.3}, never[] = {0.9, 1, 0.9, 1};
    cr_assert_eq(learning_learnt_at(once, 6), 3);
    cr_assert_eq(learning_learnt_at(once, 4), -1, "the second point is not there yet");
    cr_assert_eq(learning_learnt_at(never, 4), -1);
    cr_assert_eq(learning_learnt_at(never, 0), -1);
}

static int told;
static void tell(void *self, long long step, long long steps, double loss) {
    told += self == &told && step <= steps && loss == 2;
}

// Seven steps, three looks: after the third, fifth and last.
Test(learning, looks_are_evenly_spaced) {
    static SmallChat s;
    static Model m;
    static Learning l;
    small_chat_new(&s), small_chat_model(&m, &s, 900, 1);
    l = (Learning){.model = &m,
                   .chat = &s.chat,
                   .story = &s.story,
                   .count = 1,
                   .looks = 3,
                   .step_tokens = 10,
                   .watch = tell,
                   .watch_self = &told};
    for (int step = 1; step <= 7; step++) learning_step(&l, step, 7, 2);
    cr_assert_eq(told, 7);
    cr_assert_eq(l.points, 3);
    cr_assert(l.tokens[0] == 30 && l.tokens[1] == 50 && l.tokens[2] == 70);
    for (int k = 0; k < TASK_KINDS; k++)
        cr_assert_eq(l.right[k][2], 0, "a model of noise");
    model_free(&m), small_chat_free(&s);
}

// By hand: `has`, asked 5 of the table's, all wrong: (5 + 5 x 1.15) / 2 = 5.375; all
// right after that: (5.375 + 5 x 0.15) / 2 = 3.0625. What was never asked is not asked now.
Test(curriculum, by_hand) {
    Story s = story_new();
    Instructions asked = instructions_for_training(&s);
    double right[TASK_KINDS] = {[TASK_WHO] = 1, [TASK_REFUSE] = 0.25};
    asked.share[TASK_SWAP] = 0;
    cr_assert(tasks[TASK_HAS].share == 5 && tasks[TASK_WHO].share == 2
              && tasks[TASK_REFUSE].share == 2);
    curriculum_follow(&asked, right);
    cr_assert_float_eq(asked.share[TASK_HAS], 5.375, 1e-12);
    cr_assert_float_eq(asked.share[TASK_WHO], 1.15, 1e-12);
    cr_assert_float_eq(asked.share[TASK_REFUSE], (2 + 2 * 0.9) / 2, 1e-12);
    right[TASK_HAS] = 1;
    curriculum_follow(&asked, right);
    cr_assert_float_eq(asked.share[TASK_HAS], 3.0625, 1e-12);
    cr_assert_eq(asked.share[TASK_SWAP], 0);
    cr_assert_eq(asked.share[TASK_LAST], 0);
    story_free(&s);
}

// A model of noise answers nothing right, and what it is asked follows: by a factor of
// (1 + 1.15) / 2 at the first look.
Test(curriculum, follows_at_each_look) {
    static SmallChat s;
    static Model m;
    StagePlan plan = stage_plan_usual;
    small_chat_new(&s), small_chat_model(&m, &s, 900, 1);
    SftData d = stage_sft_data(&s.chat, &s.story, &plan);
    for (int fixed = 0; fixed < 2; fixed++) {
        plan.shares = fixed ? SHARES_FIXED : SHARES_FOLLOW;
        Learning l = learning_of(&m, &d, &plan, NULL, NULL);
        l.count = 1, l.looks = 1;
        learning_step(&l, 1, 2, 0);
        cr_assert_float_eq(d.from.share[TASK_REFUSE], fixed ? 2.15 : 2, 1e-12);
        learning_step(&l, 2, 2, 0);
        cr_assert_float_eq(d.from.share[TASK_REFUSE], 2.15, 1e-12);
    }
    model_free(&m), small_chat_free(&s);
}

// Three tales in letters are longer than 300 tokens; one is not.
Test(assess, stories_that_do_not_fit) {
    static SmallChat s;
    static Model m;
    Marks marks[3];
    Error err;
    small_chat_new(&s), small_chat_model(&m, &s, 300, 1);
    cr_assert(assess_stories(marks, &m, &s.chat, &s.story, 1, 2, 0, rng_new(1), &err),
              "%s", err.text);
    cr_assert_eq(marks[0].asked, 2);
    cr_assert(!assess_stories(marks, &m, &s.chat, &s.story, 3, 2, 0, rng_new(1), &err));
    cr_assert(strstr(err.text, "the model reads 300"), "%s", err.text);
    model_free(&m), small_chat_free(&s);
}
