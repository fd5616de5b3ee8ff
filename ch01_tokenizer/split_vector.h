// The named patterns, split by hand, sixty-four bytes at once. Lecture, section 1.12.
//
// In ASCII a class is a few comparisons, and where pieces begin is a formula on the bits
// that come out: shifts for "before" and "after", a sum for "to the end of the run".
//
//     text      the 42nd...        bit 0 on the left, where a piece begins
//     letters   111000110..
//     numbers   000011000..        S = ends of runs, blanks that go with what follows, ...
//     blanks    000100000..
//     starts    1..1..1.?..        ?: what follows the window might change it
//
// The window begins where a piece does, so nothing before it matters; it ends at the
// first byte that is not ASCII. Starts that the bytes seen do not decide are left out.
#pragma once
#include "ch01_tokenizer/split_hand.h"

enum { SPLIT_WINDOW = 64 };

// Puts ends of pieces from `at` on into ends[0 .. SPLIT_WINDOW - 1], in order; how many
// there are. 0 where the window decides none: split_hand() does.
size_t split_vector(const SplitText *text, size_t at, size_t *ends);
