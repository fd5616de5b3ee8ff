// The jobs of the program beside its labs, one a file; commands.c is their table.
#pragma once
#include "common/program/lab.h"

extern const Command align_commands[];

int command_pipeline(const Args *args);
int command_sft(const Args *args);
int command_reward(const Args *args);
int command_ppo(const Args *args);
int command_dpo(const Args *args);
int command_chat(const Args *args);
int command_eval(const Args *args);
extern const Option pipeline_options[], sft_options[], reward_options[], chat_options[],
    eval_options[], ppo_options[], dpo_options[];
