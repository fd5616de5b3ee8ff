#include "ch04_pretrain/pipeline.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/small.h"

const char *const pipeline_names[] = {
    [PIPELINE_GPIPE] = "gpipe", [PIPELINE_1F1B] = "1f1b"};
_Static_assert(sizeof pipeline_names / sizeof *pipeline_names == PIPELINE_KINDS,
               "a schedule without its name");

typedef struct {
    bool backward;
    int part;
} Job;

// So many forward first; then backward and forward in turn; then the rest.
static void jobs_of(Job *jobs, int warm_up, int parts, bool last_first) {
    int forward = 0, backward = 0;
    for (int k = 0; k < 2 * parts; k++) {
        bool back = forward == parts || forward - backward > warm_up;
        int part = back ? backward++ : forward++;
        if (back && last_first) part = parts - 1 - part;
        jobs[k] = (Job){back, part};
    }
}

// Of stage s: how many parts it may have forward, beyond the one it is at.
static int warm_up_of(PipelineKind kind, int stages, int parts, int s) {
    static const int of_gpipe = -1;
    const int at_most[PIPELINE_KINDS] = {
        [PIPELINE_GPIPE] = of_gpipe, [PIPELINE_1F1B] = stages - 1 - s};
    return at_most[kind] == of_gpipe ? parts : at_most[kind];
}

typedef struct {
    int stages, parts;
    Job *jobs;    // [stages][2 parts]
    double *end;  // [stages][2][parts]; INFINITY: not done
} Line;

static double *end_of(const Line *l, int s, bool backward, int part) {
    return &l->end[(s * 2 + backward) * l->parts + part];
}

// When what a job needs is there; INFINITY: not yet.
static double ready(const Line *l, int s, Job j) {
    if (!j.backward) return s ? *end_of(l, s - 1, false, j.part) : 0;
    if (s == l->stages - 1) return *end_of(l, s, false, j.part);
    return *end_of(l, s + 1, true, j.part);
}

// Does all jobs; returns when the last one ends.
static double simulate(Line *l, double forward, double backward) {
    double time = 0, *free_at = allocate((size_t)l->stages, sizeof *free_at);
    int *next = allocate((size_t)l->stages, sizeof *next);
    for (int left = l->stages * 2 * l->parts; left;)
        for (int s = 0; s < l->stages; s++) {
            if (next[s] == 2 * l->parts) continue;
            Job j = l->jobs[s * 2 * l->parts + next[s]];
            double start = fmax(free_at[s], ready(l, s, j));
            if (isinf(start)) continue;
            free_at[s] = start + (j.backward ? backward : forward);
            *end_of(l, s, j.backward, j.part) = free_at[s];
            time = fmax(time, free_at[s]);
            next[s]++, left--;
        }
    free(free_at), free(next);
    return time;
}

static int most_held(const Line *l) {
    int most = 0;
    for (int s = 0; s < l->stages; s++)
        for (int k = 0, held = 0; k < 2 * l->parts; k++) {
            held += l->jobs[s * 2 * l->parts + k].backward ? -1 : 1;
            most = int_max(most, held);
        }
    return most;
}

PipelineRun pipeline_run(PipelineKind kind, int stages, int parts, double forward,
                         double backward) {
    size_t count = (size_t)stages * 2 * (size_t)parts;
    Line l = {stages, parts, allocate(count, sizeof *l.jobs),
              allocate(count, sizeof *l.end)};
    for (size_t i = 0; i < count; i++) l.end[i] = INFINITY;
    for (int s = 0; s < stages; s++)
        jobs_of(l.jobs + s * 2 * parts, warm_up_of(kind, stages, parts, s), parts,
                kind == PIPELINE_GPIPE);
    double time = simulate(&l, forward, backward);
    PipelineRun r = {time, 1 - parts * (forward + backward) / time, most_held(&l)};
    free(l.jobs), free(l.end);
    return r;
}
