#include "ch05_sft_rlhf/labs/preference_world.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/published.h"
#include "common/numeric/logistic.h"

// ---- answers: shortest first, each as a number in base 4

World world_new(void) {
    World w;
    for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++)
        for (int length = 1, n = 0, many = WORLD_SYMBOLS; length <= WORLD_LONGEST;
             length++, many *= WORLD_SYMBOLS)
            for (int code = 0; code < many; code++) {
                int asked = WORLD_SYMBOLS + prompt, answer[WORLD_LONGEST];
                for (int i = length - 1, rest = code; i >= 0;
                     i--, rest /= WORLD_SYMBOLS)
                    answer[i] = rest % WORLD_SYMBOLS;
                w.exchanges[prompt][n++] =
                    exchange_of(&asked, 1, answer, length, WORLD_END, true);
            }
    return w;
}

void world_free(World *w) {
    for (int p = 0; p < WORLD_PROMPTS; p++)
        for (int i = 0; i < WORLD_ANSWERS; i++) exchange_free(&w->exchanges[p][i]);
}

int world_symbols(const World *w, int answer, const int **symbols) {
    const Exchange *e = &w->exchanges[0][answer];
    *symbols = e->ids + e->prompt;
    return e->length - e->prompt - 1;
}

Table world_policy(const World *w, const double shares[WORLD_SYMBOLS]) {
    const double ENDS = 0.3;
    Table p;
    for (int i = 0; i < WORLD_ANSWERS; i++) {
        const int *symbols;
        int n = world_symbols(w, i, &symbols);
        double chance = n == WORLD_LONGEST ? 1 : ENDS;
        for (int k = 0; k < n; k++) chance *= shares[symbols[k]] * (k ? 1 - ENDS : 1);
        for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++) p.at[prompt][i] = chance;
    }
    return p;
}

// ---- sums

static double mean_of_prompt(const Table *policy, const Table *of, int prompt) {
    double sum = 0;
    for (int i = 0; i < WORLD_ANSWERS; i++)
        sum += policy->at[prompt][i] * of->at[prompt][i];
    return sum;
}

double world_mean(const Table *policy, const Table *of) {
    double sum = 0;
    for (int p = 0; p < WORLD_PROMPTS; p++) sum += mean_of_prompt(policy, of, p);
    return sum / WORLD_PROMPTS;
}

// The root of the mean square of a - b, where a's mean for each prompt is b's: rewards
// are known up to a constant per prompt only.
static double world_distance(const Table *policy, const Table *a, const Table *b) {
    double sum = 0;
    for (int p = 0; p < WORLD_PROMPTS; p++) {
        double shift = mean_of_prompt(policy, a, p) - mean_of_prompt(policy, b, p);
        for (int i = 0; i < WORLD_ANSWERS; i++) {
            double off = a->at[p][i] - b->at[p][i] - shift;
            sum += policy->at[p][i] * off * off;
        }
    }
    return sqrt(sum / WORLD_PROMPTS);
}

// The standard deviation under a policy, averaged over prompts.
static double world_deviation(const Table *policy, const Table *of) {
    Table zero = {0};
    return world_distance(policy, of, &zero);
}

double world_loss(const Table *policy, const Table *reward, const Table *scores) {
    double sum = 0;
    for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++) {
        const double *p = policy->at[prompt], *r = reward->at[prompt],
                     *s = scores->at[prompt];
        for (int i = 0; i < WORLD_ANSWERS; i++)
            for (int j = 0; j < WORLD_ANSWERS; j++)
                sum -= p[i] * p[j] * logistic(r[i] - r[j]) * log_logistic(s[i] - s[j]);
    }
    // each pair is met in both orders, and one of them has the winner first
    return 2 * sum / WORLD_PROMPTS;
}

static void scale_to(Table *r, const Table *policy, double deviation) {
    double scale = deviation / world_deviation(policy, r);
    for (int k = 0; k < WORLD_ALL; k++) (&r->at[0][0])[k] *= scale;
}

Table world_rewards(const World *w, const Table *policy, double deviation) {
    static const double value[WORLD_PROMPTS][WORLD_SYMBOLS] = {{1, -0.5, 0.25, -1},
                                                               {-1, 0.5, -0.25, 0.75}};
    static const double together = 1.5;  // a symbol right after the one before it
    Table r;
    for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++)
        for (int i = 0; i < WORLD_ANSWERS; i++) {
            const int *symbols;
            int n = world_symbols(w, i, &symbols);
            double sum = 0;
            for (int k = 0; k < n; k++) {
                sum += value[prompt][symbols[k]];
                if (k && symbols[k] == symbols[k - 1] + 1) sum += together;
            }
            r.at[prompt][i] = sum;
        }
    scale_to(&r, policy, deviation);
    return r;
}

Table world_sums(const World *w, const Table *policy, const double value[WORLD_SYMBOLS],
                 double deviation) {
    Table r;
    for (int i = 0; i < WORLD_ANSWERS; i++) {
        const int *symbols;
        int n = world_symbols(w, i, &symbols);
        double sum = 0;
        for (int k = 0; k < n; k++) sum += value[symbols[k]];
        for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++) r.at[prompt][i] = sum;
    }
    double mean = world_mean(policy, &r);
    for (int k = 0; k < WORLD_ALL; k++) (&r.at[0][0])[k] -= mean;
    scale_to(&r, policy, deviation);
    return r;
}

// ---- drawn

RewardPair world_pair(const World *w, const Table *policy, const Table *reward,
                      Rng *rng) {
    int prompt = rng_below(rng, WORLD_PROMPTS);
    int a = rng_categorical(rng, policy->at[prompt], WORLD_ANSWERS),
        b = rng_categorical(rng, policy->at[prompt], WORLD_ANSWERS);
    double p = logistic(reward->at[prompt][a] - reward->at[prompt][b]);
    bool first = rng_uniform(rng) < p;
    return (RewardPair){.chosen = &w->exchanges[prompt][first ? a : b],
                        .rejected = &w->exchanges[prompt][first ? b : a]};
}

// ---- reward models

void world_reward_model(RewardModel *r, int layers, int heads, const Rng *rng) {
    Error err;
    Config c =
        config_small_llama(WORLD_VOCABULARY, 2 + WORLD_LONGEST, 32, layers, 2, 2);
    c.init = INIT_XAVIER;
    if (!reward_model_new(r, &c, heads, rng, &err)) die("%s", err.text);
}

Table world_scores(const World *w, const RewardModel *r, int head) {
    static const Exchange *list[WORLD_ALL];
    Table found;
    double *scores = allocate((size_t)WORLD_ALL * (size_t)r->heads, sizeof *scores);
    for (int k = 0; k < WORLD_ALL; k++)
        list[k] = &w->exchanges[k / WORLD_ANSWERS][k % WORLD_ANSWERS];
    reward_model_score(r, list, WORLD_ALL, scores);
    for (int k = 0; k < WORLD_ALL; k++)
        found.at[k / WORLD_ANSWERS][k % WORLD_ANSWERS] = scores[k * r->heads + head];
    free(scores);
    return found;
}
