// A reader that is a table: what follows depends on the last token and on how many there
// are. For small problems that can be enumerated. Lecture, section 5.16.
#pragma once
#include "ch04_pretrain/predictor.h"

// p [places x (symbols + 1) x symbols]: p(next | place, last token); before the first token
// the last one is `symbols`. Copied as logarithms. Texts have at most `places` tokens.
Predictor table_reader(const double *p, int places, int symbols, int end, int most);
