// The grader of chapter 5's homework: the table of problems.
#include "ch05_sft_rlhf/homework/grade.h"

static const Problem problems[] = {
    {"1", "Advantages in a stream", 25, 10, "medium", 60, check_stream},
    {"2", "A reward for brevity", 25, 10, "easy", 45, check_brevity},
    {"3", "k3 as a loss", 25, 10, "medium", 60, check_k3},
    {"4", "Preferences without pairs", 25, 10, "medium", 60, check_kto},
    {"5", "Lengths and directions", 25, 10, "medium", 60, check_dora},
    {"6", "Two ways to mix documents", 25, 10, "hard", 75, check_mixing},
    {"7", "An interval that peeking does not break", 25, 10, "medium", 60,
     check_peeking},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw05", problems); }
