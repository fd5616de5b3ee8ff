// What a file is that was taken for a vocabulary and is none: a download that went wrong,
// something packed, another program's format.
#pragma once
#include <stddef.h>

// One phrase for a message, with what to do about it; NULL where the file looks like none
// of those.
const char *foreign_file(const char *bytes, size_t size);
