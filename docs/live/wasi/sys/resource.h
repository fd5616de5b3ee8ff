// Times of the one thread; nobody sends it away.
#pragma once
#include <sys/time.h>

struct rusage {
    struct timeval ru_utime, ru_stime;
    long ru_nivcsw, ru_maxrss;
};
#define RUSAGE_SELF 0
struct rlimit {
    unsigned long rlim_cur, rlim_max;
};
#define RLIMIT_CPU 0

int getrusage(int who, struct rusage *used);
int setrlimit(int what, const struct rlimit *limit);
