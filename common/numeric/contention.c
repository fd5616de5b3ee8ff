#include "common/numeric/contention.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"

enum {
    SENT_AWAY_LEAST = 3,        // fewer in one look are chance
    SENT_AWAY_PER_SECOND = 50,  // of processor time; contested: 100 to 500
    CALM_FIRST = 8,             // looks
    CALM_MOST = 128,
    CALM_SECOND = 20,
};
static const double BETWEEN = 0.05;  // seconds from look to look
static const double LOST = 0.1;      // share of the time; contested: 0.25 at least

static const double STARVED = 0.5;  // share of the time that it was ready for

static double seconds_ready(void) {
    double ns = 0;
    FILE *f = fopen("/proc/thread-self/schedstat", "r");
    if (f && fscanf(f, "%*f %lf", &ns) != 1) ns = 0;
    if (f) fclose(f);
    return 1e-9 * ns;
}

static ProcessorLook look(double now) {
    struct rusage u;
    struct timespec own;
    getrusage(RUSAGE_SELF, &u);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
    return (ProcessorLook){
        now, (double)own.tv_sec + 1e-9 * (double)own.tv_nsec,
        (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
            + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec),
        seconds_ready(), u.ru_nivcsw};
}

static bool as_many_as_asked(void) {
    const char *dynamic = getenv("OMP_DYNAMIC");
    return threads_wait_by_user || (dynamic && strcasecmp(dynamic, "false") == 0);
}

// Whether between two looks others ran in the program's place.
static bool others_between(const ProcessorLook *a, const ProcessorLook *b) {
    long sent_away = b->sent_away - a->sent_away;
    double time = b->time - a->time, lost = time - (b->own - a->own);
    if (b->ready - a->ready > STARVED * time) return true;
    return sent_away >= SENT_AWAY_LEAST
           && (double)sent_away > SENT_AWAY_PER_SECOND * (b->all - a->all)
           && lost > LOST * time;
}

Contention contention_from(ProcessorLook first) {
    return (Contention){.last = first, .wanted = CALM_FIRST};
}

bool contention_next(Contention *c, ProcessorLook now) {
    bool others = others_between(&c->last, &now);
    c->last = now;
    c->calm = others ? 0 : int_min(c->calm + 1, CALM_MOST);
    if (c->contested && c->calm >= c->wanted) {
        c->contested = false, c->calm = 0;
        c->wanted = int_min(2 * c->wanted, CALM_MOST);
    } else if (!c->contested && others) c->contested = true;
    else if (!c->contested && c->calm >= CALM_SECOND) c->wanted = CALM_FIRST;
    return c->contested;
}

bool processors_contested(void) {
    static enum { UNKNOWN, NEVER, LOOKING } state;
    static Contention c;
    if (state == UNKNOWN) {
        state = as_many_as_asked() ? NEVER : LOOKING;
        c = contention_from(look(now_seconds()));
    }
    if (state == NEVER) return false;
    double now = now_seconds();
    return now < c.last.time + BETWEEN ? c.contested : contention_next(&c, look(now));
}
