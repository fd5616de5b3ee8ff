// Helpful and safe: two preferences, one reward or two. Lecture, section 5.4.
//
// The symbol d makes an answer more helpful and less safe. Half of the labels are by
// helpfulness, half by safety. One reward for both must lose the divergence between the
// two; two heads need not. Then both scores are made one reward again, by a rule.
#include <math.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/labs/preference_world.h"
#include "common/numeric/logistic.h"
#include "common/program/plot.h"

enum { BATCH = 64 };

static const Option options[] = {
    {"pairs", "32768", "to train on"},
    {"threshold", "0.15", "an answer with sigma(safety) below it is not safe"},
    {"rate", "3e-3", "learning rate"},
    {0}};

typedef struct {
    World world;
    Table policy, rewards[REWARD_HEADS];
} Setting;

static Setting setting_new(void) {
    static const double shares[WORLD_SYMBOLS] = {0.35, 0.25, 0.2, 0.2},
                        helpful[WORLD_SYMBOLS] = {0.2, -0.5, 0.4, 1},
                        safe[WORLD_SYMBOLS] = {0.3, 0.3, -0.1, -1};
    Setting s = {.world = world_new()};
    s.policy = world_policy(&s.world, shares);
    s.rewards[REWARD_HELPFULNESS] = world_sums(&s.world, &s.policy, helpful, 1.5);
    s.rewards[REWARD_SAFETY] = world_sums(&s.world, &s.policy, safe, 1.5);
    return s;
}

// ---- training: the same pairs for one head or two

static void train(Lab *lab, RewardModel *r, const Setting *s, int heads, int pairs,
                  double rate) {
    Rng start = rng_split(&lab->rng, 0), rng = rng_split(&lab->rng, 1);
    world_reward_model(r, 1, heads, &start);
    RewardTrainer t = reward_trainer_new(r);
    RewardPair batch[BATCH];
    for (int seen = 0; seen + BATCH <= pairs; seen += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            int judged = rng_below(&rng, REWARD_HEADS);
            batch[i] = world_pair(&s->world, &s->policy, &s->rewards[judged], &rng);
            batch[i].head = judged % heads;
        }
        double left = 1 - (double)seen / pairs;
        double loss =
            reward_trainer_step(&t, batch, BATCH, rate * (0.05 + 0.95 * left));
        lab_progress_value(lab, seen, pairs, "loss", loss);
    }
    reward_trainer_free(&t);
    // so that sigma of a score means something: scores of the policy's answers
    const Exchange *list[WORLD_ANSWERS];
    for (int i = 0; i < WORLD_ANSWERS; i++)
        list[i] =
            &s->world
                 .exchanges[0][rng_categorical(&rng, s->policy.at[0], WORLD_ANSWERS)];
    reward_model_centre(r, list, WORLD_ANSWERS);
}

// ---- losses

// What any one reward loses on both: two coins, seen as one, cost half of
// KL(p || q) + KL(p' || q) with q = (p + p') / 2, for every pair of answers.
static double divergence_of_heads(const Setting *s) {
    const double *policy = s->policy.at[0], *h = s->rewards[0].at[0],
                 *safe = s->rewards[1].at[0];
    double sum = 0;
    for (int i = 0; i < WORLD_ANSWERS; i++)
        for (int j = 0; j < WORLD_ANSWERS; j++) {
            double p[] = {logistic(h[i] - h[j]), logistic(safe[i] - safe[j])};
            double q = (p[0] + p[1]) / 2;
            // i wins; that j does is met with the two exchanged
            for (int k = 0; k < 2; k++)
                sum += policy[i] * policy[j] * p[k] * log(p[k] / q);
        }
    return sum;
}

// The mean excess over both kinds of labels.
static double excess(const Setting *s, const RewardModel *r) {
    double sum = 0;
    for (int k = 0; k < REWARD_HEADS; k++) {
        Table scores = world_scores(&s->world, r, k % r->heads);
        sum += world_loss(&s->policy, &s->rewards[k], &scores)
               - world_loss(&s->policy, &s->rewards[k], &s->rewards[k]);
    }
    return sum / REWARD_HEADS;
}

static void claim_losses(Lab *lab, const Setting *s, const RewardModel *one,
                         const RewardModel *two) {
    double floor = divergence_of_heads(s), one_excess = excess(s, one);
    claim_at_least(lab, "5.32", "excess of one reward: the divergence at least", floor,
                   one_excess);
    if (!lab_at_defaults(lab)) return;
    // not derived, as [5.27]: how well so many pairs teach so small a model
    claim_at_most(lab, "5.32", "and not much more", floor + 0.015, one_excess);
    claim_at_most(lab, "5.33", "excess of two heads", 0.015, excess(s, two));
}

// ---- two answers in conflict

// Of one symbol each: a is answer 0, d answer 3.
static double says(const Table *scores) {
    return logistic(scores->at[0][3] - scores->at[0][0]);
}

static void claim_conflict(Lab *lab, const Setting *s, const RewardModel *one,
                           const RewardModel *two) {
    Table scores[] = {world_scores(&s->world, two, 0), world_scores(&s->world, two, 1),
                      world_scores(&s->world, one, 0)};
    double p[] = {says(&s->rewards[0]), says(&s->rewards[1])};
    lab_print(lab,
              "\"d\" over \"a\": by helpfulness %.3f, by safety %.3f; the heads say "
              "%.3f and %.3f",
              p[0], p[1], says(&scores[0]), says(&scores[1]));
    if (!lab_at_defaults(lab)) return;
    // a probability within 0.05: a log-odds within 0.2
    claim_near(lab, "5.34", "one reward says the mean", (p[0] + p[1]) / 2,
               says(&scores[2]), 0.05);
}

// ---- the best answer

static int best_of(const Table *scores, int prompt) {
    int best = 0;
    for (int i = 0; i < WORLD_ANSWERS; i++)
        if (scores->at[prompt][i] > scores->at[prompt][best]) best = i;
    return best;
}

static Table combined(const Table *helpful, const Table *safe, double threshold) {
    Table r;
    for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++)
        for (int i = 0; i < WORLD_ANSWERS; i++)
            r.at[prompt][i] = reward_combine(
                helpful->at[prompt][i], safe->at[prompt][i], prompt == 1, threshold);
    return r;
}

static const char *spell(const World *w, int answer, char text[WORLD_LONGEST + 1]) {
    const int *symbols;
    int n = world_symbols(w, answer, &symbols);
    for (int k = 0; k < n && k < WORLD_LONGEST; k++)
        text[k] = (char)('a' + symbols[k]), text[k + 1] = '\0';
    return text;
}

static void claim_best(Lab *lab, const Setting *s, const RewardModel *two,
                       double threshold) {
    Table helpful = world_scores(&s->world, two, REWARD_HELPFULNESS),
          safe = world_scores(&s->world, two, REWARD_SAFETY),
          both = combined(&helpful, &safe, threshold);
    const Table *by[] = {&helpful, &both, &both};
    static const char *const names[] = {"helpfulness alone", "both",
                                        "both, asked with care"};
    double safety[3];
    char text[WORLD_LONGEST + 1];
    for (int k = 0; k < 3; k++) {
        int best = best_of(by[k], k == 2);
        safety[k] = logistic(s->rewards[REWARD_SAFETY].at[0][best]);
        lab_print(lab, "best answer by %s: %s, true helpfulness %.2f, safety %.2f",
                  names[k], spell(&s->world, best, text),
                  s->rewards[REWARD_HELPFULNESS].at[0][best], safety[k]);
    }
    if (!lab_at_defaults(lab)) return;
    claim_at_most(lab, "5.35", "sigma(safety) of the most helpful answer", threshold,
                  safety[0]);
    // 0.4 in the logit, two rms errors of the safety head
    claim_at_least(lab, "5.35", "of the best by both", logistic(logit(threshold) - 0.4),
                   safety[1]);
}

// What is not safe gets its safety, which is below logit(threshold). A safe answer that
// is even less helpful than that is ranked below some that are not safe.
static void claim_leak(Lab *lab, const Setting *s, double threshold) {
    const Table *h = &s->rewards[REWARD_HELPFULNESS],
                *safe = &s->rewards[REWARD_SAFETY];
    Table both = combined(h, safe, threshold);
    double most = -INFINITY, below = 0;
    for (int i = 0; i < WORLD_ANSWERS; i++)
        if (logistic(safe->at[0][i]) < threshold) most = fmax(most, both.at[0][i]);
    for (int i = 0; i < WORLD_ANSWERS; i++)
        if (logistic(safe->at[0][i]) >= threshold && h->at[0][i] < most)
            below += s->policy.at[0][i];
    claim_at_most(lab, "5.36", "reward of what is not safe: logit(threshold)",
                  logit(threshold), most);
    if (!lab_at_defaults(lab)) return;
    // exact sums: 0.139 with these values of symbols
    claim_at_least(lab, "5.36", "share of safe answers that are ranked below it", 0.1,
                   below);
}

// ---- figure

static void draw(Lab *lab, const Setting *s, const RewardModel *two, double threshold) {
    Table safe = world_scores(&s->world, two, REWARD_SAFETY),
          helpful = world_scores(&s->world, two, REWARD_HELPFULNESS);
    Plot *p = plot_new(lab, "two_heads", "safety safe_score helpful_score cut");
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < WORLD_ANSWERS; i++) {
        plot_row(p, safe.at[0][i], helpful.at[0][i], NAN, NAN);
        least = fmin(least, helpful.at[0][i]), most = fmax(most, helpful.at[0][i]);
    }
    plot_row(p, logit(threshold), NAN, NAN, least);
    plot_row(p, logit(threshold), NAN, NAN, most);
    plot_axes(p, "score of the safety head", "score of the helpfulness head");
    plot_points(p, "safety", "safe_score", "an answer");
    plot_line(p, "safety", "cut", "threshold");
    plot_end(p);
}

static void run(Lab *lab) {
    int pairs = (int)option_int(&lab->args, "pairs", BATCH, 1 << 24);
    double threshold = option_real(&lab->args, "threshold", 0.001, 0.999),
           rate = option_real(&lab->args, "rate", 1e-6, 1);
    Setting s = setting_new();
    RewardModel one, two;
    train(lab, &one, &s, 1, pairs, rate), train(lab, &two, &s, 2, pairs, rate);
    claim_losses(lab, &s, &one, &two);
    claim_conflict(lab, &s, &one, &two);
    claim_best(lab, &s, &two, threshold);
    claim_leak(lab, &s, threshold);
    draw(lab, &s, &two, threshold);
    reward_model_free(&one), reward_model_free(&two), world_free(&s.world);
}

const LabSpec lab_two_heads = {"two-heads", "5.4", "Helpful and safe: two heads", run,
                               options};
