// Loss on answers alone: where the gradient is and where it is not, and what happens if the
// end is no target. Lecture, section 5.3.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/labs/small_sft.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"steps", "240", "of training, 768 tokens each"},
    {"count", "100", "questions that show whether answers end"},
    {0}};

// ---- gradients along one row

enum { TIME = 96 };

// With learned positions each place has a row of its own in a table: its gradient is that
// of the place's embedding.
static void model_with_positions(Model *m, const SmallWorld *w, uint64_t seed) {
    Config c = config_small_gpt(w->tokenizer.size, TIME, 32, 2, 2);
    c.dropout = 0, c.init = INIT_XAVIER;
    Error err;
    Rng rng = rng_new(seed);
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
}

static double length_of(Mat m, int row) {
    double sum = 0;
    for (int k = 0; k < m.cols; k++)
        sum += (double)*mat_at(m, row, k) * (double)*mat_at(m, row, k);
    return sqrt(sum);
}

typedef struct {
    double logits_prompt, logits_answer;  // largest, smallest length of a gradient
    double embedding;                     // smallest, up to the last answer
} Gradients;

static Gradients along_a_row(Lab *lab, const SmallWorld *w, Plot *p) {
    static Model m;
    SmallSft s = small_sft_usual(1, lab->seed);
    SftData d = small_sft_data(w, &s, (TaskKind[]){TASK_WHO, TASK_KINDS});
    d.alone = true;
    Batch b = sft_batch_new(&d, 1);
    sft_fill(&b, &d, 0);
    model_with_positions(&m, w, lab->seed);
    Tape *t = tape_new(&m.params);
    // one conversation, and places of its own: none is packed
    Tokens in = {.batch = 1, .time = b.time, .tokens = b.tokens};
    Node *logits = model_logits(t, &m, model_hidden(t, &m, &in));
    logits->keeps_grad = true;
    tape_backward(t, cross_entropy(t, logits, b.targets));
    Mat places = params_grad(&m.params, m.position);
    Gradients g = {0, INFINITY, INFINITY};
    int last = 0;
    for (int i = 0; i < TIME; i++)
        if (b.targets[i] >= 0) last = i;
    for (int i = 0; i < TIME; i++) {
        double of_logits = length_of(logits->grad, i), of_place = length_of(places, i);
        bool answer = b.targets[i] >= 0;
        if (answer) g.logits_answer = fmin(g.logits_answer, of_logits);
        else g.logits_prompt = nan_max(g.logits_prompt, of_logits);
        if (i <= last) g.embedding = fmin(g.embedding, of_place);
        if (i <= last) plot_row(p, i, of_logits, of_place, answer);
    }
    tape_free(t), batch_free(&b), model_free(&m);
    return g;
}

// ---- the end

static void without_ends(Batch *b, const SmallWorld *w) {
    for (int i = 0; i < b->rows * b->time; i++)
        if (b->targets[i] == w->chat.end) b->targets[i] = IGNORED;
}

static double share_ended(Lab *lab, const SmallWorld *w, bool ends) {
    static Model m;
    static const TaskKind kinds[] = {TASK_HELLO, TASK_COUNT, TASK_KINDS};
    int count = (int)option_int(&lab->args, "count", 1, 100000);
    SmallSft s =
        small_sft_usual(option_int(&lab->args, "steps", 1, 1000000), lab->seed);
    if (!ends) s.change = without_ends;
    small_sft(lab, &m, w, &s, small_sft_data(w, &s, kinds), NULL);
    double ended = small_marks(&m, w, TASK_HELLO, count, lab->seed).ended / 2
                   + small_marks(&m, w, TASK_COUNT, count, lab->seed).ended / 2;
    model_free(&m);
    return ended;
}

// ---- how many count

// The targets of some rows, and the same from the texts alone: an answer's tokens and its
// END each.
static void count_targets(Lab *lab, const SmallWorld *w, long long *counted,
                          long long *expected) {
    enum { ROWS = 64 };
    SmallSft s = small_sft_usual(1, lab->seed);
    SftData d = small_sft_data(w, &s, NULL);
    d.alone = true, d.time = 256;
    Batch b = sft_batch_new(&d, ROWS);
    sft_fill(&b, &d, 0);
    *counted = b.counted, *expected = 0;
    for (int n = 0; n < ROWS; n++) {
        Rng row = rng_split(&d.rng, (uint64_t)n), own = rng_split(&row, 0);
        Conversation c = instruct(&d.from, &own);
        for (int k = 0; k < c.count; k++) {
            Ids ids = {0};
            Error err;
            if (!chat_answer(&w->chat, c.turns[k].answer.data, &ids, &err))
                die("%s", err.text);
            *expected += (long long)ids.size;
            free(ids.at);
        }
        conversation_free(&c);
    }
    batch_free(&b);
}

static void run(Lab *lab) {
    static SmallWorld w;
    long long counted, expected;
    small_world(&w, lab->seed);
    Plot *p = plot_new(lab, "sft_mask", "position logits embedding answer");
    count_targets(lab, &w, &counted, &expected);
    claim_equal(lab, "5.10", "targets of 64 rows: the answers' tokens and ENDs",
                expected, counted);
    Gradients g = along_a_row(lab, &w, p);
    claim_near(lab, "5.11", "dL/dlogits where a prompt is read, largest", 0,
               g.logits_prompt, 0);
    // a gradient of exactly 0 in all 32 channels is not met by chance
    claim_at_least(lab, "5.12", "dL/dembedding of the prompt's tokens, smallest", 1e-9,
                   g.embedding);
    double with = share_ended(lab, &w, true), without = share_ended(lab, &w, false);
    claim_at_least(lab, "5.13", "answers that end by themselves, END a target", 0.99,
                   with);
    // END is never raised by any target, and every other token's target lowers it
    claim_at_most(lab, "5.13", "the same, END no target", 0.01, without);
    plot_axes(p, "position in the row", "length of the gradient");
    plot_set(p, "logscale y");
    plot_set(p, "format y '10^{%%T}'");
    plot_points(p, "position", "logits", "with respect to the logits");
    plot_line(p, "position", "embedding", "with respect to the embedding");
    plot_end(p);
    small_world_free(&w);
}

const LabSpec lab_sft_mask = {"sft-mask", "5.3", "Where fine-tuning's gradient is", run,
                              options};
