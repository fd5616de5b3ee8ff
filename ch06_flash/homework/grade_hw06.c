// The grader of chapter 6's homework: the table of problems.
#include "ch06_flash/homework/grade.h"

static const Problem problems[] = {
    {"1", "Parts of a softmax", 20, 10, "easy", 40, check_parts},
    {"2", "ALiBi in a tile", 20, 10, "medium", 45, check_alibi},
    {"3", "Blocks of a window", 20, 10, "medium", 50, check_window},
    {"4", "Keys shared out", 20, 10, "hard", 75, check_stretches},
    {"5", "A bounded error", 20, 10, "hard", 75, check_bounds},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw06", problems); }
