// loses: 5, says: fan_out was taken for fan_in, keeps: 11
// Columns instead of rows, as if matrices were out x in.
#include "ch03_transformer/homework/hw03.h"
#define mup_rule solved_mup_rule
#include "../solution.c"
#undef mup_rule

MupRule mup_rule(const Param *base, const Param *wide) {
    MupRule rule = solved_mup_rule(base, wide);
    if (rule.rate < 1) {
        double cols = (double)wide->cols / base->cols;
        rule = (MupRule){base->init.sd / sqrt(cols), 1 / cols};
    }
    return rule;
}
