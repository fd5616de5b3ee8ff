// loses: 5, says: the root of their product, keeps: 11
// m is the mean growth of rows and columns.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    double rows = (double)wide->rows / base->rows,
           cols = (double)wide->cols / base->cols, m = sqrt(rows * cols);
    if (rows == 1 || cols == 1) return solved_mup_rule(base, wide);
    return (MupRule){base->init.sd / sqrt(m), 1 / m};
}
