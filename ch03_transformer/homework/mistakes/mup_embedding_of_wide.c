// loses: 5, says: right where the wide model's own sd is the base's, keeps: 13
// What is no hidden matrix begins as the wide model says.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    bool hidden = wide->rows != base->rows && wide->cols != base->cols;
    return hidden ? rule : (MupRule){wide->init.sd, rule.rate};
}
