#include "ch05_sft_rlhf/commands/commands.h"

const Command align_commands[] = {
    {"pipeline", "[--folder DIR] [--minutes M] ...",
     "from nothing to a model one can talk to, stage by stage", command_pipeline,
     pipeline_options},
    {"sft", "--checkpoint FILE -o FILE [--data FILE] [--show-mask] ...",
     "fine-tune a model on conversations", command_sft, sft_options},
    {"reward", "--checkpoint FILE --data FILE -o FILE | --checkpoint FILE --score FILE",
     "train a reward model on preferences; score answers", command_reward,
     reward_options},
    {"ppo", "--enumerate | --checkpoint FILE [--reward FILE] -o FILE",
     "improve a policy by its own answers", command_ppo, ppo_options},
    {"dpo", "--enumerate | --checkpoint FILE --data FILE -o FILE",
     "improve a policy by preferences", command_dpo, dpo_options},
    {"chat", "--checkpoint FILE", "talk to a model", command_chat, chat_options},
    {"eval", "--checkpoint FILE [--against FILE]",
     "a model's answers to held-out questions, and its win rate", command_eval,
     eval_options},
    {0}};
