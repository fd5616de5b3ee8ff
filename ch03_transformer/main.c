#include "ch03_transformer/commands.h"
#include "common/program/lab.h"

extern const LabSpec lab_tape, lab_cross_entropy, lab_norm_backward,
    lab_scale_invariance, lab_batch_norm, lab_activations, lab_swiglu, lab_dropout,
    lab_moe, lab_forward_growth, lab_gradient_depth, lab_gradient_layers, lab_deepnorm,
    lab_deep_training, lab_family, lab_shared_layers, lab_reverse, lab_sort,
    lab_descent, lab_adam, lab_decay, lab_schedules, lab_parameters, lab_flops,
    lab_state_memory, lab_activation_memory, lab_lora, lab_generation;

static const LabSpec *const tour[] = {&lab_tape,
                                      &lab_cross_entropy,
                                      &lab_norm_backward,
                                      &lab_scale_invariance,
                                      &lab_batch_norm,
                                      &lab_activations,
                                      &lab_swiglu,
                                      &lab_dropout,
                                      &lab_moe,
                                      &lab_forward_growth,
                                      &lab_gradient_depth,
                                      &lab_gradient_layers,
                                      &lab_deepnorm,
                                      &lab_deep_training,
                                      &lab_family,
                                      &lab_shared_layers,
                                      &lab_reverse,
                                      &lab_sort,
                                      &lab_descent,
                                      &lab_adam,
                                      &lab_decay,
                                      &lab_schedules,
                                      &lab_parameters,
                                      &lab_flops,
                                      &lab_state_memory,
                                      &lab_activation_memory,
                                      &lab_lora,
                                      &lab_generation,
                                      NULL};

int main(int argc, char **argv) {
    return program_main(
        &(Program){"Chapter 3: the transformer", tour, transformer_commands, NULL},
        argc, argv);
}
