#include "ch02_attention/sinusoidal.h"

#include <assert.h>
#include <math.h>

#include "ch02_attention/position.h"

void sinusoidal_table(Mat table) {
    assert(table.cols % 2 == 0 && "sinusoidal_table: d_model must be even");
    for (int i = 0; i < table.cols / 2; i++) {
        double w = rope_theta(SINUSOIDAL_BASE, table.cols, i);
        for (int p = 0; p < table.rows; p++) {
            *mat_at(table, p, 2 * i) = (real)sin(p * w);
            *mat_at(table, p, 2 * i + 1) = (real)cos(p * w);
        }
    }
}

void sinusoidal_shift(double *out, const double *pe, int d_model, int k) {
    assert(d_model % 2 == 0 && "sinusoidal_shift: d_model must be even");
    for (int i = 0; i < d_model / 2; i++) {
        double angle = k * rope_theta(SINUSOIDAL_BASE, d_model, i), c = cos(angle),
               s = sin(angle);
        double sine = pe[2 * i], cosine = pe[2 * i + 1];
        out[2 * i] = sine * c + cosine * s;  // sin(a + k w)
        out[2 * i + 1] = cosine * c - sine * s;
    }
}

// ---- the kind of position

static bool check(const PositionSpec *spec, Error *err) {
    return spec->channels % 2 == 0
           || error_set(err, "sinusoidal positions need an even number of channels");
}

static void make(Position *p) {
    p->parameters = mat_new(p->spec.length, p->spec.channels);
    sinusoidal_table(p->parameters);
}

const PositionMethods position_sinusoidal = {
    .place = POSITION_AT_INPUT, .check = check, .make = make};

Position position_new_sinusoidal(int d_model, int length) {
    PositionSpec spec = {POSITION_SINUSOIDAL, .length = length, .channels = d_model};
    return position_new(&spec, (Mat){0});
}
