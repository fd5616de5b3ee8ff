// The gold reward: what an answer is worth, exactly. Lecture, section 5.2.
//
//     I am not sure. Tom has the kite. Glad to help!          opening, answer, closing
//
//     reward = -0.5                                if it was cut off
//              0                                   if the answer is wrong
//              1 + value(opening) + value(closing) if it is right
//
// Demonstrations are written in all these manners, so fine-tuning learns to be right and
// learns the mixture of manners. That one manner is better than another no demonstration
// says: it is what preferences are for.
#pragma once
#include <stdbool.h>

#include "common/numeric/rng.h"
#include "common/program/text.h"

typedef struct {
    const char *text;  // "": none
    double share;      // of the demonstrations
    double value;
} Manner;

enum { OPENINGS = 3, CLOSINGS = 2 };
extern const Manner gold_openings[], gold_closings[];

typedef struct {
    int opening, closing;
} Manners;

// A line in front of a conversation that asks for certain manners, in every answer.
typedef struct {
    const char *text;
    Manners asks;
} SystemLine;
enum { SYSTEM_LINES = 3 };
extern const SystemLine gold_systems[];

// The manners of a demonstrator, drawn by their shares.
Manners gold_manners(Rng *rng);
// An answer in these manners, appended.
void gold_write(Text *to, const char *answer, Manners m);
// What is left of an answer without them, and which they are: to[size(answer) + 1].
Manners gold_content(char *to, const char *answer);

// finished: END was written. exact: the right answer, without manners.
double gold_reward(const char *answer, bool finished, const char *exact);
