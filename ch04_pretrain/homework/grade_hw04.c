// The grader of chapter 4's homework: the table of problems.
#include "ch04_pretrain/homework/grade.h"

static const Problem problems[] = {
    {"1", "Whole-word masking", 25, 10, "medium", 60, check_words},
    {"2", "Warm-up, stable, decay", 25, 10, "easy", 45, check_wsd},
    {"3", "Two smoothed bigrams", 25, 10, "medium", 75, check_bigrams},
    {"4", "Typical sampling", 25, 10, "medium", 60, check_typical},
    {"5", "The noise of gradients", 25, 10, "medium", 60, check_noise},
    {"6", "Replaced tokens", 25, 10, "medium", 60, check_replaced},
    {"7", "Bands for a threshold", 25, 10, "medium", 60, check_bands},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw04", problems); }
