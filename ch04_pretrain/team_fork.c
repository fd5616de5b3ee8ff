#include "ch04_pretrain/team_fork.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/numeric/threads.h"

typedef struct {
    int next, before;  // sockets
} Ends;

static void send_all(int to, const char *bytes, size_t n) {
    while (n) {
        ssize_t sent = write(to, bytes, n);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) die("a process of the team has gone");
        bytes += sent, n -= (size_t)sent;
    }
}

static void receive_all(int from, char *bytes, size_t n) {
    while (n) {
        ssize_t got = read(from, bytes, n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) die("a process of the team has gone");
        bytes += got, n -= (size_t)got;
    }
}

// How much comes goes before it: a process that expects more would wait for ever.
static void send_with_size(int to, const void *bytes, size_t n) {
    send_all(to, (const char *)&n, sizeof n), send_all(to, bytes, n);
}

static void receive_with_size(const Team *t, int from, void *bytes, size_t n) {
    size_t comes;
    receive_all(from, (char *)&comes, sizeof comes);
    if (comes != n)
        die("process %d of a team of %d: expected %zu bytes, the process before it "
            "sends %zu",
            t->rank, t->count, n, comes);
    receive_all(from, bytes, n);
}

// A socket holds but so much: if all sent first, all would wait. Every second process
// receives first.
static void pass_by_socket(Team *t, const void *out, size_t out_bytes, void *in,
                           size_t in_bytes) {
    const Ends *ends = t->self;
    bool first = t->rank % 2 == 0;
    if (first) send_with_size(ends->next, out, out_bytes);
    receive_with_size(t, ends->before, in, in_bytes);
    if (!first) send_with_size(ends->next, out, out_bytes);
}

static void close_others(int (*pairs)[2], int count, int rank) {
    for (int k = 0; k < count; k++) {
        if (k != rank) close(pairs[k][0]);
        if (k != (rank + count - 1) % count) close(pairs[k][1]);
    }
}

Team team_fork_run(int count, void (*work)(Team *t, void *of), void *of) {
    assert(count >= 1);
    int(*pairs)[2] = allocate((size_t)count, sizeof *pairs), rank = 0, failed = 0;
    for (int k = 0; k < count; k++)  // from k to k + 1
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[k])) die("no sockets are left");
    fflush(NULL);
    for (int k = 1; k < count && !rank; k++) {
        pid_t child = fork();
        if (child < 0) die("no process can be made");
        if (child == 0) rank = k;
    }
    Ends ends = {pairs[rank][0], pairs[(rank + count - 1) % count][1]};
    close_others(pairs, count, rank);
    free(pairs);
    Team team = {rank, count, pass_by_socket, &ends, 0};
    int threads = threads_set(1);
    work(&team, of);
    if (rank) _exit(0);
    threads_set(threads);
    close(ends.next), close(ends.before);
    for (int k = 1, status; k < count; k++)
        failed += wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (failed) die("%d of %d processes of a team failed", failed, count);
    return (Team){0, count, NULL, NULL, team.sent};
}
