// The jobs of the program beside its labs, one a file; commands.c is their table.
#pragma once
#include "common/program/lab.h"

extern const Command align_commands[];

// The file after -o, where `what` goes, found out before the work. Ends the program
// where there is none, where it cannot be written, and where it is a file that the
// command reads: one of these options' (the list ends with NULL).
const char *output_of(const Args *args, const char *command, const char *what,
                      const char *const *inputs);

int command_pipeline(const Args *args);
int command_sft(const Args *args);
int command_reward(const Args *args);
int command_ppo(const Args *args);
int command_dpo(const Args *args);
int command_grpo(const Args *args);
int command_best_of_n(const Args *args);
int command_merge(const Args *args);
int command_rag(const Args *args);
int command_chat(const Args *args);
int command_eval(const Args *args);
extern const Option pipeline_options[], sft_options[], reward_options[], chat_options[],
    eval_options[], ppo_options[], dpo_options[], grpo_options[], best_of_n_options[],
    merge_options[], rag_options[];
