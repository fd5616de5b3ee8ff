// BERT's corruption of a text, and what it makes of each symbol. Lecture, section 4.7.
//
// Each position is selected with probability `select`, independently of the others. Of
// the selected, a share `mask` becomes [MASK], a share `random` a symbol drawn
// uniformly from all V, the rest stays. The loss counts at all selected positions, not
// only at masked ones. Devlin et al. (2018), arXiv:1810.04805, section 3.1.
//
//     e(o | x) = s m                                     o = [MASK]
//              = (1 - s m - s r) 1{o = x} + s r / V      o a symbol
#pragma once
#include <stdbool.h>

#include "common/numeric/rng.h"

enum { MASKED = -1 };  // what stands for [MASK] among observed symbols

typedef struct {
    double select, mask, random;
} Corruption;

#define BERT_CORRUPTION ((Corruption){0.15, 0.8, 0.1})
// Every selected position is masked.
#define ERASURE(rate) ((Corruption){(rate), 1, 0})

// seen[i]: what is left of text[i]; selected[i]: whether the loss counts there.
void corrupt(const Corruption *c, Rng *rng, int symbols, const int *text, int n,
             int *seen, bool *selected);

// The likelihood of an observed symbol given the true one, in the three cases.
typedef struct {
    double same, other, masked;  // o = x (beyond `other`), any symbol o, o = [MASK]
} Channel;

static inline double channel_at(const Channel *c, int seen, int word) {
    if (seen == MASKED) return c->masked;
    return c->other + (seen == word ? c->same : 0);
}
// Nothing is corrupted.
#define CLEAN ((Channel){1, 0, 1})
// Any position; one that is known to be selected.
Channel channel_of(const Corruption *c, int symbols);
Channel channel_selected(const Corruption *c, int symbols);
