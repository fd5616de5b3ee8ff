// loses: 5, says: standard parametrisation, keeps: 6
// sd 1 / sqrt(fan_in), one learning rate for all.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    rule.rate = 1;
    return rule;
}
