// Whether a lab runs as in the lecture: with all of its own options at their defaults.
// What a training run must reach is claimed only then; identities and bounds are
// claimed always.
#pragma once
#include "common/program/lab.h"

static inline bool lab_at_defaults(const Lab *lab) {
    return options_at_defaults(&lab->args, lab->spec->options);
}
