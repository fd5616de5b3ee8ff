// The system's, and sigaction, which is signal: no call is interrupted here.
#pragma once
#include_next <signal.h>

struct sigaction {
    void (*sa_handler)(int);
    int sa_flags;
};
static inline int sigaction(int number, const struct sigaction *now,
                            struct sigaction *before) {
    (void)before;
    return signal(number, now->sa_handler) == SIG_ERR ? -1 : 0;
}
