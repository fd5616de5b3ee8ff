#include "ch05_sft_rlhf/group_advantage.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

static double one(double squares, int size) { return (void)squares, (void)size, 1; }
static double deviation(double squares, int size) { return sqrt(squares / size); }
static double bessel(double squares, int size) { return sqrt(squares / (size - 1)); }
// r - (G m - r) / (G - 1) = (r - m) G / (G - 1)
static double others(double squares, int size) {
    return (void)squares, (double)(size - 1) / size;
}

const GroupType group_kinds[] = {
    // less the group's mean
    [GROUP_MEAN] = {"mean", one},
    // the same, divided by the group's deviation
    [GROUP_DEVIATION] = {"deviation", deviation},
    // the same with G - 1 in the deviation
    [GROUP_BESSEL] = {"bessel", bessel},
    // less the mean of the others
    [GROUP_OTHERS] = {"others", others},
};
_Static_assert(sizeof group_kinds / sizeof *group_kinds == GROUP_KINDS,
               "a kind without a line in the table");

const char *const *group_names(void) {
    static const char *names[GROUP_KINDS + 1];
    for (int i = 0; i < GROUP_KINDS; i++) names[i] = group_kinds[i].name;
    return names;
}

static bool all_equal(const double *r, int n) {
    for (int i = 1; i < n; i++)
        if (r[i] != r[0]) return false;
    return true;
}

int group_advantages(double *to, const double *rewards, int groups, int size,
                     GroupKind kind) {
    assert(size >= 2 && "group_advantages: one answer has no others");
    int equal = 0;
    for (int g = 0; g < groups; g++) {
        const double *r = rewards + g * size;
        double *a = to + g * size, sum = 0, squares = 0;
        bool same = all_equal(r, size);
        for (int i = 0; i < size; i++) sum += r[i];
        for (int i = 0; i < size; i++) a[i] = r[i] - sum / size;
        for (int i = 0; i < size; i++) squares += a[i] * a[i];
        // equal rewards may differ from their mean by rounding
        for (int i = 0; i < size; i++)
            a[i] = same ? 0 : a[i] / group_kinds[kind].divisor(squares, size);
        equal += same;
    }
    return equal;
}
