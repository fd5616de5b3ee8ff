// loses: 5, says: not by hidden, keeps: 12
// The feed-forward says how much wider the model is.
#include "ch03_transformer/homework/hw03.h"
#define mup_scales solved_mup_scales
#include "../solution.c"
#undef mup_scales

void mup_scales(Config *wide, const Config *base) {
    solved_mup_scales(wide, base);
    wide->logit_scale = base->logit_scale * base->hidden / wide->hidden;
}
