// A team of processes on this machine, without anything to install: copies of this one, in
// a ring of sockets. For labs and tests; team_mpi.h is for runs. Lecture, section 4.21.
#pragma once
#include "ch04_pretrain/team.h"

// Calls work(team, of) in `count` processes, of which this one is number 0; the others are
// copies of it as it is now, end after it, and leave nothing but what they passed on. Each
// uses one thread. Returns this one's team as it was at the end, with its counter. A
// process that fails ends the program; so does one that is sent another number of bytes
// than it expects, with a line that says so.
Team team_fork_run(int count, void (*work)(Team *t, void *of), void *of);
