#include "ch03_transformer/commands/commands.h"
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

static const Command commands[] = {
    {"params", "[MODEL...]",
     "a model's parameters, counted; or the totals of all models", params_command,
     NULL},
    {"memory",
     "--model MODEL [--batch N] [--seq N] [--precision P] [--method M] [--ranks R]",
     "what training a model takes: model state, activations, operations",
     memory_command, memory_options},
    {"run",
     "--checkpoint FILE [--prompt-ids IDS | --tokenizer FILE --prompt TEXT] [--steps "
     "N] [--greedy]",
     "generate tokens from a checkpoint", run_command, run_options},
    {0}};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 3: the transformer", tour, commands, NULL,
                                   NULL, claim_places},
                        argc, argv);
}
