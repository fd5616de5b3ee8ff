// Large pieces of memory, in huge pages where the system has them.
//
// What is read in no order, or is megabytes long, costs a translation of its address for
// each page of 4 KB it touches, and a processor remembers only some thousands of them.
// With pages of 2 MB a few dozen do.
#pragma once
#include <stddef.h>

// bytes on a 64-byte boundary, not zeroed. free() frees them. Never NULL: no memory ends
// the program.
void *large_new(size_t bytes);
