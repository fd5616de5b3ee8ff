#include "ch05_sft_rlhf/commands/commands.h"
#include "common/program/lab.h"

static const LabSpec *const tour[] = {NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 5: fine-tuning and preferences", tour,
                                   align_commands, NULL},
                        argc, argv);
}
