// Facts of one's own, from a table: tab-separated, columns named in the first line.
// Lecture, section 5.16.
//
//     fact                                question                          answer
//     The capital of Peru is Lima.        Which is the capital of Peru?     Lima
//     The boss of Zorg is Anna Blax.
//
// The column `fact` is needed, others are passed over; question and answer go together,
// and are for finding out how many questions are answered rightly. An answer is made of
// words of its fact. The format is that of table.h. What is wrong is said in one line,
// "file:line: ...", and nothing is kept.
#pragma once
#include "ch05_sft_rlhf/table.h"

typedef struct {
    char *text, *question, *answer;  // question, answer NULL: there is none
    long long line;
} Fact;

typedef struct {
    char *path;  // what messages call it
    Fact *list;
    size_t count, capacity;
} Facts;

// Words of a fact or a question, and of an answer, at most.
enum { FACT_WORDS = 16, FACT_ANSWER_WORDS = 3, FACTS_MOST = 1 << 20 };

// Reads a file, or "-".
bool facts_read(Facts *f, const char *path, Error *err);
// The same for bytes that are there already.
bool facts_of_text(Facts *f, const char *path, const char *text, size_t size,
                   Error *err);
void facts_free(Facts *f);
