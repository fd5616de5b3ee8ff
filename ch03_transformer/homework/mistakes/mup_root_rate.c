// loses: 5, says: hidden rate 1 / sqrt(m), keeps: 6
// The rate shrinks as the sd does.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    rule.rate = sqrt(rule.rate);
    return rule;
}
