#include "ch05_sft_rlhf/grpo.h"

#include <assert.h>
#include <stdlib.h>

GrpoSettings grpo_defaults(void) {
    return (GrpoSettings){.prompts = 16,
                          .size = 8,
                          .advantages = GROUP_DEVIATION,
                          .beta = 0,
                          .clip = 0.2,
                          .epochs = 1,
                          .minibatches = 1,
                          .most_grad_norm = 1};
}

Ppo grpo_new(Model *policy, const Model *reference, const GrpoSettings *s) {
    PpoSettings p = ppo_defaults();
    p.beta = s->beta, p.kl = KL_K3, p.kl_in_loss = true;
    p.gae = (GaeSettings){1, 1};  // an answer's advantage for each of its tokens
    p.advantages = ADVANTAGE_PLAIN;
    p.clip = s->clip;
    p.epochs = s->epochs, p.minibatches = s->minibatches;
    p.most_grad_norm = s->most_grad_norm;
    return ppo_new(policy, reference, NULL, p);
}

GrpoStep grpo_step(Ppo *p, const GrpoSettings *s, const Exchange *const *answers,
                   const double *rewards, double rate) {
    int count = s->prompts * s->size, tokens = 0;
    double *advantages = allocate((size_t)count, sizeof *advantages);
    for (int i = 0; i < count; i++) tokens += exchange_counted(answers[i]);
    double *nothing = allocate((size_t)tokens + 1, sizeof *nothing);  // zeros
    int equal =
        group_advantages(advantages, rewards, s->prompts, s->size, s->advantages);
    PpoStep at = ppo_step(p, answers, advantages, count, nothing, rate);
    GrpoStep g = {.equal = (double)equal / s->prompts,
                  .kl = at.kl,
                  .entropy = at.entropy,
                  .length = at.length,
                  .clip_fraction = at.clip_fraction};
    for (int i = 0; i < count; i++) g.reward += rewards[i] / count;
    free(advantages), free(nothing);
    return g;
}

bool grpo_batch(Ppo *p, const GrpoSettings *s, const Questions *asked,
                const ChatTemplate *chat, Rng rng, double rate, GrpoStep *result,
                Error *err) {
    assert(asked->count == s->prompts);
    Questions q = questions_repeat(asked, s->size);
    size_t n = (size_t)q.count;
    Rollout *answers = allocate(n, sizeof *answers);
    const Exchange **list = allocate(n, sizeof *list);
    double *rewards = allocate(n, sizeof *rewards);
    bool ok = questions_answer(answers, &q, p->policy, chat, 1, rng, err);
    for (int i = 0; ok && i < q.count; i++) {
        list[i] = &answers[i].exchange;
        rewards[i] = questions_reward(&q, i, chat, list[i]) > 0;
    }
    if (ok) *result = grpo_step(p, s, list, rewards, rate);
    for (int i = 0; i < q.count; i++) rollout_free(&answers[i]);
    free(answers), free(list), free(rewards), questions_repeat_free(&q);
    return ok;
}
