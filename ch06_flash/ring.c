#include "ch06_flash/ring.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/split_k.h"
#include "common/error.h"
#include "common/numeric/small.h"

#define KIND(NAME, name) #name,
const char *const ring_names[] = {RING_LIST(KIND) NULL};
#undef KIND

// ---- orders: where a device's i-th token is; and what the slowest does

static int contiguous_at(int own, int devices, int device, int i) {
    (void)devices;
    return device * own + i;
}
static int striped_at(int own, int devices, int device, int i) {
    (void)own;
    return i * devices + device;
}
static int zigzag_at(int own, int devices, int device, int i) {
    int piece = own / 2;
    return i < piece ? device * piece + i
                     : (2 * devices - 1 - device) * piece + i - piece;
}

// Round 0 is everybody's own triangle; then somebody sees all keys of another.
static long long contiguous_longest(long long own, int devices) {
    return own * (own + 1) / 2 + (devices - 1) * own * own;
}
// In every round somebody has keys that are one stripe earlier: a triangle.
static long long striped_longest(long long own, int devices) {
    return devices * (own * (own + 1) / 2);
}
// Keys from elsewhere: two of four squares are seen, whoever they are from.
static long long zigzag_longest(long long own, int devices) {
    return own * (own + 1) / 2 + (devices - 1) * own * own / 2;
}

static const struct {
    int (*at)(int own, int devices, int device, int i);
    long long (*longest)(long long own, int devices);
} orders[] = {[RING_CONTIGUOUS] = {contiguous_at, contiguous_longest},
              [RING_STRIPED] = {striped_at, striped_longest},
              [RING_ZIGZAG] = {zigzag_at, zigzag_longest}};
_Static_assert(sizeof orders / sizeof *orders == RING_KINDS, "each order has a line");

void ring_positions(RingOrder order, int tokens, int devices, int device,
                    int *positions) {
    int own = tokens / devices;
    assert(own * devices == tokens && own % 2 == 0
           && "ring_positions: tokens must be a multiple of 2 devices");
    for (int i = 0; i < own; i++)
        positions[i] = orders[order].at(own, devices, device, i);
}

long long ring_longest(RingOrder order, int tokens, int devices) {
    return orders[order].longest(tokens / devices, devices);
}

// ---- devices

typedef struct {
    Mat q, out, lse;     // its own
    Mat k, v;            // those that are with it now,
    int from;            // and the device that they belong to
    const int *at;       // its positions
    Mat part, part_lse;  // of one round
} Device;

static Mat rows_at(Mat from, const int *at, int count) {
    Mat to = mat_new(count, from.cols);
    for (int i = 0; i < count; i++)
        mat_copy(mat_rows(to, i, 1), mat_rows(from, at[i], 1));
    return to;
}

static Device device_new(Mat q, Mat k, Mat v, const int *at, int own, int number) {
    Device d = {.q = rows_at(q, at, own),
                .out = mat_new(own, v.cols),
                .lse = mat_new(own, 1),
                .k = rows_at(k, at, own),
                .v = rows_at(v, at, own),
                .from = number,
                .at = at,
                .part = mat_new(own, v.cols),
                .part_lse = mat_new(own, 1)};
    mat_fill(d.lse, -(real)INFINITY);
    return d;
}

static void device_free(Device *d) {
    Mat all[] = {d->q, d->out, d->lse, d->k, d->v, d->part, d->part_lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// allowed (own x own) = who sees whom; returns how many pairs.
static long long see(unsigned char *allowed, const int *queries, const int *keys,
                     int own, bool causal) {
    long long pairs = 0;
    for (int i = 0; i < own; i++)
        for (int j = 0; j < own; j++)
            pairs += allowed[(size_t)i * (size_t)own + (size_t)j] =
                !causal || keys[j] <= queries[i];
    return pairs;
}

// Its queries against the keys that are with it.
static long long attend_here(Device *d, const int *keys_at, real scale, bool causal,
                             unsigned char *allowed) {
    enum { BLOCK = 64 };
    long long pairs = see(allowed, d->at, keys_at, d->q.rows, causal);
    if (pairs == 0) return 0;
    FlashHead h = {
        .q = d->q, .k = d->k, .v = d->v, .scale = scale, .mask = {.allowed = allowed}};
    Memory m = memory_new(MEMORY_PLAIN, 0);
    flash2(d->part, d->part_lse, &h, (Blocks){BLOCK, BLOCK}, &m);
    memory_free(&m);
    split_merge(d->out, d->lse, d->part, d->part_lse);
    return pairs;
}

// All at once: what device p has goes to device p + 1. Returns the words.
static long long pass_on(Device *devices, int count) {
    Device last = devices[count - 1];
    long long words = 0;
    for (int p = count - 1; p >= 0; p--) {
        const Device *by = p ? &devices[p - 1] : &last;
        devices[p].k = by->k, devices[p].v = by->v, devices[p].from = by->from;
        words += (long long)by->k.rows * (by->k.cols + by->v.cols);
    }
    return words;
}

RingCost ring_attention(Mat out, Mat lse, Mat q, Mat k, Mat v, real scale, bool causal,
                        RingOrder order, int devices) {
    int own = q.rows / devices;
    int *at = allocate((size_t)q.rows, sizeof *at);
    unsigned char *allowed = allocate((size_t)own, (size_t)own);
    Device *all = allocate((size_t)devices, sizeof *all);
    RingCost cost = {0};
    for (int p = 0; p < devices; p++) {
        ring_positions(order, q.rows, devices, p, at + p * own);
        all[p] = device_new(q, k, v, at + p * own, own, p);
    }
    for (int round = 0; round < devices; round++) {
        long long busiest = 0;
        if (round > 0) cost.sent += pass_on(all, devices);
        for (int p = 0; p < devices; p++) {
            long long pairs =
                attend_here(&all[p], at + all[p].from * own, scale, causal, allowed);
            cost.pairs += pairs, busiest = long_max(busiest, pairs);
        }
        cost.longest += busiest;
    }
    for (int p = 0; p < devices; p++)
        for (int i = 0; i < own; i++) {
            mat_copy(mat_rows(out, all[p].at[i], 1), mat_rows(all[p].out, i, 1));
            *mat_at(lse, all[p].at[i], 0) = *mat_at(all[p].lse, i, 0);
        }
    for (int p = 0; p < devices; p++) device_free(&all[p]);
    free(at), free(allowed), free(all);
    return cost;
}
