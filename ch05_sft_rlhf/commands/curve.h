// A learning curve as a table and a figure: learning.tsv and learning.svg in a folder.
#pragma once
#include "ch05_sft_rlhf/learning.h"

// Tokens after which 95 % are right, kind by kind, and the marks at the end.
void curve_print(const Learning *l);
void curve_draw(const Learning *l, const char *folder, const char *terminal);
