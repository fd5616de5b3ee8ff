#include "ch05_sft_rlhf/commands/commands.h"
#include "common/program/lab.h"

extern const LabSpec lab_template, lab_tasks, lab_sft_mask, lab_turns, lab_ghost,
    lab_bradley_terry, lab_margin, lab_reward_model, lab_two_heads, lab_stale_reward,
    lab_optimal_policy, lab_frontier, lab_gae, lab_reinforce, lab_sampler_mismatch,
    lab_ppo_clip, lab_ppo_optimum, lab_ppo_tricks, lab_kl_estimators, lab_kl_placement,
    lab_dpo_gradient, lab_dpo_optimum, lab_preference_losses, lab_displacement,
    lab_pipeline_short, lab_lora_rank, lab_lora_places, lab_lora_tasks, lab_verifiable,
    lab_group_weights, lab_best_of_frontier, lab_rejection, lab_over_optimisation,
    lab_dpo_length, lab_peeking;

static const LabSpec *const tour[] = {&lab_template,
                                      &lab_tasks,
                                      &lab_sft_mask,
                                      &lab_turns,
                                      &lab_ghost,
                                      &lab_bradley_terry,
                                      &lab_margin,
                                      &lab_reward_model,
                                      &lab_two_heads,
                                      &lab_stale_reward,
                                      &lab_optimal_policy,
                                      &lab_frontier,
                                      &lab_gae,
                                      &lab_reinforce,
                                      &lab_sampler_mismatch,
                                      &lab_ppo_clip,
                                      &lab_ppo_optimum,
                                      &lab_ppo_tricks,
                                      &lab_kl_estimators,
                                      &lab_kl_placement,
                                      &lab_dpo_gradient,
                                      &lab_dpo_optimum,
                                      &lab_preference_losses,
                                      &lab_displacement,
                                      &lab_pipeline_short,
                                      &lab_lora_rank,
                                      &lab_lora_places,
                                      &lab_lora_tasks,
                                      &lab_group_weights,
                                      &lab_verifiable,
                                      &lab_best_of_frontier,
                                      &lab_rejection,
                                      &lab_over_optimisation,
                                      &lab_dpo_length,
                                      &lab_peeking,
                                      NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 5: fine-tuning and preferences", tour,
                                   align_commands, NULL, NULL, claim_places},
                        argc, argv);
}
