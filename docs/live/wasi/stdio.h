// The system's, and a file that has no name.
#pragma once
#define tmpfile tmpfile_of_system
#include_next <stdio.h>
#undef tmpfile

FILE *tmpfile(void);
