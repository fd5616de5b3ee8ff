// The checks of chapter 6's homework, one file a problem. How a check counts:
// common/program/homework.h. References are straight from the definitions; a typical
// error is one more reference: the same with that error in it.
#pragma once
#include "ch06_flash/homework/hw06.h"
#include "common/program/homework_numbers.h"

void check_parts(Grade *g);
void check_alibi(Grade *g);
void check_window(Grade *g);
void check_stretches(Grade *g);
void check_bounds(Grade *g);
