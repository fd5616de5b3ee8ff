#include "ch05_sft_rlhf/chat_template.h"

#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/corpus.h"

enum { MARKS = 3 };
static const char *const marks[MARKS] = {"<|system|>", "<|user|>", "<|assistant|>"};

static int special_of(const Tokenizer *t, const char *text) {
    for (int i = 0; i < t->special_count; i++)
        if (strcmp(t->specials[i].text, text) == 0) return t->specials[i].id;
    return -1;
}

bool chat_template_of(ChatTemplate *c, const Tokenizer *t, Error *err) {
    *c = (ChatTemplate){t, special_of(t, DOCUMENT_END), special_of(t, marks[0]),
                        special_of(t, marks[1]), special_of(t, marks[2])};
    if (c->end >= 0 && c->system >= 0 && c->user >= 0 && c->assistant >= 0) return true;
    return error_set(err, "a tokenizer without %s, %s, %s and %s: not one for chat",
                     marks[0], marks[1], marks[2], DOCUMENT_END);
}

bool chat_tokenizer(Tokenizer *t, const Documents *d, int vocabulary, Error *err) {
    return corpus_tokenizer_with(t, d, vocabulary, "gpt2", marks, MARKS, err);
}

static bool append(const ChatTemplate *c, int mark, const char *text, int after,
                   Ids *ids, Error *err) {
    Text spaced = {0};
    text_add(&spaced, " %s", text);
    if (mark >= 0) ids_append(ids, mark);
    bool ok = tokenizer_encode(c->tokenizer, spaced.data, spaced.size, false, ids, err);
    if (after >= 0) ids_append(ids, after);
    free(spaced.data);
    return ok;
}

bool chat_system(const ChatTemplate *c, const char *text, Ids *ids, Error *err) {
    return append(c, c->system, text, -1, ids, err);
}

bool chat_question(const ChatTemplate *c, const char *text, Ids *ids, Error *err) {
    return append(c, c->user, text, c->assistant, ids, err);
}

bool chat_answer(const ChatTemplate *c, const char *text, Ids *ids, Error *err) {
    return append(c, -1, text, c->end, ids, err);
}

// Our own texts are encoded without fail.
static void must(bool ok, const Error *err) {
    if (!ok) die("%s", err->text);
}

void chat_prompt(const ChatTemplate *c, const Conversation *of, int turn, Ids *ids) {
    Error err;
    if (of->system.size) must(chat_system(c, of->system.data, ids, &err), &err);
    for (int i = 0; i <= turn; i++) {
        must(chat_question(c, of->turns[i].question.data, ids, &err), &err);
        if (i < turn) must(chat_answer(c, of->turns[i].answer.data, ids, &err), &err);
    }
}

static void count_from(Ids *counted, size_t until, int value) {
    while (counted->size < until) ids_append(counted, value);
}

void chat_encode(const ChatTemplate *c, const Conversation *of, bool last_only,
                 Ids *ids, Ids *counted) {
    Error err;
    if (of->system.size) must(chat_system(c, of->system.data, ids, &err), &err);
    for (int i = 0; i < of->count; i++) {
        must(chat_question(c, of->turns[i].question.data, ids, &err), &err);
        count_from(counted, ids->size, 0);
        must(chat_answer(c, of->turns[i].answer.data, ids, &err), &err);
        count_from(counted, ids->size, !last_only || i + 1 == of->count);
    }
}

char *chat_text(const ChatTemplate *c, const int *ids, int count) {
    Text text = {0};
    text_add(&text, "%s", "");
    for (int i = 0; i < count; i++) {
        size_t size = 0;
        if (tokenizer_is_special(c->tokenizer, ids[i])) continue;
        const char *bytes = token_bytes(c->tokenizer, ids[i], &size);
        // a zero byte ends nothing here: it is left out
        for (size_t k = 0; bytes && k < size; k++)
            if (bytes[k]) text_add(&text, "%c", bytes[k]);
    }
    if (text.data[0] == ' ') memmove(text.data, text.data + 1, text.size);
    return text.data;
}
