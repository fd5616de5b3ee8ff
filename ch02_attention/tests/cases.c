#include "ch02_attention/tests/cases.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// T, S, d; every size odd somewhere, one of each 1, and three past the block of rows.
static const int sizes[][3] = {{1, 1, 1},    {1, 1, 2},     {1, 7, 3},    {7, 1, 2},
                               {5, 5, 2},    {13, 9, 5},    {9, 13, 5},   {33, 33, 7},
                               {61, 260, 3}, {70, 131, 17}, {150, 150, 8}};
enum { SIZES = sizeof sizes / sizeof *sizes, MASKS = 13 };

typedef struct {
    unsigned char *allowed;
    int length, none, prefix;
} Room;

static Mask mask_number(int n, const Room *r) {
    switch (n) {
        case 1: return (Mask){.causal = true};
        case 2: return (Mask){.window = 3};
        case 3: return (Mask){.causal = true, .window = 4};
        case 4: return (Mask){.key_lengths = &r->length};
        case 5: return (Mask){.allowed = r->allowed};
        case 6:
            return (Mask){.causal = true,
                          .window = 40,
                          .key_lengths = &r->length,
                          .allowed = r->allowed};
        case 7: return (Mask){.key_lengths = &r->none};  // nobody sees anything
        case 8: return (Mask){.window = INT_MAX};
        case 9: return (Mask){.causal = true, .window = INT_MAX - 1};
        case 10: return (Mask){.prefixes = &r->prefix};
        case 11: return (Mask){.prefixes = &r->prefix, .key_lengths = &r->length};
        case 12:
            return (Mask){.prefixes = &r->prefix, .window = 30, .allowed = r->allowed};
        default: return (Mask){0};
    }
}

void every_case(void (*check)(int T, int S, int d, const Mask *mask, Rng *rng)) {
    Rng rng = rng_new(1);
    for (int s = 0; s < SIZES; s++)
        for (int m = 0; m < MASKS; m++) {
            int T = sizes[s][0], S = sizes[s][1];
            Room room = {allocate((size_t)T * S, 1), S > 2 ? S - S / 3 : S, 0, S / 2};
            for (int i = 0; i < T * S; i++) room.allowed[i] = rng_below(&rng, 3) > 0;
            // one query that may see nothing
            if (T > 2) memset(room.allowed + 2 * S, 0, (size_t)S);
            Mask mask = mask_number(m, &room);
            check(T, S, sizes[s][2], &mask, &rng);
            free(room.allowed);
        }
}
