// A learning curve as a table and two figures in a folder: questions about a story
// (learning.svg), and about words (learning_words.svg), each beside its numbers.
#pragma once
#include "ch05_sft_rlhf/learning.h"

// Tokens after which 95 % are right, kind by kind, and the marks at the end.
void curve_print(const Learning *l);
void curve_draw(const Learning *l, const char *folder, const char *terminal);
