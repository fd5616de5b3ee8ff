// Tales: stories of chapter 4's grammar, cut before their question, and what follows
// from them. Lecture, section 5.2.
//
//     tale      Anna met Tom in the park. Anna had a red kite. Tom took the kite from Anna.
//     question  Who has the kite?
//     answer    Tom has the kite.                     the language itself says so
//
// The grammar knows who has what. After a question its next words have probability 1 as
// long as they are the answer; so an answer is exact because the language allows no
// other, and nothing is worked out twice.
#pragma once
#include "ch04_pretrain/story.h"
#include "common/program/text.h"

enum { TALE_WORDS = 256 };

typedef struct {
    const Story *story;
    int words[TALE_WORDS];
    int count;
    StoryReader after;  // the grammar after the last of them
} Tale;

// A tale of at most `most` words (of 20 at least), all of its registers said.
void tale_write(Tale *t, const Story *s, Rng *rng, int most);
// A word that the tale holds in that register.
const char *tale_word(const Tale *t, Register of);

// The answer to words of the grammar, "who has the kite ?", as prose, appended. False where
// the grammar cannot ask this here, and then nothing is appended.
bool tale_answer(const Tale *t, const char *question, Text *answer);
// The same for "where are .. and .. ?", which comes after another question.
bool tale_answer_place(const Tale *t, const char *question, Text *answer);

// Words of the grammar as prose, appended.
void tale_prose(const Story *s, const int *words, int count, Text *to);
// Sentence k of the tale: its first word; *count: how many. -1: there are fewer.
int tale_sentence(const Tale *t, int k, int *count);
