#include "ch02_attention/sparse.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

bool sparse_sees(SparsePattern pattern, int query, int key) {
    assert(pattern.window >= SPARSE_FULL
           && (pattern.window == SPARSE_FULL || pattern.dilation >= 1)
           && "sparse_sees: window and dilation are at least 1");
    int distance = query - key;
    if (distance < 0) return false;
    if (pattern.window == SPARSE_FULL) return true;
    return distance % pattern.dilation == 0
           && distance / pattern.dilation < pattern.window;
}

void sparse_mask(Mat mask, SparsePattern pattern) {
    for (int i = 0; i < mask.rows; i++)
        for (int j = 0; j < mask.cols; j++)
            *mat_at(mask, i, j) = sparse_sees(pattern, i, j) ? 0 : -(real)INFINITY;
}

SparsePattern sparse_alternating(int layer, int window) {
    return (SparsePattern){layer % 2 ? window : SPARSE_FULL, 1};
}

SparsePattern sparse_growing(int layer, int window) {
    long long dilation = 1;
    while (layer-- > 0 && dilation < INT_MAX) dilation *= window;
    return (SparsePattern){window, dilation < INT_MAX ? (int)dilation : INT_MAX};
}

long long sparse_pairs_counted(SparsePattern pattern, int n) {
    long long pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) pairs += sparse_sees(pattern, i, j);
    return pairs;
}

long long sparse_window_pairs(long long n, long long window) {
    if (window > n) window = n;
    return n * window - window * (window - 1) / 2;
}

void sparse_reach(bool *reach, int n, const SparsePattern *layers, int count) {
    bool *before = allocate((size_t)n * (size_t)n, sizeof *before);
    memset(reach, 0, (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++) reach[(size_t)i * n + i] = true;
    for (int l = 0; l < count; l++) {
        memcpy(before, reach, (size_t)n * (size_t)n);
        memset(reach, 0, (size_t)n * (size_t)n);
        for (int i = 0; i < n; i++)
            for (int k = 0; k <= i; k++) {
                if (!sparse_sees(layers[l], i, k)) continue;
                for (int j = 0; j <= k; j++)
                    reach[(size_t)i * n + j] |= before[(size_t)k * n + j];
            }
    }
    free(before);
}
