// The program's real jobs: params, memory, run. Each is a function of its options;
// errors end the program with one line and status 2.
#pragma once
#include "common/program/lab.h"

extern const Command transformer_commands[];
