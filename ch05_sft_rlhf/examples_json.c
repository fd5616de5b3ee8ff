// The JSON Lines of examples.h, by jansson; without it, one line that says so.
#include "ch05_sft_rlhf/examples.h"

#if __has_include(<jansson.h>)

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool expected(const Examples *e, long long line, Error *err, const char *key,
                     const char *what) {
    return example_error(e, line, err, "\"%s\": expected %s", key, what);
}

static int speaker_of(const char *role) {
    for (int s = 0; role && s < SPEAKERS; s++)
        if (strcmp(role, speaker_names[s]) == 0) return s;
    return -1;
}

// Adds a list of messages.
static bool read_messages(Example *x, const Examples *e, const char *key,
                          const json_t *list, Error *err) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        int speaker = speaker_of(json_string_value(json_object_get(m, "role")));
        const char *text = json_string_value(json_object_get(m, "content"));
        if (speaker < 0 || !text)
            return example_error(
                e, x->line, err,
                "\"%s\", message %zu: expected a \"role\" (system, user "
                "or assistant) and a \"content\" that is text",
                key, i + 1);
        example_say(x, (Speaker)speaker, text);
    }
    return true;
}

// The last message, which must be an assistant's, becomes an answer.
static char *take_answer(Example *x) {
    if (!x->count || x->messages[x->count - 1].speaker != SPEAKER_ASSISTANT)
        return NULL;
    return x->messages[--x->count].text;
}

static bool same_messages(const Example *a, const Example *b) {
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = a->messages[i].speaker == b->messages[i].speaker
               && strcmp(a->messages[i].text, b->messages[i].text) == 0;
    return same;
}

static void forget_messages(Example *x) {
    for (int i = 0; i < x->count; i++) free(x->messages[i].text);
    free(x->messages);
}

// An answer as text, or as messages of which the last is the answer and the others, if
// there are any, are the conversation before it.
static bool read_answer(char **to, Example *x, const Examples *e, const char *key,
                        const json_t *value, Error *err) {
    static const char WHAT[] = "text, or messages that end with an assistant's";
    if (json_is_string(value)) {
        *to = text_copy_of(json_string_value(value));
        return true;
    }
    Example told = {.line = x->line};
    bool ok = json_is_array(value) && json_array_size(value) > 0;
    if (!ok) return expected(e, x->line, err, key, WHAT);
    ok = read_messages(&told, e, key, value, err);
    if (ok && !(*to = take_answer(&told))) ok = expected(e, x->line, err, key, WHAT);
    if (ok && told.count && !x->count) {  // the conversation comes with the answer
        x->messages = told.messages, x->count = told.count, x->capacity = told.capacity;
        return true;
    }
    if (ok && told.count && !same_messages(&told, x))
        ok = example_error(e, x->line, err,
                           "\"%s\": another conversation than before it", key);
    forget_messages(&told);
    return ok;
}

static bool read_prompt(Example *x, const Examples *e, const json_t *prompt,
                        Error *err) {
    if (!prompt) return true;
    if (json_is_array(prompt)) return read_messages(x, e, "prompt", prompt, err);
    if (!json_is_string(prompt))
        return expected(e, x->line, err, "prompt", "text or messages");
    example_say(x, SPEAKER_USER, json_string_value(prompt));
    return true;
}

static bool read_strength(Example *x, const Examples *e, const json_t *value,
                          Error *err) {
    if (!value) return true;
    if (!json_is_number(value))
        return expected(e, x->line, err, "strength", "a number");
    x->strength = json_number_value(value);
    return true;
}

static bool read_object(Examples *e, const json_t *o, long long line, Error *err) {
    const json_t *messages = json_object_get(o, "messages"),
                 *chosen = json_object_get(o, "chosen"),
                 *rejected = json_object_get(o, "rejected"),
                 *answer = json_object_get(o, "answer");
    const char *key = answer ? "answer" : "completion";
    if (!answer) answer = json_object_get(o, "completion");
    Example *x = examples_add(e, line);
    if (messages) return read_answer(&x->answer, x, e, "messages", messages, err);
    if (!read_prompt(x, e, json_object_get(o, "prompt"), err)) return false;
    if (answer && !chosen && !rejected)
        return read_answer(&x->answer, x, e, key, answer, err);
    if (chosen && rejected && !answer)
        return read_answer(&x->answer, x, e, "chosen", chosen, err)
               && read_answer(&x->rejected, x, e, "rejected", rejected, err)
               && read_strength(x, e, json_object_get(o, "strength"), err);
    return example_error(e, line, err,
                         "expected the keys messages, or prompt and answer, or prompt, "
                         "chosen and rejected");
}

bool examples_read_json(Examples *e, const Line *lines, size_t count, Error *err) {
    for (size_t i = 0; i < count; i++) {
        json_error_t why;
        json_t *o =
            json_loadb(lines[i].text, lines[i].size, JSON_REJECT_DUPLICATES, &why);
        if (!o)
            return example_error(e, lines[i].number, err, "not JSON: column %d: %.120s",
                                 why.column, why.text);
        bool ok = json_is_object(o) ? read_object(e, o, lines[i].number, err)
                                    : example_error(e, lines[i].number, err,
                                                    "expected an object, {...}");
        json_decref(o);
        if (!ok) return false;
    }
    return true;
}

#else

bool examples_read_json(Examples *e, const Line *lines, size_t count, Error *err) {
    (void)count;
    return example_error(e, lines[0].number, err,
                         "JSON: this program was built without the library jansson; "
                         "install it and make clean, or use tab-separated columns");
}

#endif
