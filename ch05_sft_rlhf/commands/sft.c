// sft: fine-tune a model on conversations.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/commands/adapters.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/learning.h"
#include "ch05_sft_rlhf/preferences.h"

const Option sft_options[] = {
    {"checkpoint", NULL, "the model to begin with: pretrain.ckpt of `pipeline`"},
    {"data", NULL,
     "conversations: columns prompt, answer; or JSON Lines; else the story world's"},
    {"output", NULL, "the model to write", .letter = 'o'},
    {"steps", "12000", "of training"},
    {"batch", "4", "rows per step"},
    {"time", "256", "tokens per row"},
    {"rate", "3e-3", "the highest learning rate"},
    {"shares", "follow",
     "of the story world's kinds; follow: what is still wrong is asked more often; or "
     "fixed, as with --lora"},
    {"loss-on", "all",
     "answers that are learnt from: all of a conversation, or the last"},
    {"packing", "on", "on: several conversations per row; off: one"},
    {"show-mask", OPTION_FLAG,
     "print the first row's tokens and targets, and train nothing"},
    ADAPTER_OPTIONS,
    {"log", NULL, "a table of every step: FILE.tsv"},
    {"seed", "1", "of the conversations"},
    {0}};

static StagePlan plan_of(const Args *args) {
    StagePlan plan = stage_plan_usual;
    plan.sft_steps = option_int(args, "steps", 1, 1000000000);
    plan.batch = (int)option_int(args, "batch", 1, 1 << 16);
    plan.time = (int)option_int(args, "time", 96, 1 << 16);
    plan.rate = option_real(args, "rate", 1e-9, 10);
    plan.shares = (Shares)option_choice(args, "shares", shares_names);
    plan.seed = (uint64_t)option_int(args, "seed", 0, LONG_MAX);
    return plan;
}

static SftData data_of(const Args *args, const Assistant *a, const Story *s,
                       const StagePlan *plan) {
    static const char *const losses[] = {"all", "last", NULL}, *const packings[] = {
                                                                   "on", "off", NULL};
    SftData d = stage_sft_data(&a->chat, s, plan);
    d.last_only = option_choice(args, "loss-on", losses) == 1;
    d.alone = option_choice(args, "packing", packings) == 1;
    return d;
}

// ---- --data: a file's conversations, drawn at random

// What cannot be learnt from is found now: each with its line.
static void check_example(const Examples *of, const Example *e,
                          const ChatTemplate *chat, int time) {
    Conversation c;
    Ids ids = {0}, counted = {0};
    Error err;
    if (!example_conversation(&c, of, e, &err)) die("%s", err.text);
    chat_encode(chat, &c, false, &ids, &counted);
    if ((int)ids.size > time)
        die("%s:%lld: %zu tokens: a row has room for %d (--time)", of->path, e->line,
            ids.size, time);
    free(ids.at), free(counted.at), conversation_free(&c);
}

static Conversation draw_example(void *self, long long n, int which, Rng *rng) {
    const Examples *of = self;
    Conversation c;
    Error err;
    (void)n, (void)which;
    const Example *e = &of->list[rng_below(rng, (int)of->count)];
    if (!example_conversation(&c, of, e, &err)) die("%s", err.text);
    return c;
}

static void open_examples(Examples *of, const char *path, SftData *d) {
    Error err;
    if (!examples_read(of, path, &err)) die("%s", err.text);
    if (of->preferences)
        die("%s:%lld: preferences: expected answers to learn from", of->path,
            of->list[0].line);
    for (size_t i = 0; i < of->count; i++)
        check_example(of, &of->list[i], &d->chat, d->time);
    d->draw = draw_example, d->self = of;
}

// ---- --show-mask: position, what is read, what is to be predicted

static void show_mask(const SftData *d) {
    Batch b = sft_batch_new(d, 1);
    sft_fill(&b, d, 0);
    printf("position\ttoken\ttext\ttarget\ttarget_text\tcounted\tdocument\n");
    for (int i = 0; i < b.time; i++) {
        char text[2][512];
        int ids[2] = {b.tokens[i], b.targets[i]};
        for (int k = 0; k < 2; k++) {
            size_t size = 0;
            const char *bytes =
                ids[k] < 0 ? NULL : token_bytes(d->chat.tokenizer, ids[k], &size);
            snprintf(text[k], sizeof text[k], "-");
            if (bytes && size < 100) escape(text[k], bytes, size);
        }
        printf("%d\t%d\t%s\t%d\t%s\t%d\t%d\n", i, ids[0], text[0], ids[1], text[1],
               ids[1] >= 0, b.firsts[i]);
    }
    batch_free(&b);
}

// ---- training

static void train(const Args *args, Assistant *a, SftData *d, StagePlan *plan) {
    const char *data = option_text(args, "data");
    const char *to = output_of(args, "sft", "the model",
                               (const char *[]){"checkpoint", "data", NULL}),
               *log_path = option_text(args, "log");
    Error err;
    Output log = {0};
    Text made = {0};
    static Adapters adapters;
    Model *m = adapters_open(&adapters, args, "sft", &a->model);
    if (log_path && !output_open(&log, log_path, &err)) die("%s", err.text);
    // one's own conversations are of no kinds; adapters cannot be asked at every look
    if (data || adapters.count) plan->shares = SHARES_FIXED;
    text_add(&made,
             "sft --data %s --steps %lld --batch %d --time %d --rate %g --shares %s "
             "--seed %llu from %s %016llx",
             data ? data : "stories", plan->sft_steps, plan->batch, plan->time,
             plan->rate, shares_names[plan->shares], (unsigned long long)plan->seed,
             stage_names[a->stage], (unsigned long long)assistant_hash(&a->model));
    Watch w = watch_begin("sft", log.stream);
    Learning l = learning_of(m, d, plan, watch_step, &w);
    if (plan->shares == SHARES_FIXED) l.looks = 0;
    if (!stage_sft(m, d, plan, learning_step, &l, &err)) die("%s", err.text);
    if (log_path && !output_commit(&log, &err)) die("%s", err.text);
    if (!adapters_save(to, &adapters, a, STAGE_SFT, made.data, &err))
        die("%s", err.text);
    printf("%s: the %s, %.1f s\n", to, adapters.count ? "adapter" : "model",
           watch_end(&w));
    free(made.data), adapters_close(&adapters);
}

int command_sft(const Args *args) {
    static Assistant a;
    Error err;
    const char *path = option_text(args, "checkpoint");
    if (args->file_count) die("sft: unexpected '%s'", args->files[0]);
    if (!path) die("sft: --checkpoint FILE is needed: the model to begin with");
    StagePlan plan = plan_of(args);
    if (!assistant_load_stage(&a, path, (Stage[]){STAGE_PRETRAIN, STAGE_SFT, STAGES},
                              &err))
        die("%s", err.text);
    if (plan.time > a.model.config.context)
        die("sft: --time %d: the model has %d positions", plan.time,
            a.model.config.context);
    Story s = story_new();
    SftData d = data_of(args, &a, &s, &plan);
    Examples examples = {0};
    const char *data = option_text(args, "data");
    if (data) open_examples(&examples, data, &d);
    if (option_flag(args, "show-mask")) show_mask(&d);
    else train(args, &a, &d, &plan);
    examples_free(&examples), story_free(&s), assistant_free(&a);
    return 0;
}
