// Places beyond 2^31 and 2^32: what 8 heads of 32768 queries and keys have if somebody
// makes the table. Address space is reserved here; memory is not used.
#include <criterion/criterion.h>
#include <math.h>
#include <sys/mman.h>

#include "ch06_flash/flash_fast.h"
#include "ch06_flash/register_tile.h"
#include "ch06_flash/tests/reference.h"
#include "ch06_flash/traffic.h"

static void *address_space(size_t bytes) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) cr_skip("no address space");
    return at;
}

Test(large, places_of_a_table_of_weights) {
    enum { N = 32768, H = 8 };
    size_t numbers = (size_t)H * N * N;
    Mat weights = {address_space(numbers * sizeof(real)), H * N, N, N, 1};
    cr_assert(mat_at(weights, H * N - 1, N - 1) == weights.at + (numbers - 1));
    Mat last = mat_cols(mat_rows(weights, (H - 1) * N, N), N - 1, 1);
    cr_assert(mat_at(last, N - 1, 0) == weights.at + (numbers - 1));
    *mat_at(last, N - 1, 0) = 1;
    cr_assert(weights.at[numbers - 1] == 1);
    munmap(weights.at, numbers * sizeof(real));
    cr_assert(bytes_scores(N, H) == 0x1p35
              && bytes_flash(N, 64, H) == 4.0 * H * N * 65);
    cr_assert(algorithms[ALGORITHM_STANDARD].moved(N, 64, (Blocks){N, N})
              == 4LL * N * N + 4LL * N * 64);
}

// A mask of 2^32 bytes, all zero but one: the last query sees key 40000, the others of
// its tile nothing.
Test(large, a_mask_of_more_than_2_to_the_32_entries) {
    enum { N = 65536, KEY = 40000, D = 2 };
    unsigned char *allowed = address_space((size_t)N * N);
    allowed[(size_t)(N - 1) * N + KEY] = 1;
    Rng rng = rng_new(1);
    FlashHead h = {.q = random_mat(&rng, N, D, 1),
                   .k = random_mat(&rng, N, D, 1),
                   .v = random_mat(&rng, N, D, 1),
                   .scale = 1,
                   .mask = {.allowed = allowed}};
    Mat out = mat_new(N, D), lse = mat_new(N, 1);
    FlashKeys keys = flash_keys_new(N, D, D, false);
    FlashWork *w = flash_work_new(&keys);
    flash_keys_set(&keys, &h);
    flash_fast(out, lse, &h, &keys, w, N - TILE_COLS, TILE_COLS);
    for (int c = 0; c < D; c++)
        // w v / w, rounded three times
        cr_assert_float_eq((double)*mat_at(out, N - 1, c), (double)*mat_at(h.v, KEY, c),
                           4 * REAL_EPS * fabs((double)*mat_at(h.v, KEY, c)));
    cr_assert(*mat_at(out, N - 2, 0) == 0 && *mat_at(lse, N - 2, 0) == -(real)INFINITY);
    flash_work_free(w), flash_keys_free(&keys);
    munmap(allowed, (size_t)N * N);
    Mat all[] = {h.q, h.k, h.v, out, lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
