// No process can be started: posix_spawnp always fails.
#pragma once
#include <unistd.h>

typedef int posix_spawn_file_actions_t;

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions);
int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd,
                                     const char *path, int flags, int mode);
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions);
int posix_spawnp(pid_t *child, const char *file,
                 const posix_spawn_file_actions_t *actions, const void *attributes,
                 char *const *argv, char *const *environment);
