#include "common/numeric/contention.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>

#include "common/numeric/threads.h"
#include "common/numeric/timing.h"

typedef struct {
    double time, computed;  // seconds: on the clock, and of all threads' processors
    long sent_away;
} Look;

enum {
    SENT_AWAY_PER_SECOND = 50,  // alone: below 10; contested: 100 to 500
    LOOKS_ALONE = 10,           // that make a second
};
static const double SOON = 0.1, LATER = 1, LATEST = 8;  // seconds until the next look

static Look look(double now) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (Look){now,
                  (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
                      + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec),
                  u.ru_nivcsw};
}

static bool as_many_as_asked(void) {
    const char *dynamic = getenv("OMP_DYNAMIC");
    return threads_wait_by_user || (dynamic && strcasecmp(dynamic, "false") == 0);
}

// Whether the program was sent away often between two looks.
static bool often(const Look *a, const Look *b) {
    return (double)(b->sent_away - a->sent_away)
           > SENT_AWAY_PER_SECOND * (b->computed - a->computed);
}

// Seconds until the next look. Beside others a thread may be lucky for a while: each time
// that it was only luck the wait is doubled, until a second has passed without them.
static double wait_after(bool contested) {
    static double wait;
    static int alone;  // looks in a row
    alone = contested ? 0 : alone + 1;
    if (alone >= LOOKS_ALONE) wait = 0;
    if (!contested) return SOON;
    return wait = wait == 0 ? LATER : fmin(2 * wait, LATEST);
}

bool processors_contested(void) {
    static enum { UNKNOWN, NEVER, FREE, CONTESTED } state;
    static Look last;
    static double next;
    if (state == UNKNOWN) {
        state = as_many_as_asked() ? NEVER : FREE;
        last = look(now_seconds()), next = last.time + SOON;
    }
    if (state == NEVER) return false;
    double now = now_seconds();
    if (now >= next) {
        Look here = look(now);
        state = often(&last, &here) ? CONTESTED : FREE;
        last = here, next = now + wait_after(state == CONTESTED);
    }
    return state == CONTESTED;
}
