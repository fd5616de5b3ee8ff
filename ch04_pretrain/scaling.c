#include "ch04_pretrain/scaling.h"

#include <math.h>

// The second law's constants are in the paper's source as logarithms.
const ScalingLaw scaling_laws[] = {
    [LAW_HOFFMANN_ROUNDED] = {"Hoffmann, rounded", 1.69, 406.4, 410.7, 0.34, 0.28},
    [LAW_HOFFMANN] = {"Hoffmann", 1.69337, 406.401, 410.723, 0.33917084, 0.2849083},
    [LAW_BESIROGLU] = {"Besiroglu", 1.8172, 482.01, 2085.43, 0.3478, 0.3658},
};
_Static_assert(sizeof scaling_laws / sizeof *scaling_laws == SCALING_LAWS,
               "a law without its constants");

double scaling_loss(const ScalingLaw *l, Budget b) {
    return l->floor + l->a * pow(b.parameters, -l->alpha)
           + l->b * pow(b.tokens, -l->beta);
}

Budget scaling_optimum(const ScalingLaw *l, double operations) {
    double sum = l->alpha + l->beta,
           g = pow(l->alpha * l->a / (l->beta * l->b), 1 / sum),
           n = g * pow(operations / 6, l->beta / sum);
    return (Budget){n, operations / 6 / n};
}

double scaling_operations(Budget b, double in_use) {
    return 6 * b.parameters * b.tokens + 2 * b.parameters * in_use;
}

// The tokens with which n parameters reach a loss; INFINITY: none suffice.
static double tokens_for(const ScalingLaw *l, double n, double loss) {
    double left = loss - l->floor - l->a * pow(n, -l->alpha);
    return left > 0 ? pow(l->b / left, 1 / l->beta) : INFINITY;
}

// The ratio of the two gains less its value at the optimum falls as n grows: bisection,
// between the smallest model that can reach the loss and the optimum without use.
Budget scaling_optimum_in_use(const ScalingLaw *l, double operations, double in_use) {
    Budget without = scaling_optimum(l, operations);
    double loss = scaling_loss(l, without), low = 0, high = log(without.parameters);
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2, n = exp(middle), d = tokens_for(l, n, loss);
        double gains =
            l->alpha * l->a * pow(n, -l->alpha) / (l->beta * l->b * pow(d, -l->beta));
        if (isinf(d) || gains > 1 + in_use / (3 * d)) low = middle;
        else high = middle;
    }
    double n = exp(high);
    return (Budget){n, tokens_for(l, n, loss)};
}
