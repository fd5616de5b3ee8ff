// What the machine says of itself: caches, from which sizes of blocks follow, and the
// processor's name, without which a figure of speed means little.
//
// Bytes; where the machine does not say (a container, an unknown system), a default that
// is small enough for most. No result may depend on them, only its speed: the order of a
// sum is never theirs to decide.
#pragma once
#include <stddef.h>

size_t cache_l1(void);        // of data, one core's; default 32 KiB
size_t cache_l2(void);        // one core's; default 256 KiB
size_t cache_l3_share(void);  // L3 over the processors that share it; default 1 MiB
const char *processor_name(void);  // "unknown processor" where nobody tells

// One line before a bench's figures: name, caches, threads and how idle ones wait.
void machine_print(void);
