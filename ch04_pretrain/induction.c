#include "ch04_pretrain/induction.h"

double previous_score(Mat map) {
    double sum = 0;
    for (int i = 1; i < map.rows; i++) sum += (double)*mat_at(map, i, i - 1);
    return sum / (map.rows - 1);
}

double induction_score(Mat map, const int *tokens) {
    double sum = 0;
    int queries = 0;
    for (int i = 1; i < map.rows; i++) {
        double weight = 0, even = 0;
        for (int j = 0; j <= i; j++)
            if (follows_same(tokens, i, j))
                weight += (double)*mat_at(map, i, j), even += 1.0 / (i + 1);
        if (even == 0) continue;
        sum += (weight - even) / (1 - even), queries++;
    }
    return queries ? sum / queries : 0;
}
