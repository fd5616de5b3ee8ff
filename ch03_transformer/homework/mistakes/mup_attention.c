// loses: 5, says: attention's scale is still 1 / sqrt(d), keeps: 12
// The scores' scale stays what it always was.
#include "ch03_transformer/homework/hw03.h"
#define mup_scales solved_mup_scales
#include "../solution.c"
#undef mup_scales

void mup_scales(Config *wide, const Config *base) {
    solved_mup_scales(wide, base);
    wide->attention_scale = 1 / sqrt(wide->head_dim);
}
