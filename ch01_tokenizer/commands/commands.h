// The jobs of the program beside its labs, one a file; main.c has the table.
#pragma once
#include "common/program/lab.h"

int train(const Args *args);
int encode(const Args *args);
int decode(const Args *args);
int show(const Args *args);
int inspect(const Args *args);
int export_model(const Args *args);

extern const Option train_options[], encode_options[], decode_options[], show_options[],
    inspect_options[], export_options[];
