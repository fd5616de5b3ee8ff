// The jobs of the program beside its labs: train, encode, decode, inspect, export.
#pragma once
#include "common/program/lab.h"

extern const Command tokenizer_commands[];
