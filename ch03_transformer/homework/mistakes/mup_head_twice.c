// loses: 5, says: the head shrinks twice, keeps: 12
// The output's rule without a multiplier, beside the multiplier.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    double rows = (double)wide->rows / base->rows;
    if (wide->cols == base->cols) rule = (MupRule){rule.sd / rows, 1 / rows};
    return rule;
}
