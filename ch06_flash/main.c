#include "ch06_flash/commands/commands.h"
#include "common/program/lab.h"

extern const LabSpec lab_memory, lab_online_softmax, lab_traffic, lab_working_set,
    lab_versions, lab_exactness, lab_recompute, lab_causal_blocks, lab_drop_in,
    lab_split_k, lab_roofline, lab_kv_storage, lab_matmul_steps, lab_paged_cache,
    lab_batching, lab_ring, lab_training, lab_lengths;

static const LabSpec *const tour[] = {&lab_memory,
                                      &lab_online_softmax,
                                      &lab_traffic,
                                      &lab_working_set,
                                      &lab_versions,
                                      &lab_exactness,
                                      &lab_recompute,
                                      &lab_causal_blocks,
                                      &lab_drop_in,
                                      &lab_training,
                                      &lab_lengths,
                                      &lab_split_k,
                                      &lab_roofline,
                                      &lab_kv_storage,
                                      &lab_matmul_steps,
                                      &lab_paged_cache,
                                      &lab_batching,
                                      &lab_ring,
                                      NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 6: attention in tiles", tour,
                                   flash_commands, NULL, NULL, claim_places},
                        argc, argv);
}
