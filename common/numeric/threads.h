// How many threads there are: OpenMP's settings, or 1 where the program was built
// without it. Nothing else needs <omp.h>.
#pragma once
#include <stdbool.h>

bool threads_possible(void);  // built with OpenMP
int threads_count(void);      // what the next parallel region may use
// How many threads the next piece of work should use: threads_count(), but 1 inside a
// parallel region, of one thread too (work there stays on its thread), and where other programs want the
// processors too (contention.h).
int threads_free(void);
// How many threads work at something where none waits for another before the end, and it
// takes milliseconds: threads_count(), also beside other programs; 1 inside a parallel
// region.
int threads_apart(void);
int threads_processors(void);  // what the machine has for this program
// From now on at most `threads` >= 1; returns what it was before. The team gets exactly
// that many, also when there are fewer processors. Without OpenMP nothing changes.
int threads_set(int threads);

// Inside a parallel region: this thread's number, from 0, of so many. Outside: 0 of 1.
int threads_number(void);
int threads_together(void);

// How idle threads wait, in words for a bench: they spin for half a millisecond, then
// sleep, unless the user's environment says otherwise. Set before main
// (threads_start.c), in every program that uses threads.
const char *threads_waiting(void);
extern bool threads_wait_by_user;
