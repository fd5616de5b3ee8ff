// The checks of chapter 5's homework, one file a problem. How a check counts:
// common/program/homework.h. References are straight from the
// definitions; a typical error is one more reference: the same with that error in it.
#pragma once
#include "ch05_sft_rlhf/homework/hw05.h"
#include "common/program/homework_numbers.h"

void check_stream(Grade *g);
void check_brevity(Grade *g);
void check_k3(Grade *g);
void check_kto(Grade *g);
void check_dora(Grade *g);
void check_mixing(Grade *g);
void check_peeking(Grade *g);
