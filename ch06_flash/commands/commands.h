// The jobs of the program beside its labs, one a file; commands.c is their table.
#pragma once
#include "common/program/lab.h"

extern const Command flash_commands[];

int command_io(const Args *args);
int command_check(const Args *args);
int command_bench(const Args *args);
int command_sweep_blocks(const Args *args);
extern const Option io_options[], check_options[], bench_options[],
    sweep_blocks_options[];
