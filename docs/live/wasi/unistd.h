// The system's, and the functions it declares nowhere (lacking.c).
#pragma once
#include_next <unistd.h>

pid_t fork(void);
int dup(int fd);
int pipe(int *ends);
int dup2(int fd, int to);
int execlp(const char *file, const char *arg, ...);
