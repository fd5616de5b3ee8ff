#include "ch03_transformer/commands.h"
#include "common/lab.h"

static const LabSpec *const tour[] = {NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 3: the transformer", tour, transformer_commands, NULL}, argc, argv);
}
