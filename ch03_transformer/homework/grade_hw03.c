// The grader of chapter 3's homework: the table of problems.
#include "ch03_transformer/homework/grade.h"

static const Problem problems[] = {
    {"1", "QK-norm", 15, 10, "medium", 75, check_qk_norm},
    {"2", "The parallel block", 15, 10, "medium", 60, check_parallel},
    {"3", "Tied weights, backward", 15, 10, "easy", 30, check_tied},
    {"4", "Recomputation", 20, 10, "hard", 90, check_recompute},
    {"5", "Maximal update parametrisation", 15, 20, "medium", 60, check_mup},
    {"6", "Gradient accumulation", 20, 10, "medium", 60, check_accumulate},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw03", problems); }
