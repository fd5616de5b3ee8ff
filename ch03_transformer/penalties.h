// Penalties: logits of tokens that have occurred are lowered, before temperature and
// filters. Lecture, section 4.14.
//
//     repetition r   l > 0: l / r;  l <= 0: l r       tokens of prompt and answer, each once
//     presence a     l - a                            tokens of the answer, each once
//     frequency b    l - b x (how often)              tokens of the answer
//
//     logits (2, 1, -1), r = 1.2 on the first and the last:  (1.667, 1, -1.2)
//
// The branch on the sign is needed: a negative logit divided by r > 1 would rise. Even so
// the repetition penalty depends on where zero is: logits + 3 are the same distribution,
// and come out differently. The others only ever see differences.
//
// Keskar et al., "CTRL" (2019), arXiv:1909.05858, section 4.1 (repetition).
#pragma once
#include "common/numeric/mat.h"

typedef struct {
    double repetition;  // 1, or 0: none
    double presence, frequency;
} Penalties;

// tokens[0 .. n-1]: the text so far, of which the first `prompt` were given. logits: 1 x
// vocabulary. repetition >= 0.
void penalise(Mat logits, const Penalties *p, const int *tokens, int prompt, int n);
