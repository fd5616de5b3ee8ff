// Ghost attention: data that keep a system line alive over turns. Lecture, section 5.3.
//
//     ghost   S Be friendly.  U .. A .. thanks  U .. A .. thanks  U .. A [.. thanks]    loss on the last
//     none    S Be friendly.  U .. A [.. thanks]    and    U .. A [..]  U .. A [..]     never both
//
// It is no attention, it is data: a line in front, answers that follow it in every turn,
// and a loss that looks at the last answer alone. Without such data a model has seen the
// line only one turn away.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch05_sft_rlhf/labs/small_sft.h"
#include "ch05_sft_rlhf/questions.h"
#include "common/program/plot.h"

enum { RULES = 2, KEPT_TURNS = 4 };

static const Option options[] = {{"steps", "400", "of training, 768 tokens each"},
                                 {"count", "200", "conversations that are answered"},
                                 {0}};

static const TaskKind kinds[] = {TASK_HELLO, TASK_COUNT, TASK_FIRST, TASK_KINDS};

// ---- the two sets of data

typedef struct {
    Instructions from;
    bool ghost;
} Source;

static Conversation draw_one(void *self, long long n, int which, Rng *rng) {
    const Source *s = self;
    Instructions from = s->from;
    (void)n, (void)which;
    from.turns = KEPT_TURNS, from.systems = 0;
    if (rng_below(rng, 2)) from.systems = 1, from.turns = s->ghost ? KEPT_TURNS : 1;
    return instruct(&from, rng);
}

// ---- whether a model keeps the line: its own answers are what it reads on

static bool keeps(const Conversation *c, const char *answer) {
    char content[512];
    if (strlen(answer) >= sizeof content) return false;
    Manners m = gold_content(content, answer), asked = gold_systems[c->asks].asks;
    return m.opening == asked.opening && m.closing == asked.closing;
}

// One turn of all conversations; each gets the model's answer in place of the
// demonstrator's.
static double answer_turn(Conversation *list, int count, int turn, const InferModel *m,
                          const ChatTemplate *chat) {
    enum { MOST = 32 };
    Ids *ids = allocate((size_t)count, sizeof *ids);
    Prompt *prompts = allocate((size_t)count, sizeof *prompts);
    Rollout *answers = allocate((size_t)count, sizeof *answers);
    Error err;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        chat_prompt(chat, &list[i], turn, &ids[i]);
        prompts[i] = (Prompt){ids[i].at, (int)ids[i].size};
    }
    RolloutSettings s = {chat->end, MOST, 0, 0, rng_new(1)};
    if (!rollouts(answers, m, prompts, count, &s, NULL, &err)) die("%s", err.text);
    for (int i = 0; i < count; i++) {
        const Exchange *e = &answers[i].exchange;
        char *text = chat_text(chat, e->ids + e->prompt, e->length - e->prompt);
        Text *to = &list[i].turns[turn].answer;
        kept += keeps(&list[i], text);
        to->size = 0, text_add(to, "%s", text);
        free(text), rollout_free(&answers[i]), free(ids[i].at);
    }
    free(ids), free(prompts), free(answers);
    return (double)kept / count;
}

static void measure(Lab *lab, const Model *m, const SmallWorld *w, const Source *source,
                    double kept[KEPT_TURNS]) {
    int count = (int)option_int(&lab->args, "count", 1, 10000);
    Conversation *list = allocate((size_t)count, sizeof *list);
    InferModel view;
    Error err;
    if (!infer_of_model(&view, m, &err)) die("%s", err.text);
    Instructions from = source->from;
    from.systems = 1, from.held_out = true;
    from.turns_least = from.turns = KEPT_TURNS;
    Rng rng = rng_new(lab->seed + 1);
    for (int i = 0; i < count; i++) list[i] = instruct(&from, &rng);
    for (int turn = 0; turn < KEPT_TURNS; turn++)
        kept[turn] = answer_turn(list, count, turn, &view, &w->chat);
    for (int i = 0; i < count; i++) conversation_free(&list[i]);
    free(list), infer_model_free(&view);
}

static void run(Lab *lab) {
    static SmallWorld w;
    double kept[RULES][KEPT_TURNS];
    small_world(&w, lab->seed);
    for (int r = 0; r < RULES; r++) {
        static Model m;
        SmallSft s =
            small_sft_usual(option_int(&lab->args, "steps", 1, 1000000), lab->seed);
        SftData d = small_sft_data(&w, &s, kinds);
        Source source = {d.from, r == 0};
        d.draw = draw_one, d.self = &source, d.last_only = true;
        small_sft(lab, &m, &w, &s, d, NULL);
        measure(lab, &m, &w, &source, kept[r]);
        model_free(&m);
    }
    Plot *p = plot_new(lab, "ghost", "turn ghost none");
    for (int i = 0; i < KEPT_TURNS; i++) plot_row(p, i + 1, kept[0][i], kept[1][i]);
    double last[RULES] = {kept[0][KEPT_TURNS - 1], kept[1][KEPT_TURNS - 1]};
    claim_at_least(lab, "5.16", "system line kept in turn 4, ghost data", 0.95,
                   last[0]);
    // Binomial errors of both; a model that kept it as often would pass once in 30,000.
    double count = (double)option_int(&lab->args, "count", 1, 10000),
           error = sqrt((last[0] * (1 - last[0]) + last[1] * (1 - last[1])) / count);
    claim_at_least(lab, "5.17", "more than without, in standard errors", 4,
                   (last[0] - last[1]) / fmax(error, 1 / count));
    plot_axes(p, "turn", "share of answers that keep the system line");
    plot_set(p, "yrange [0:1.05]");
    plot_set(p, "xtics 1");
    plot_points(p, "turn", "ghost", "ghost data");
    plot_points(p, "turn", "none", "line and turns never together");
    plot_end(p);
    small_world_free(&w);
}

const LabSpec lab_ghost = {"ghost", "5.3", "A system line kept over turns", run,
                           options};
