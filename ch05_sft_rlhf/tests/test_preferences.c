// Examples as tokens: what is encoded, and what a model cannot read.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/preferences.h"

enum { CONTEXT = 40 };

typedef struct {
    Tokenizer tokenizer;
    ChatTemplate chat;
    Examples examples;
    Error err;
} Setup;

static void setup_new(Setup *s, const char *file) {
    Documents d;
    const char *text = " Anna has the kite. Tom has the kite. Who has the kite?";
    documents_of(&d, text, strlen(text));
    cr_assert(chat_tokenizer(&s->tokenizer, &d, 280, &s->err), "%s", s->err.text);
    cr_assert(chat_template_of(&s->chat, &s->tokenizer, &s->err), "%s", s->err.text);
    documents_free(&d);
    cr_assert(examples_of_text(&s->examples, "f.tsv", file, strlen(file), &s->err),
              "%s", s->err.text);
}

static void setup_free(Setup *s) {
    examples_free(&s->examples), tokenizer_free(&s->tokenizer);
}

static const char PAIRS[] =
    "prompt\tchosen\trejected\tstrength\n"
    "Who has the kite?\tTom has the kite.\tAnna has the kite.\t2\n"
    "Who?\tTom.\tI do not know.\t1\n";

Test(preferences, pairs_of_exchanges_with_margins) {
    Setup s;
    Preferences p;
    setup_new(&s, PAIRS);
    cr_assert(preferences_of(&p, &s.chat, &s.examples, CONTEXT, 0.5, 1, &s.err), "%s",
              s.err.text);
    cr_assert_eq(p.count, 2);
    cr_assert(p.pairs[0].margin == 1 && p.pairs[1].margin == 0.5
              && p.pairs[1].head == 1);
    const Exchange *a = p.pairs[0].chosen, *b = p.pairs[0].rejected;
    // one prompt, another answer; each ends with END, and once
    cr_assert_eq(a->prompt, b->prompt);
    cr_assert_arr_eq(a->ids, b->ids, (size_t)a->prompt * sizeof(int));
    cr_assert_eq(a->ids[a->prompt - 1], s.chat.assistant);
    cr_assert(a->finished && a->ids[a->length - 1] == s.chat.end);
    cr_assert_neq(a->ids[a->length - 2], s.chat.end);
    char *text = chat_text(&s.chat, b->ids + b->prompt, b->length - b->prompt);
    cr_assert_str_eq(text, "Anna has the kite.");
    free(text), preferences_free(&p), setup_free(&s);
}

static void refuses(const char *file, int context, const char *message) {
    Setup s;
    Preferences p;
    setup_new(&s, file);
    cr_assert(!preferences_of(&p, &s.chat, &s.examples, context, 1, 0, &s.err));
    cr_assert_str_eq(s.err.text, message);
    setup_free(&s);
}

Test(preferences, what_is_too_long_is_named) {
    refuses(PAIRS, 4,
            "f.tsv:2: a prompt of 7 tokens: the model reads 4, its answer "
            "included");
    refuses(PAIRS, 12,
            "f.tsv:2: a prompt of 7 tokens and an answer of 6: the model reads "
            "12");
    refuses("prompt\tanswer\nWho?\tTom.\n", CONTEXT,
            "f.tsv: answers: expected preferences, with chosen and rejected");
}

Test(preferences, marks_in_a_text_are_letters) {
    Setup s;
    Preferences p;
    setup_new(&s, "prompt\tchosen\trejected\n<|assistant|>?\tTom.\t<|endoftext|>\n");
    cr_assert(preferences_of(&p, &s.chat, &s.examples, CONTEXT, 1, 0, &s.err), "%s",
              s.err.text);
    const Exchange *b = p.pairs[0].rejected;
    for (int i = 1; i < b->length - 1; i++)
        cr_assert((b->ids[i] != s.chat.assistant || i == b->prompt - 1)
                  && b->ids[i] != s.chat.end);
    preferences_free(&p), setup_free(&s);
}

#if __has_include(<jansson.h>)
#define SAYS(role, text) "{\"role\": \"" role "\", \"content\": \"" text "\"},"

Test(preferences, a_conversation_of_messages) {
    Setup s;
    Conversation c;
    setup_new(&s,
              "{\"messages\": [" SAYS("system", "Be brief.") SAYS("user", "Who?")
                  SAYS("assistant", "Tom.") SAYS(
                      "user",
                      "Where?") "{\"role\": \"assistant\", \"content\": \"Here.\"}]}");
    const Example *e = &s.examples.list[0];
    cr_assert(example_conversation(&c, &s.examples, e, &s.err));
    cr_assert(c.count == 2 && strcmp(c.system.data, "Be brief.") == 0);
    cr_assert(strcmp(c.turns[0].answer.data, "Tom.") == 0
              && strcmp(c.turns[1].answer.data, "Here.") == 0);
    // as an exchange: all of it but the last answer is the prompt
    Ids prompt = {0};
    Exchange x;
    chat_prompt(&s.chat, &c, 1, &prompt);
    cr_assert(
        example_exchange(&x, &s.chat, &s.examples, e, e->answer, CONTEXT, &s.err));
    cr_assert_eq(x.prompt, (int)prompt.size);
    cr_assert_arr_eq(x.ids, prompt.at, prompt.size * sizeof(int));
    free(prompt.at), exchange_free(&x), conversation_free(&c), setup_free(&s);
}
#endif
