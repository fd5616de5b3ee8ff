// What WASI has no functions for and the programs call. A page has one process with one
// thread; it draws the figures itself, from the files that gnuplot would draw them from.
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "pthread.h"
#include "spawn.h"
#include "sys/resource.h"
#include "sys/wait.h"
#include "unistd.h"

static int not_here(void) {
    errno = ENOSYS;
    return -1;
}

// ---- processes: gnuplot's ends at once, and all is well. A team of processes is the
// page's (team_fork.c).

pid_t fork(void) { return 1; }
pid_t waitpid(pid_t child, int *status, int options) {
    (void)options;
    *status = 0;
    return child;
}
pid_t wait(int *status) { return waitpid(1, status, 0); }
int execlp(const char *file, const char *arg, ...) {
    (void)file, (void)arg;
    return not_here();
}
int posix_spawnp(pid_t *child, const char *file,
                 const posix_spawn_file_actions_t *actions, const void *attributes,
                 char *const *argv, char *const *environment) {
    (void)child, (void)file, (void)actions, (void)attributes, (void)argv,
        (void)environment;
    return ENOSYS;
}
int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions) {
    return *actions = 0;
}
int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd,
                                     const char *path, int flags, int mode) {
    (void)actions, (void)fd, (void)path, (void)flags, (void)mode;
    return 0;
}
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions) {
    return *actions = 0;
}

// ---- descriptors and files

int dup(int fd) {
    (void)fd;
    return not_here();
}
int dup2(int fd, int to) {
    (void)fd, (void)to;
    return not_here();
}
int pipe(int *ends) {
    (void)ends;
    return not_here();
}
FILE *tmpfile(void) {
    static int count;
    char path[32];
    snprintf(path, sizeof path, "/tmp/%d", count++);
    return fopen(path, "w+b");
}

// ---- the thread and its time

void *pthread_places[PTHREAD_MOST_KEYS];
int pthread_key_create(pthread_key_t *key, void (*at_the_end)(void *)) {
    static int count;
    (void)at_the_end;  // a thread's: this one's is the program's
    if (count == PTHREAD_MOST_KEYS) return EAGAIN;
    *key = count++;
    return 0;
}

int setrlimit(int what, const struct rlimit *limit) {
    (void)what, (void)limit;
    return not_here();
}
int getrusage(int who, struct rusage *used) {
    (void)who;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *used = (struct rusage){{now.tv_sec, (suseconds_t)(now.tv_nsec / 1000)}, {0}, 0, 0};
    return 0;
}
