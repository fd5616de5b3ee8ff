// reward: train a reward model on preferences; score the answers of a file.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/bradley_terry.h"
#include "ch05_sft_rlhf/commands/adapters.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/judge.h"
#include "ch05_sft_rlhf/preferences.h"
#include "common/numeric/small.h"

const Option reward_options[] = {
    {"checkpoint", NULL,
     "the model to begin with, of stage sft; to score: a reward model"},
    {"data", NULL,
     "preferences: columns prompt, chosen, rejected[, strength]; or JSON"},
    {"output", NULL, "the reward model to write; to score: the table", .letter = 'o'},
    {"score", NULL, "score the answers of this file, and train nothing"},
    {"epochs", "1", "passes over the preferences"},
    {"batch", "16", "pairs per step"},
    {"rate", "1e-3", "the highest learning rate"},
    ADAPTER_OPTIONS,
    {"margin", "0", "asked for, times each preference's strength"},
    {"held-out", "10", "of so many preferences one is kept for the end; 0: none"},
    {"log", NULL, "a table of every step: FILE.tsv"},
    {"seed", "1", "of the order"},
    {0}};

static Examples examples_of(const char *path) {
    Examples e;
    Error err;
    if (!examples_read(&e, path, &err)) die("%s", err.text);
    return e;
}

// ---- scoring

static void score_example(FILE *out, const Judge *j, const Examples *all,
                          const Example *e) {
    const char *answers[] = {e->answer, e->rejected};
    int count = e->rejected ? 2 : 1, context = j->reward.model->config.context;
    double scores[2][REWARD_HEADS];
    for (int k = 0; k < count; k++) {
        Exchange x;
        Error err;
        if (!example_exchange(&x, &j->chat, all, e, answers[k], context, &err))
            die("%s", err.text);
        const Exchange *list[] = {&x};
        reward_model_score(&j->reward, list, 1, scores[k]);
        exchange_free(&x);
    }
    fprintf(out, "%lld", e->line);
    for (int k = 0; k < count; k++)
        for (int h = 0; h < j->reward.heads; h++) {
            if (!isfinite(scores[k][h]))
                die("%.80s:%lld: a score of %g", all->path, e->line, scores[k][h]);
            fprintf(out, "\t%.9g", scores[k][h]);
        }
    if (count == 2) fprintf(out, "\t%.9g", logistic(scores[0][0] - scores[1][0]));
    fprintf(out, "\n");
}

static void write_heads(FILE *out, const char *answer, int heads) {
    for (int h = 0; h < heads; h++)
        fprintf(out, "\t%s%s%s", answer, heads > 1 ? "_" : "",
                heads > 1 ? reward_head_names[h] : "");
}

static int score(const Args *args, const char *model, const char *path) {
    static Judge j;
    Error err;
    Output out;
    const char *to = option_text(args, "output")
                         ? output_of(args, "reward", "the table",
                                     (const char *[]){"checkpoint", "score", NULL})
                         : "-";
    if (!judge_load(&j, model, &err)) die("%s", err.text);
    Examples all = examples_of(path);
    if (!output_open(&out, to, &err)) die("%s", err.text);
    fprintf(out.stream, "line");
    if (all.preferences) {
        write_heads(out.stream, "chosen", j.reward.heads);
        write_heads(out.stream, "rejected", j.reward.heads);
        fprintf(out.stream, "\tp_chosen\n");
    } else {
        write_heads(out.stream, "score", j.reward.heads);
        fprintf(out.stream, "\n");
    }
    for (size_t i = 0; i < all.count; i++)
        score_example(out.stream, &j, &all, &all.list[i]);
    if (!output_commit(&out, &err)) die("%s", err.text);
    examples_free(&all), judge_free(&j);
    return 0;
}

// ---- training

typedef struct {
    RewardPair *train, *held_out;
    int train_count, held_out_count;
} Split;

static Split split(const Preferences *p, int every) {
    Split s = {allocate((size_t)p->count, sizeof *s.train),
               allocate((size_t)p->count, sizeof *s.held_out), 0, 0};
    for (int i = 0; i < p->count; i++)
        if (every && i % every == every - 1)
            s.held_out[s.held_out_count++] = p->pairs[i];
        else s.train[s.train_count++] = p->pairs[i];
    return s;
}

// Loss without margin, and how many pairs are ranked rightly; ties count half.
static void print_quality(const char *what, const RewardModel *r,
                          const RewardPair *pairs, int count) {
    double *deltas = allocate((size_t)count + 1, sizeof *deltas), loss = 0, right = 0;
    if (count) reward_pair_deltas(r, pairs, count, deltas);
    for (int i = 0; i < count; i++) {
        loss += bradley_terry_loss(deltas[i], 0) / count;
        right += (deltas[i] > 0 ? 1 : deltas[i] == 0 ? 0.5 : 0) / count;
    }
    free(deltas);
    if (count)
        printf("%s: %d pairs, loss %.4f (0.6931 is a coin's), %.1f %% ranked rightly\n",
               what, count, loss, 100 * right);
}

// The middle answer of those seen has about the score 0.
static void centre(RewardModel *r, const RewardPair *pairs, int count) {
    const Exchange **list = allocate(2 * (size_t)count, sizeof *list);
    for (int i = 0; i < count; i++)
        list[2 * i] = pairs[i].chosen, list[2 * i + 1] = pairs[i].rejected;
    reward_model_centre(r, list, 2 * count);
    free(list);
}

static void train(RewardModel *r, const Split *s, const Args *args, Watch *w) {
    int batch = (int)option_int(args, "batch", 1, 1 << 16), n = s->train_count,
        per_epoch = ceil_div(n, batch);
    long long epochs = option_int(args, "epochs", 1, 1000000),
              steps = epochs * per_epoch;
    double rate = option_real(args, "rate", 1e-9, 10);
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    RewardTrainer t = reward_trainer_new(r);
    RewardPair *now = allocate((size_t)batch, sizeof *now);
    int *order = allocate((size_t)n, sizeof *order);
    for (int i = 0; i < n; i++) order[i] = i;
    for (long long step = 0; step < steps; step++) {
        int first = (int)(step % per_epoch) * batch, count = int_min(batch, n - first);
        if (first == 0) rng_shuffle(&rng, order, n);
        for (int i = 0; i < count; i++) now[i] = s->train[order[first + i]];
        double left = 1 - (double)step / (double)steps;
        double loss = reward_trainer_step(&t, now, count, rate * left);
        if (!isfinite(loss))
            die("reward: step %lld: the loss is %g: a smaller --rate?", step + 1, loss);
        watch_step(w, step + 1, steps, loss);
    }
    reward_trainer_free(&t), free(now), free(order);
}

static char *how_made(const Args *args, const Assistant *a, int pairs) {
    Text made = {0};
    text_add(
        &made,
        "reward --epochs %s --batch %s --rate %s --margin %s --held-out %s --seed %s "
        "on %d pairs from %s %016llx",
        option_text(args, "epochs"), option_text(args, "batch"),
        option_text(args, "rate"), option_text(args, "margin"),
        option_text(args, "held-out"), option_text(args, "seed"), pairs,
        stage_names[a->stage], (unsigned long long)assistant_hash(&a->model));
    return made.data;
}

// The reward model, or the adapters alone with its head.
static bool save(const char *path, const RewardModel *r, const Adapters *adapters,
                 const Assistant *a, const char *made, Error *err) {
    return adapters->count ? adapters_save(path, adapters, a, STAGE_REWARD, made, err)
                           : judge_save(path, r, &a->tokenizer, made, err);
}

static int make(const Args *args, const char *model, const char *data) {
    static Assistant a;
    static RewardModel r;
    static Adapters adapters;
    Error err;
    Output log = {0};
    Preferences p;
    const char *to = output_of(args, "reward", "the reward model",
                               (const char *[]){"checkpoint", "data", NULL}),
               *log_path = option_text(args, "log");
    int every = (int)option_int(args, "held-out", 0, INT_MAX);
    if (every == 1) die("--held-out 1: nothing would be left to train on");
    if (!assistant_load_stage(&a, model, (Stage[]){STAGE_PRETRAIN, STAGE_SFT, STAGES},
                              &err))
        die("%s", err.text);
    Examples all = examples_of(data);
    if (!preferences_of(&p, &a.chat, &all, a.model.config.context,
                        option_real(args, "margin", 0, 100), REWARD_HELPFULNESS, &err)
        || (log_path && !output_open(&log, log_path, &err)))
        die("%s", err.text);
    char *made = how_made(args, &a, p.count);
    Split s = split(&p, every);
    reward_model_of_policy(&r, &a.model, 1);
    r.model = adapters_open(&adapters, args, "reward", r.model);
    Watch w = watch_begin("reward", log.stream);
    train(&r, &s, args, &w);
    centre(&r, s.train, s.train_count);
    double seconds = watch_end(&w);
    if ((log_path && !output_commit(&log, &err))
        || !save(to, &r, &adapters, &a, made, &err))
        die("%s", err.text);
    print_quality("trained on", &r, s.train, s.train_count);
    print_quality("held out", &r, s.held_out, s.held_out_count);
    printf("%s: the %s, %.1f s\n", to, adapters.count ? "adapter" : "reward model",
           seconds);
    free(made), free(s.train), free(s.held_out);
    preferences_free(&p), examples_free(&all);
    adapters_close(&adapters), reward_model_free(&r), assistant_free(&a);
    return 0;
}

int command_reward(const Args *args) {
    const char *model = option_text(args, "checkpoint"),
               *data = option_text(args, "data"), *scored = option_text(args, "score");
    if (args->file_count) die("reward: unexpected '%s'", args->files[0]);
    if (!model) die("reward: --checkpoint FILE is needed");
    if (!data == !scored)
        die("reward: --data FILE is needed, to train on, or --score FILE, not both");
    if (scored && adapters_asked_for(args))
        die("reward: --score trains nothing: expected no --lora with it");
    return scored ? score(args, model, scored) : make(args, model, data);
}
