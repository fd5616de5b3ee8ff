// Groups of answers: advantages by hand, and a group that teaches nothing.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch05_sft_rlhf/grpo.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/tests/small.h"

Test(grpo, advantages_by_hand) {
    static const double rewards[] = {1, 0, 0, 0};
    static const double expected[GROUP_KINDS][2] = {
        [GROUP_MEAN] = {0.75, -0.25},
        [GROUP_DEVIATION] = {1.7320508, -0.5773503},
        [GROUP_BESSEL] = {1.5, -0.5},
        [GROUP_OTHERS] = {1, -1.0 / 3}};
    for (int k = 0; k < GROUP_KINDS; k++) {
        double a[4];
        cr_assert_eq(group_advantages(a, rewards, 1, 4, (GroupKind)k), 0);
        cr_assert_float_eq(a[0], expected[k][0], 1e-7, "%s", group_kinds[k].name);
        for (int i = 1; i < 4; i++) cr_assert_float_eq(a[i], expected[k][1], 1e-7);
    }
}

// Each group by itself; .1 three times is not three times .1.
Test(grpo, equal_rewards_are_zeros) {
    static const double rewards[] = {0.1, 0.1, 0.1, 1, 2, 3};
    for (int k = 0; k < GROUP_KINDS; k++) {
        double a[6];
        cr_assert_eq(group_advantages(a, rewards, 2, 3, (GroupKind)k), 1);
        for (int i = 0; i < 3; i++) cr_assert_eq(a[i], 0);
        cr_assert_float_eq(a[3] + a[4] + a[5], 0, 1e-12);
        cr_assert_gt(a[5], 0.5);
    }
}

enum { ANSWERS = 4 };

static double largest_gradient(const double *rewards, double *moved) {
    Model m, reference;
    Exchange own[ANSWERS];
    const Exchange *list[ANSWERS];
    double advantages[ANSWERS], zeros[64] = {0}, largest = 0;
    int clipped;
    Rng rng = rng_new(3);
    GrpoSettings s = grpo_defaults();
    s.prompts = 2, s.size = 2;
    small_model(&m, 1), policy_copy(&reference, &m);
    for (int i = 0; i < ANSWERS; i++)
        own[i] = small_exchange(&rng, 3, 2 + i, true), list[i] = &own[i];
    Ppo p = grpo_new(&m, &reference, &s);
    group_advantages(advantages, rewards, s.prompts, s.size, s.advantages);
    Experience e = ppo_experience(&p, list, advantages, ANSWERS, zeros);
    tape_backward(p.tape, ppo_loss(p.tape, &p, &e, 0, &clipped));
    for (size_t i = 0; i < m.params.grad_size; i++)
        largest = fmax(largest, fabs((double)m.params.grads[i]));
    params_zero_grads(&m.params), tape_reset(p.tape);
    grpo_step(&p, &s, list, rewards, 0.1);
    *moved = 0;
    for (size_t i = 0; i < m.params.size; i++)
        *moved += m.params.values[i] != reference.params.values[i];
    for (int i = 0; i < ANSWERS; i++) exchange_free(&own[i]);
    experience_free(&e), ppo_free(&p), model_free(&m), model_free(&reference);
    return largest;
}

// Not small: exactly 0, in every number, and no weight moves.
Test(grpo, equal_rewards_have_no_gradient) {
    double moved;
    cr_assert_eq(largest_gradient((double[]){0.1, 0.1, 1, 1}, &moved), 0);
    cr_assert_eq(moved, 0);
    cr_assert_gt(largest_gradient((double[]){0.1, 0.1, 1, 0}, &moved), 1e-3);
    cr_assert_gt(moved, 100);
}

// All tokens of an answer have its advantage.
Test(grpo, one_advantage_per_answer) {
    Model m, reference;
    Rng rng = rng_new(3);
    GrpoSettings s = grpo_defaults();
    double zeros[8] = {0};
    small_model(&m, 1), policy_copy(&reference, &m);
    Exchange a = small_exchange(&rng, 3, 2, true),
             b = small_exchange(&rng, 3, 4, false);
    Ppo p = grpo_new(&m, &reference, &s);
    Experience e = ppo_experience(&p, (const Exchange *[]){&a, &b},
                                  (double[]){0.75, -0.25}, 2, zeros);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(e.advantages[i], i < 3 ? 0.75 : -0.25, "%d", i);
    experience_free(&e), ppo_free(&p), exchange_free(&a), exchange_free(&b);
    model_free(&m), model_free(&reference);
}
