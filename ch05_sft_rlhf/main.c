#include "ch05_sft_rlhf/commands/commands.h"
#include "common/program/lab.h"

extern const LabSpec lab_template, lab_tasks, lab_sft_mask, lab_turns, lab_ghost,
    lab_bradley_terry, lab_margin, lab_reward_model, lab_two_heads, lab_stale_reward,
    lab_pipeline_short;

static const LabSpec *const tour[] = {
    &lab_template,  &lab_tasks,         &lab_sft_mask,       &lab_turns,
    &lab_ghost,     &lab_bradley_terry, &lab_margin,         &lab_reward_model,
    &lab_two_heads, &lab_stale_reward,  &lab_pipeline_short, NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 5: fine-tuning and preferences", tour,
                                   align_commands, NULL},
                        argc, argv);
}
