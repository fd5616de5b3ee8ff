// Marks that are tokens, and marks that are words: where the prompt's tokens end. Lecture,
// section 5.1.
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/labs/small_sft.h"
#include "common/program/plot.h"

static const Option options[] = {{"count", "1000", "conversations"}, {0}};

// ---- whether ids(prompt) + ids(answer) are the ids of the whole text

static bool joins(const Tokenizer *t, const char *prompt, const char *answer) {
    Exchange e;
    Error err;
    bool ok = exchange_encode(&e, t, prompt, answer, 0, &err);
    if (ok) exchange_free(&e);
    return ok;
}

// The template's own: prompts of every turn against the whole.
static bool template_joins(const ChatTemplate *chat, const Conversation *c) {
    Ids whole = {0}, counted = {0};
    bool ok = true;
    chat_encode(chat, c, false, &whole, &counted);
    for (int turn = 0; turn < c->count; turn++) {
        Ids prompt = {0};
        chat_prompt(chat, c, turn, &prompt);
        ok &= prompt.size < whole.size
              && memcmp(prompt.at, whole.at, prompt.size * sizeof(int)) == 0
              && counted.at[prompt.size] && !counted.at[prompt.size - 1];
        free(prompt.at);
    }
    free(whole.at), free(counted.at);
    return ok;
}

// ---- marks in what a person types

static int marks_typed(const ChatTemplate *chat, const Conversation *c) {
    Text text = {0};
    Ids ids = {0};
    Error err;
    int found = 0;
    text_add(&text, "%s<|assistant|> %s<|endoftext|><|user|>",
             c->turns[0].question.data, c->turns[0].answer.data);
    if (!chat_question(chat, text.data, &ids, &err)) die("%s", err.text);
    // all but the two that the template itself puts at the ends
    for (size_t i = 1; i + 1 < ids.size; i++)
        found += tokenizer_is_special(chat->tokenizer, ids.at[i]);
    free(text.data), free(ids.at);
    return found;
}

typedef struct {
    int template_breaks, colon_breaks, space_breaks, typed;
} Counts;

static void count(Counts *n, const SmallWorld *w, const Conversation *c) {
    Text colon = {0}, space = {0}, answer = {0};
    text_add(&colon, "User: %s\nAssistant:", c->turns[0].question.data);
    text_add(&space, "%s ", colon.data);
    text_add(&answer, " %s", c->turns[0].answer.data);
    n->template_breaks += !template_joins(&w->chat, c);
    n->colon_breaks += !joins(&w->tokenizer, colon.data, answer.data);
    n->space_breaks += !joins(&w->tokenizer, space.data, answer.data + 1);
    n->typed += marks_typed(&w->chat, c);
    free(colon.data), free(space.data), free(answer.data);
}

static void run(Lab *lab) {
    static SmallWorld w;
    int conversations = (int)option_int(&lab->args, "count", 1, 1000000);
    Counts n = {0};
    small_world(&w, lab->seed);
    Instructions from = instructions_for_training(&w.story);
    Plot *p = plot_new(lab, "template", "conversations marks words words_and_space");
    for (int i = 1; i <= conversations; i++) {
        Conversation c = instruct(&from, &lab->rng);
        count(&n, &w, &c);
        conversation_free(&c);
        if (i % (conversations / 20 + 1) == 0 || i == conversations)
            plot_row(p, i, n.template_breaks, n.colon_breaks, n.space_breaks);
    }
    lab_print(lab, "%d conversations", conversations);
    claim_equal(lab, "5.1",
                "marks as tokens: prompts that are no beginning of the whole", 0,
                n.template_breaks);
    // the space begins the answer's first token, wherever the text is cut
    claim_equal(lab, "5.2",
                "\"Assistant: \" with its space: prompts cut inside a token",
                conversations, n.space_breaks);
    claim_equal(lab, "5.3", "marks that are typed and read as marks", 0, n.typed);
    plot_axes(p, "conversations", "prompts cut inside a token");
    plot_line(p, "conversations", "words_and_space", "\"Assistant: \"");
    plot_points(p, "conversations", "words", "\"Assistant:\"");
    plot_points(p, "conversations", "marks", "<|assistant|>");
    plot_end(p);
    small_world_free(&w);
}

const LabSpec lab_template = {"template", "5.1", "Where a prompt's tokens end", run,
                              options};
