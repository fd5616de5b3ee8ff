// Whether other programs want the processors as well.
//
// Two threads that share out a product wait for each other at its end. If one of them
// is sent away because another program is to run, the other waits for as long as that
// takes, several milliseconds, for work of some 100 us. On a machine with other work
// one thread alone is faster than two.
//
//     who wants the processor        a thread is sent away        and loses of its time
//     nobody                         a few times in a second      nothing
//     the system, for a moment       a hundred times              a hundredth: 20 us each
//     another program                every 2 to 10 ms             a quarter to two thirds
//
// So both are asked: how often, per second of processor time, and how much of the clock's
// time the thread that asks got no processor for. Beside many programs, or more urgent
// ones, it is sent away rarely, since it hardly runs; there the system must say for how
// long it stood ready to run (Linux does). Looking costs ten microseconds, twenty times a
// second. Results are the same bits for any number of threads, so that nothing but
// the time depends on it.
#pragma once
#include <stdbool.h>

// Not to be called inside a parallel region. False for ever where the environment says
// OMP_DYNAMIC=false ("as many threads as were asked for") or how idle threads wait.
bool processors_contested(void);

// ---- what it decides by

// Seconds: on the clock, of the processor for the thread that asks, and of all
// processors for all threads; those that the thread that asks was ready for and did not
// get, 0 where nobody knows; how often any of them was sent away.
typedef struct {
    double time, own, all, ready;
    long sent_away;
} ProcessorLook;

typedef struct {
    ProcessorLook last;
    bool contested;
    int calm;    // looks in a row that saw nobody else
    int wanted;  // of them, before it is no longer contested
} Contention;

Contention contention_from(ProcessorLook first);
// Beside others a thread may be lucky for a while, and alone of its processor. Whenever
// that was all, twice as many calm looks are wanted the next time; a calm second, with
// all threads at work, and a few are enough again.
bool contention_next(Contention *c, ProcessorLook now);
