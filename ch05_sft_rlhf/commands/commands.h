// The jobs of the program beside its labs, one a file; commands.c is their table.
#pragma once
#include "common/program/lab.h"

extern const Command align_commands[];
