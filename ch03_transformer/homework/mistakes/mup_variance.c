// loses: 5, says: sd is the variance, keeps: 11
// The variance for its root.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    if (rule.rate < 1) rule.sd *= rule.sd;
    return rule;
}
