// What a program says of its labs to other programs, such as the book's pages:
// `--list --json` prints
//
//     {"program": "ch02_attention", "title": "Chapter 2: ...", "labs": [
//      {"name": "rope-decay", "section": "2.7", "title": "RoPE: ...", "options": [
//       {"name": "dim", "value": "128", "help": "head dimension", "kind": "int",
//        "least": 2, "most": 1024},
//       {"name": "scaling", "value": "none", "help": "...", "kind": "choice",
//        "choices": ["none", "pi"]}]}]}
//
// Kinds are text, flag, int, real, list and choice; a value is null where there is no
// default. Ranges and choices stand in the labs, where they read their options. So each
// lab is begun in a process of its own until it has read them all, and goes no further.
#pragma once
#include "common/program/options.h"
#include "common/program/program.h"

// common: the options of every lab, which are not listed.
void list_json(const Program *program, const Option *common);
