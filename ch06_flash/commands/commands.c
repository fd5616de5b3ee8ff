#include "ch06_flash/commands/commands.h"

const Command flash_commands[] = {
    {"io", "[--algorithm standard|fa1|fa2] [--n N] [--d D] [--m M] [--blocks R,C] ...",
     "words that a version moves, counted and by formula", command_io, io_options},
    {"check", "[--t T] [--s S] [--d D] [--causal] [--window W] [--dump DIR] ...",
     "every version against the formula in double", command_check, check_options},
    {"bench",
     "[--n N] [--heads H] [--kv-heads K] [--dim D] [--causal] [--backward] ...",
     "time, memory and error of every version", command_bench, bench_options},
    {"sweep-blocks", "[--n N] [--dim D] [--out DIR] ...",
     "speed of fa2 over the sizes of its blocks, a figure", command_sweep_blocks,
     sweep_blocks_options},
    {0}};
