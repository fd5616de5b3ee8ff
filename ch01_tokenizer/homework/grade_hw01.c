// The grader of chapter 1's homework: the table of problems.
#include <string.h>

#include "ch01_tokenizer/homework/grade.h"

bool same_ints(const int *a, size_t a_count, const int *b, size_t b_count) {
    return a_count == b_count
           && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

bool holds(const int *numbers, size_t count, int number) {
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number) return true;
    return false;
}

static const Problem problems[] = {
    {"1", "BPE-dropout", 20, 10, "medium", 45, check_dropout},
    {"2", "Streaming UTF-8", 15, 10, "medium", 60, check_stream},
    {"3", "WordPiece in linear time", 25, 10, "hard", 120, check_match},
    {"4", "The n best segmentations", 15, 10, "medium", 75, check_unigram},
    {"5", "Byte fallback", 15, 10, "easy", 45, check_fallback},
    {"6", "A memory of words", 10, 10, "medium", 45, check_memory},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw01", problems); }
