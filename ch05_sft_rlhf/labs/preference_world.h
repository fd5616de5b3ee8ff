// A world of preferences small enough to enumerate, for the labs of section 5.4.
//
//     answers   every text of 1 to 4 of the symbols a b c d: 340 of them, to 2 prompts
//     policy    ends after each symbol with probability 0.3 (after the fourth always); the
//               symbols have shares of their own
//     labels    of two answers drawn from a policy, one wins by Bradley and Terry's law
//
// Every expectation is a sum over answers or over pairs of them.
#pragma once
#include "ch05_sft_rlhf/reward_trainer.h"
#include "common/numeric/rng.h"

enum {
    WORLD_SYMBOLS = 4,
    WORLD_LONGEST = 4,
    WORLD_PROMPTS = 2,
    WORLD_ANSWERS = 340,  // 4 + 16 + 64 + 256
    WORLD_ALL = WORLD_PROMPTS * WORLD_ANSWERS,
    WORLD_END = WORLD_SYMBOLS + WORLD_PROMPTS,
    WORLD_VOCABULARY
};

// By prompt x answer.
typedef struct {
    double at[WORLD_PROMPTS][WORLD_ANSWERS];
} Table;

typedef struct {
    Exchange exchanges[WORLD_PROMPTS][WORLD_ANSWERS];
} World;

World world_new(void);
void world_free(World *w);
// An answer's symbols; returns how many.
int world_symbols(const World *w, int answer, const int **symbols);
// The probability of each answer where symbols have these shares.
Table world_policy(const World *w, const double shares[WORLD_SYMBOLS]);

// The mean under a policy, averaged over prompts.
double world_mean(const Table *policy, const Table *of);

// Rewards by these values of symbols, the same for both prompts; mean 0 and this standard
// deviation under the policy.
Table world_sums(const World *w, const Table *policy, const double value[WORLD_SYMBOLS],
                 double deviation);
// Rewards: a value per symbol, another for each prompt, plus what some neighbours are worth
// together; of this standard deviation under the policy.
Table world_rewards(const World *w, const Table *policy, double deviation);

// A pair of answers of a policy, the winner first, drawn by the rewards.
RewardPair world_pair(const World *w, const Table *policy, const Table *reward,
                      Rng *rng);
// What a reward model of this world's tokens says of every answer, by a head.
Table world_scores(const World *w, const RewardModel *r, int head);
// A new one of 32 channels. To see neighbours takes 2 layers.
void world_reward_model(RewardModel *r, int layers, int heads, const Rng *rng);

// The expected loss of scores on labels made by `reward`, over all pairs of two answers
// of the policy; and the least that it can be, which is the loss of `reward` itself.
double world_loss(const Table *policy, const Table *reward, const Table *scores);
