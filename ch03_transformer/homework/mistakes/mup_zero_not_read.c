// loses: 5, says: 0 stays 0, keeps: 12
// A base's attention_scale of 0 is multiplied as if it were a number.
#include "ch03_transformer/homework/hw03.h"
#define mup_scales solved_mup_scales
#include "../solution.c"
#undef mup_scales

void mup_scales(Config *wide, const Config *base) {
    solved_mup_scales(wide, base);
    wide->attention_scale = base->attention_scale * base->head_dim / wide->head_dim;
}
