// Whether a lab runs as in the lecture: with all of its own options at their defaults.
// What a training run must reach is claimed only then; identities and bounds are
// claimed always.
#pragma once
#include <string.h>

#include "common/program/lab.h"

static inline bool lab_at_defaults(const Lab *lab) {
    for (const Option *o = lab->spec->options; o->name; o++)
        if (strcmp(option_text(&lab->args, o->name), o->value) != 0) return false;
    return true;
}
