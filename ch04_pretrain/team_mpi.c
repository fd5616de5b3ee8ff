#include "ch04_pretrain/team_mpi.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/program/file.h"

// What mpirun tells its processes before MPI is asked, by its makers.
static int said_by_mpirun(const char *const *names) {
    for (; *names; names++)
        if (getenv(*names)) return atoi(getenv(*names));
    return -1;
}
static const char *const counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                     "MPI_LOCALNRANKS", NULL};

#ifdef WITH_MPI

#include <mpi.h>

static Team team;
static enum { ALONE, TALKING, AGREED, ENDING } state = ALONE;
static int real_stderr = -1;

// MPI counts bytes in an int.
static void pass_by_mpi(Team *t, const void *out, size_t out_bytes, void *in,
                        size_t in_bytes) {
    enum { MOST = 1 << 30 };
    int next = (t->rank + 1) % t->count, before = (t->rank + t->count - 1) % t->count;
    const char *from = out;
    char *to = in;
    while (out_bytes || in_bytes) {
        int a = out_bytes < MOST ? (int)out_bytes : MOST,
            b = in_bytes < MOST ? (int)in_bytes : MOST;
        MPI_Sendrecv(from, a, MPI_BYTE, next, 0, to, b, MPI_BYTE, before, 0,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        from += a, out_bytes -= (size_t)a, to += b, in_bytes -= (size_t)b;
    }
}

// ---- stderr, kept until all have agreed

static void keep_stderr(void) {
    FILE *kept = tmpfile();
    if (!kept) return;
    real_stderr = dup(STDERR_FILENO);
    dup2(fileno(kept), STDERR_FILENO);
    fclose(kept);
}

// What was said, as a text; and stderr is as it was.
static char *release_stderr(void) {
    enum { MOST = 4096 };
    char *said = allocate(MOST, 1);
    if (real_stderr < 0) return said;
    fflush(stderr);
    ssize_t n = pread(STDERR_FILENO, said, MOST - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    dup2(real_stderr, STDERR_FILENO), close(real_stderr);
    real_stderr = -1;
    return said;
}

// ---- the agreement: what fails begins with a !, the rest is what each is about to do

static bool failed(const char *text) { return *text == '!'; }

// The first lines in which they differ.
static void print_difference(int rank, const char *first, const char *mine) {
    size_t a = strcspn(first, "\n"), b = strcspn(mine, "\n");
    while (first[a] && mine[b] && a == b && memcmp(first, mine, a) == 0) {
        first += a + 1, mine += b + 1;
        a = strcspn(first, "\n"), b = strcspn(mine, "\n");
    }
    fprintf(stderr, "%s: process %d has %.*s, process 0 has %.*s\n", program_name(),
            rank, (int)b, mine, (int)a, first);
}

// One line, by process 0; true: they do the same work.
static bool agree(char **texts) {
    for (int k = 0; k < team.count; k++)
        if (failed(texts[k])) {
            if (team.rank == 0) fputs(texts[k] + 1, stderr);
            return false;
        }
    for (int k = 1; k < team.count; k++)
        if (strcmp(texts[k], texts[0]) != 0) {
            if (team.rank == 0) print_difference(k, texts[0], texts[k]);
            return false;
        }
    return true;
}

static bool exchange(const char *work) {
    char *said = release_stderr(), *here;
    size_t size = strlen(said) + strlen(work) + 2;
    here = allocate(size, 1);
    snprintf(here, size, "%s", *work ? work : "!");
    if (!*work) strcat(here, said);
    char **texts = team_texts(&team, here);
    bool same = agree(texts);
    if (same && team.rank == 0) fputs(said, stderr);  // warnings
    for (int k = 0; k < team.count; k++) free(texts[k]);
    free(texts), free(here), free(said);
    return same;
}

// However the program ends. A process that ends alone, after the agreement, ends all.
static void at_exit(void) {
    if (state == TALKING) exchange(""), state = ENDING;
    if (state == AGREED) MPI_Abort(MPI_COMM_WORLD, 2);
    if (state == ENDING) MPI_Finalize();
    state = ALONE;
}

Team *team_mpi_begin(void) {
    if (said_by_mpirun(counts) < 2) return NULL;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &team.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &team.count);
    team.pass = pass_by_mpi;
    state = TALKING;
    keep_stderr();
    atexit(at_exit);
    return &team;
}

void team_mpi_agree(Team *t, const char *work) {
    if (!t) return;
    bool same = exchange(work);
    state = same ? AGREED : ENDING;
    if (!same) exit(2);
    if (t->rank && !freopen("/dev/null", "w", stdout))
        die("/dev/null cannot be written");
}

void team_mpi_end(Team *t) {
    if (t) state = ENDING;
}

#else

static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK",
                                    "MPI_LOCALRANKID", NULL};

Team *team_mpi_begin(void) {
    if (said_by_mpirun(counts) < 2) return NULL;
    if (said_by_mpirun(ranks) > 0) exit(2);
    die("mpirun started it, and it was built without MPI; `sh tools/setup.sh mpi` "
        "installs "
        "one, `make ch04` builds it again");
}

void team_mpi_agree(Team *t, const char *work) { (void)t, (void)work; }
void team_mpi_end(Team *t) { (void)t; }

#endif
