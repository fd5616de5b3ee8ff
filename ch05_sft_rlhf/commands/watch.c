#include "ch05_sft_rlhf/commands/watch.h"

#include <stdio.h>
#include <unistd.h>

#include "common/numeric/timing.h"

Watch watch_begin(const char *stage, FILE *log) {
    if (log) fprintf(log, "step\tloss\n");
    return (Watch){stage, "loss", now_seconds(), 0, log};
}

void watch_step(void *self, long long step, long long steps, double loss) {
    Watch *w = self;
    double now = now_seconds();
    if (w->log) fprintf(w->log, "%lld\t%.9g\n", step, loss);
    bool terminal = isatty(STDERR_FILENO);
    if (!terminal || (now - w->said < 0.2 && step < steps)) return;
    double left = (now - w->begun) * (double)(steps - step) / (double)step;
    fprintf(stderr, "\r%-8s step %lld of %lld, %s %.3f, %.0f s left  ", w->stage, step,
            steps, w->quantity, loss, left);
    if (step == steps) fprintf(stderr, "\r%60s\r", "");
    w->said = now;
}

double watch_end(Watch *w) { return now_seconds() - w->begun; }
