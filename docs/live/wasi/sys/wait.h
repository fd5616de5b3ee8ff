// A process that could not be started has ended with 127, as a shell would say.
#pragma once
#include <unistd.h>

#define WIFEXITED(status) ((status) % 256 == 0)
#define WEXITSTATUS(status) ((status) / 256)
#define WIFSIGNALED(status) (!WIFEXITED(status))
#define WTERMSIG(status) ((status) % 256)

pid_t wait(int *status);
pid_t waitpid(pid_t child, int *status, int options);
