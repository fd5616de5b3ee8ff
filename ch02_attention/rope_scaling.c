#include "ch02_attention/rope_scaling.h"

#include <math.h>

#include "ch02_attention/rope.h"

// ---- the kinds: what each does to an angle

static double theta_none(double theta, const Rope *rope, int i) {
    (void)rope, (void)i;
    return theta;
}

static double theta_pi(double theta, const Rope *rope, int i) {
    (void)i;
    return theta / rope->factor;
}

static double theta_ntk(double theta, const Rope *rope, int i) {
    return theta * pow(rope->factor, -2.0 * i / (rope->dim - 2));
}

// YaRN's alpha and beta: fewer turns than the first while training, never seen whole;
// more than the second, safe.
static const double YARN_FEW = 1, YARN_MANY = 32;

double rope_yarn_ramp(double turns) {
    return fmin(1, fmax(0, (turns - YARN_FEW) / (YARN_MANY - YARN_FEW)));
}

static double theta_yarn(double theta, const Rope *rope, int i) {
    (void)i;
    double keep = rope_yarn_ramp(rope->trained * theta / (2 * M_PI));
    return theta * ((1 - keep) / rope->factor + keep);
}

#define KIND(NAME, name) #name,
const char *const rope_scaling_names[] = {ROPE_SCALING_LIST(KIND) NULL};
#undef KIND
#define KIND(NAME, name) theta_##name,
static double (*const scaled[])(double theta, const Rope *rope,
                                int i) = {ROPE_SCALING_LIST(KIND)};
#undef KIND
_Static_assert(sizeof scaled / sizeof *scaled == ROPE_SCALINGS,
               "each scaling has its angles");

double rope_scaled_theta(double theta, const Rope *rope, int i) {
    return scaled[rope->scaling](theta, rope, i);
}

double rope_temperature(const Rope *rope) {
    return rope->scaling == ROPE_SCALING_YARN ? 0.1 * log(rope->factor) + 1 : 1;
}

bool rope_scaling_check(const Rope *rope, Error *err) {
    if (rope->scaling >= ROPE_SCALINGS)
        return error_set(err, "an unknown kind of rotary scaling");
    if (rope->scaling != ROPE_SCALING_NONE && !(rope->factor >= 1))
        return error_set(err, "rotary scaling needs a factor of at least 1");
    if (rope->scaling == ROPE_SCALING_NTK && rope->dim < 4)
        return error_set(err, "NTK scaling needs a head_dim of at least 4");
    if (rope->scaling == ROPE_SCALING_YARN && rope->trained < 1)
        return error_set(err, "YaRN needs the trained length, at least 1 position");
    return true;
}
