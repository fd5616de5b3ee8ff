// loses: 5, says: logit_scale did not change, keeps: 7
// The head's factor was forgotten.
#include "ch03_transformer/homework/hw03.h"
#define mup_scales solved_mup_scales
#include "../solution.c"
#undef mup_scales

void mup_scales(Config *wide, const Config *base) {
    solved_mup_scales(wide, base);
    wide->logit_scale = base->logit_scale;
}
