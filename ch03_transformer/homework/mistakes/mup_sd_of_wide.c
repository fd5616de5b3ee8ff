// loses: 5, says: the sd is made of wide's own, keeps: 9
// What is divided is the sd that the wide model would begin with anyway.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    if (base->init.sd > 0) rule.sd *= wide->init.sd / base->init.sd;
    return rule;
}
