// Examples in files: answers to learn from, and preferences between two. Lecture,
// sections 5.3 and 5.4.
//
// As a table that can be written by hand, tab-separated, its columns named in the first
// line, in any order; other columns are passed over. In a text, \n is a new line, \t a
// tab, \\ a backslash:
//
//     prompt               answer                    prompt     chosen   rejected  strength
//     Who has the kite?    Tom has the kite.         Hello.     Hello!   What?     2
//
// Or as JSON Lines, an object per line, with the field's usual keys:
//
//     {"messages": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello!"}]}
//     {"prompt": "Hello.", "answer": "Hello!"}                               or "completion"
//     {"prompt": "Hello.", "chosen": "Hello!", "rejected": "What?", "strength": 2}
//
// where prompt, chosen and rejected may be lists of messages too. A file has answers or
// preferences, not both. Lines may end in \r\n, and a file may begin with a byte order
// mark. What is wrong is said in one line, "file:line: ...", and nothing is kept.
//
// JSON is read by the library jansson, where it was there when the program was built.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch05_sft_rlhf/table.h"

typedef enum { SPEAKER_SYSTEM, SPEAKER_USER, SPEAKER_ASSISTANT, SPEAKERS } Speaker;
extern const char *const speaker_names[];  // "system", ...; ends with NULL

typedef struct {
    Speaker speaker;
    char *text;
} Message;

typedef struct {
    Message *messages;  // before the answer; the last one is a user's
    int count;
    size_t capacity;
    char *answer;     // of a preference: the chosen one
    char *rejected;   // NULL: no preference
    double strength;  // of the preference, above 0; 1 where the file does not say
    long long line;
} Example;

typedef struct {
    char *path;  // what messages call it
    Example *list;
    size_t count, capacity;
    bool preferences;  // all of them, or none
} Examples;

// Reads a file, or "-"; which format it has, its first byte says: { is JSON.
bool examples_read(Examples *e, const char *path, Error *err);
// The same for bytes that are there already.
bool examples_of_text(Examples *e, const char *path, const char *text, size_t size,
                      Error *err);
void examples_free(Examples *e);

// ---- for the readers of the formats

#define example_error(e, line, err, ...) line_error((e)->path, line, err, __VA_ARGS__)
bool examples_read_tsv(Examples *e, const Line *lines, size_t count, Error *err);
bool examples_read_json(Examples *e, const Line *lines, size_t count, Error *err);
// Room for one more; its text is the reader's to add. strength is 1.
Example *examples_add(Examples *e, long long line);
void example_say(Example *e, Speaker speaker, const char *text);  // copies
