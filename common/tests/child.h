// For tests of what a program prints, and how it ends: a function run in a process of
// its own.
#pragma once

typedef struct {
    char text[16384];  // what it wrote to stdout and stderr
    int status;        // the exit status; 128 + number, where a signal ended it
} Ran;

// Runs work(argument) in a child; exit status 0 where it returns.
Ran child_run(void (*work)(void *argument), void *argument);
// A new folder under /tmp, removed with everything in it by child_folder_remove.
char *child_folder(void);
void child_folder_remove(char *folder);
// The number of files in it, hidden ones too.
int child_folder_count(const char *folder);
// Gives up root's rights, so that a folder can be one we may not write in.
void child_become_nobody(void);
