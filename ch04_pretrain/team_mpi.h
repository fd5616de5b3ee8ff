// A team that mpirun started: `mpirun -np 2 ./ch04_pretrain train ...`. Lecture, section 4.21.
//
// MPI is optional: make finds mpicc and asks it what it needs. Without it a program that
// mpirun starts says so, once, and ends.
//
// Until all have agreed that they do the same work, each keeps to itself what it says on
// stderr. One that ends before that (an option, a file) takes part in the agreement as
// well: process 0 prints one line for all, and all end with status 2.
#pragma once
#include "ch04_pretrain/team.h"

// NULL: this process was not started by mpirun, or is alone.
Team *team_mpi_begin(void);
// `work` describes what this process is about to do, a line for each option or file:
// "--seed 1\n". Where they differ, the program ends with a line that says both.
// From here on only process 0's stdout is seen.
void team_mpi_agree(Team *t, const char *work);
// All of them end now: exit(status) is to follow in each.
void team_mpi_end(Team *t);
