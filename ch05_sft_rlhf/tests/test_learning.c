// Learning curves: when a look is taken, when a kind is learnt, which stories are asked
// about.
#include <criterion/criterion.h>
#include <string.h>

#include "ch05_sft_rlhf/assess.h"
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
