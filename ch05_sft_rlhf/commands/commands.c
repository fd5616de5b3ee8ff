#include "ch05_sft_rlhf/commands/commands.h"

#include "common/program/file.h"

const Command align_commands[] = {
    {"pipeline", "[--folder DIR] ...",
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
    {"grpo", "--checkpoint FILE [--task NAME | --data FILE] -o FILE",
     "improve a policy by groups of its answers, each right or wrong", command_grpo,
     grpo_options},
    {"best-of-n", "--checkpoint FILE [--reward FILE] [--n N] [-o FILE]",
     "what the best of several answers is worth", command_best_of_n, best_of_n_options},
    {"merge", "--checkpoint FILE --adapter FILE -o FILE",
     "a model and its adapter as one model", command_merge, merge_options},
    {"rag", "--facts FILE [--question TEXT] [--checkpoint FILE] [-o FILE]",
     "answer questions by looking them up in facts of one's own", command_rag,
     rag_options},
    {"chat", "--checkpoint FILE", "talk to a model", command_chat, chat_options},
    {"eval", "--checkpoint FILE [--against FILE]",
     "a model's answers to held-out questions, and its win rate", command_eval,
     eval_options},
    {0}};

const char *output_of(const Args *args, const char *command, const char *what,
                      const char *const *inputs) {
    Error err;
    const char *to = option_text(args, "output");
    if (!to) die("%s: -o FILE is needed: where %s goes", command, what);
    for (; *inputs; inputs++) {
        const char *from = option_text(args, *inputs);
        if (from && same_file(from, to))
            die("%s: -o %s: that is the file of --%s: expected another", command, to,
                *inputs);
    }
    if (!output_check(to, &err)) die("%s", err.text);
    return to;
}
