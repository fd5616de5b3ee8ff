#include "common/program/lab.h"

extern const LabSpec lab_why_attention, lab_variance, lab_saturation,
    lab_tied_projections, lab_equivariance, lab_attention_map, lab_backward, lab_heads,
    lab_kv_cache, lab_sinusoidal, lab_rope_relativity, lab_rope_decay, lab_rope_random,
    lab_extrapolate, lab_scaling, lab_xpos, lab_alibi, lab_t5_buckets,
    lab_sliding_window;

static const LabSpec *const tour[] = {
    &lab_why_attention, &lab_variance,      &lab_saturation,      &lab_tied_projections,
    &lab_equivariance,  &lab_attention_map, &lab_backward,        &lab_heads,
    &lab_kv_cache,      &lab_sinusoidal,    &lab_rope_relativity, &lab_rope_decay,
    &lab_rope_random,   &lab_extrapolate,   &lab_scaling,         &lab_xpos,
    &lab_alibi,         &lab_t5_buckets,    &lab_sliding_window,  NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 2: attention, heads and positions", tour,
                                   NULL, NULL, NULL, claim_places},
                        argc, argv);
}
