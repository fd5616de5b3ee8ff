// The grader of chapter 2's homework: the table of problems.
#include "ch02_attention/homework/grade.h"

static const Problem problems[] = {
    {"1", "Attention sink", 15, 10, "easy", 40, check_sink},
    {"2", "Sliding window, backward", 20, 10, "medium", 75, check_window},
    {"3", "Choosing RoPE's base", 15, 10, "medium", 45, check_base},
    {"4", "From MHA to GQA", 15, 10, "medium", 60, check_gqa},
    {"5", "Relative keys", 15, 10, "easy", 45, check_relative},
    {"6", "Linear attention", 20, 20, "medium", 60, check_linear},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw02", problems); }
