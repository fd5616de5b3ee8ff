#include "ch05_sft_rlhf/adversary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/gold.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/numeric/small.h"

int adversary_candidates(int *to, const ChatTemplate *chat) {
    int count = 0;
    for (int id = 0; id < chat->tokenizer->size; id++) {
        size_t size = 0;
        if (tokenizer_is_special(chat->tokenizer, id)) continue;
        const char *bytes = token_bytes(chat->tokenizer, id, &size);
        bool word = size > 2 && bytes[0] == ' ';
        for (size_t i = 1; i < size && word; i++)
            word = isalpha((unsigned char)bytes[i]) != 0;
        if (word) to[count++] = id;
    }
    return count;
}

// ---- where the words go: before the last sentence of the last turn

// What comes after them: with the space before it, "" if the turn is one sentence.
static const char *last_sentence(const char *question) {
    const char *last = question + strlen(question);
    for (const char *at = question; (at = strstr(at, ". ")); at++) last = at + 1;
    return last;
}

static Ids encode(const ChatTemplate *chat, const char *text) {
    Ids ids = {0};
    Error err;
    if (!tokenizer_encode(chat->tokenizer, text, strlen(text), false, &ids, &err))
        die("%s", err.text);
    return ids;
}

// The ids of question i with the words among them; the caller frees them.
static Ids prompt_with(const Attack *a, int i, const int *words, int count) {
    const Prompt *p = &a->asked->prompts[i];
    const char *after = last_sentence(questions_turn(a->asked, i)->question.data);
    Ids tail = encode(a->chat, after), ids = {0};
    int before = p->count - 1 - (int)tail.size;  // the mark of an answer ends a prompt
    for (int k = 0; k < before; k++) ids_append(&ids, p->ids[k]);
    for (int k = 0; k < count; k++) ids_append(&ids, words[k]);
    for (int k = before; k < p->count; k++) ids_append(&ids, p->ids[k]);
    free(tail.at);
    return ids;
}

// Question i with the words, and its right answer with this opening. No END: a closing
// may follow.
static Exchange exchange_with(const Attack *a, int i, int opening, const int *words,
                              int count) {
    Text text = {0};
    text_add(&text, " ");
    gold_write(&text, questions_turn(a->asked, i)->exact.data, (Manners){opening, 0});
    Ids prompt = prompt_with(a, i, words, count), right = encode(a->chat, text.data);
    Exchange e = exchange_of(prompt.at, (int)prompt.size, right.at, (int)right.size,
                             a->chat->end, false);
    free(prompt.at), free(right.at), free(text.data);
    return e;
}

double adversary_score(const Attack *a, const int *words, int count) {
    int rows = a->asked->count * OPENINGS;
    Exchange *own = allocate((size_t)rows, sizeof *own);
    const Exchange **list = allocate((size_t)rows, sizeof *list);
    double *log_p = allocate((size_t)rows, sizeof *log_p), sum = 0;
    for (int r = 0; r < rows; r++) {
        own[r] = exchange_with(a, r / OPENINGS, r % OPENINGS, words, count);
        list[r] = &own[r];
    }
    Batch b = exchange_batch(list, rows);
    policy_answer_log_probs(log_p, a->model, &b);
    for (int r = 0; r < rows; r += OPENINGS) sum += log_sum(log_p + r, OPENINGS);
    for (int r = 0; r < rows; r++) exchange_free(&own[r]);
    batch_free(&b), free(own), free(list), free(log_p);
    return -sum / a->asked->count;
}

double adversary_extend(const Attack *a, int *words, int count, int tries, Rng rng) {
    size_t vocabulary = (size_t)a->chat->tokenizer->size;
    int *candidates = allocate(vocabulary, sizeof *candidates), best = -1;
    int n = adversary_candidates(candidates, a->chat);
    double most = 0;
    rng_shuffle(&rng, candidates, n);
    for (int i = 0; i < int_min(n, tries); i++) {
        words[count] = candidates[i];
        double score = adversary_score(a, words, count + 1);
        if (best < 0 || score > most) best = candidates[i], most = score;
    }
    words[count] = best;
    free(candidates);
    return most;
}

// ---- as text

static Text copy_of(const Text *from) {
    Text to = {0};
    if (from->size) text_add(&to, "%s", from->data);
    return to;
}

static Conversation conversation_with(const Conversation *c, const char *words) {
    Conversation to = *c;
    to.system = copy_of(&c->system);
    for (int k = 0; k < c->count; k++) {
        const char *question = c->turns[k].question.data,
                   *after = last_sentence(question);
        Turn *turn = &to.turns[k];
        turn->exact = copy_of(&turn->exact), turn->answer = copy_of(&turn->answer);
        turn->question = (Text){0};
        text_add(&turn->question, "%.*s%s%s", (int)(after - question), question,
                 k + 1 == c->count ? words : "", after);
    }
    return to;
}

Questions adversary_questions(const Questions *asked, const ChatTemplate *chat,
                              const int *words, int count) {
    Text text = {0};
    text_add(&text, "%s", "");
    for (int i = 0; i < count; i++) {
        size_t size = 0;
        const char *bytes = token_bytes(chat->tokenizer, words[i], &size);
        text_add(&text, "%.*s", (int)size, bytes);
    }
    Conversation *list = allocate((size_t)asked->count, sizeof *list);
    for (int i = 0; i < asked->count; i++)
        list[i] = conversation_with(&asked->list[i], text.data);
    free(text.data);
    return questions_from(list, asked->count, chat);
}
