#include "ch04_pretrain/readout.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/least_squares.h"

static size_t area(int rows, int cols) { return (size_t)rows * (size_t)cols; }

// The equations of one output: a row for each of x, and one for each weight, sqrt(ridge)
// w_j = 0. The constant has none.
static void equations(double *a, double *b, Mat x, const double *y, int outputs,
                      int output, double ridge) {
    int cols = x.cols + 1;
    for (int i = 0; i < x.rows; i++) {
        for (int j = 0; j < x.cols; j++)
            a[area(i, cols) + j] = (double)*mat_at(x, i, j);
        a[area(i, cols) + x.cols] = 1;
        b[i] = y[area(i, outputs) + output];
    }
    for (int j = 0; j < x.cols; j++) {
        double *row = a + area(x.rows + j, cols);
        for (int k = 0; k < cols; k++) row[k] = k == j ? sqrt(ridge) : 0;
        b[x.rows + j] = 0;
    }
}

bool readout_fit(Readout *r, Mat x, const double *y, int outputs, double ridge) {
    int rows = x.rows + x.cols, cols = x.cols + 1;
    double *a = allocate(area(rows, cols), sizeof *a),
           *b = allocate((size_t)rows, sizeof *b),
           *w = allocate((size_t)cols, sizeof *w);
    bool independent = true;
    *r = (Readout){x.cols, outputs, allocate(area(cols, outputs), sizeof *w)};
    for (int o = 0; o < outputs && independent; o++) {
        equations(a, b, x, y, outputs, o, ridge);
        independent = least_squares(w, a, b, rows, cols);
        for (int j = 0; j < cols; j++) r->weight[area(j, outputs) + o] = w[j];
    }
    free(a), free(b), free(w);
    if (!independent) readout_free(r);
    return independent;
}

void readout_free(Readout *r) {
    free(r->weight);
    *r = (Readout){0};
}

void readout_apply(const Readout *r, Mat x, double *y) {
    for (int i = 0; i < x.rows; i++)
        for (int o = 0; o < r->outputs; o++) {
            double sum = r->weight[area(r->inputs, r->outputs) + o];
            for (int j = 0; j < r->inputs; j++)
                sum += (double)*mat_at(x, i, j) * r->weight[area(j, r->outputs) + o];
            y[area(i, r->outputs) + o] = sum;
        }
}

double r_squared(const double *y, const double *predicted, int rows, int outputs) {
    double missed = 0, spread = 0;
    for (int o = 0; o < outputs; o++) {
        double mean = 0;
        for (int i = 0; i < rows; i++) mean += y[area(i, outputs) + o] / rows;
        for (int i = 0; i < rows; i++) {
            size_t at = area(i, outputs) + o;
            missed += (y[at] - predicted[at]) * (y[at] - predicted[at]);
            spread += (y[at] - mean) * (y[at] - mean);
        }
    }
    return 1 - missed / spread;
}
