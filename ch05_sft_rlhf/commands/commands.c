#include "ch05_sft_rlhf/commands/commands.h"

const Command align_commands[] = {{0}};
