// The counted layers at small sizes by hand, and gradients against their laws.
#include <criterion/criterion.h>
#include <math.h>

#include "ch02_attention/why_attention.h"

Test(why_attention, counts) {
    LayerCount a = count_attention(5, 3), r = count_recurrence(5, 3),
               c = count_convolution(10, 2, 4);
    cr_assert(a.multiply_adds == 150 && a.steps == 1 && a.path == 1 && a.layers == 1);
    cr_assert(r.multiply_adds == 45 && r.steps == 5 && r.path == 4);
    cr_assert(c.layers == 3 && c.steps == 3 && c.path == 3
              && c.multiply_adds == 3 * 4 * 10 * 4);
    for (int n = 2; n < 40; n++)
        for (int k = 2; k < 9; k++)
            cr_assert_eq(count_convolution(n, 1, k).layers, (n - 1 + k - 2) / (k - 1),
                         "n %d, k %d", n, k);
}

Test(why_attention, gradients) {
    Rng rng = rng_new(1);
    double norms[31], bent[31], sum = 0;
    rnn_gradient_norms(norms, 30, 5, 0.8, true, &rng),
        rnn_gradient_norms(bent, 30, 5, 0.8, false, &rng);
    for (int k = 0; k <= 30; k++) {
        cr_assert_float_eq(norms[k] / pow(0.8, k), 1, 1e-13);
        cr_assert(bent[k] <= norms[k] * (1 + 1e-13) && bent[k] > 0);
    }
    attention_gradient_norms(norms, 31, 4, &rng);
    for (int k = 0; k < 31; k++) sum += norms[k];
    cr_assert_float_eq(sum, 1, 1e-5);
}
