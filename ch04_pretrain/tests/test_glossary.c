// Words defined on the spot: the reader against all meanings one by one, and its accuracy
// against all sequences of examples.
#include <criterion/criterion.h>
#include <math.h>

#include "ch04_pretrain/glossary.h"
#include "ch04_pretrain/tests/enumerate.h"

// P(text) by its definition: the mean over all K^W meanings of the product over sentences.
static double by_meanings(const int *text, int n) {
    double total = 0;
    long all = texts_of(GLOSSARY_TOYS, GLOSSARY_WORDS);
    for (long code = 0; code < all; code++) {
        int meaning[GLOSSARY_WORDS];
        double p = 1;
        text_of(code, GLOSSARY_TOYS, GLOSSARY_WORDS, meaning);
        for (int i = 0; i < n; i++) {
            int place = i % GLOSSARY_SENTENCE, toy = text[i] - GLOSSARY_WORDS;
            if (place == 0) p /= GLOSSARY_WORDS;
            if (place == 1)
                p *= toy == meaning[text[i - 1]] ? 1 - glossary_wrong
                                                 : glossary_wrong / (GLOSSARY_TOYS - 1);
        }
        total += p / (double)all;
    }
    return total;
}

Test(glossary, against_all_meanings) {
    enum { N = 30 };
    Rng rng = rng_new(1);
    for (int t = 0; t < 5; t++) {
        int text[N];
        double nats[N], sum = 0, p[GLOSSARY_SYMBOLS];
        glossary_write(&rng, text, N, NULL);
        glossary_surprise(text, N, nats);
        for (int i = 0; i < N; i++) {
            glossary_next(text, i, p);
            cr_assert_float_eq(-log(p[text[i]]), nats[i], 1e-13);
            sum += nats[i];
        }
        cr_assert_float_eq(sum, -log(by_meanings(text, N)), 1e-10);
    }
}

// "dax kite. dax": rho = 0.8 * 5 / 0.2 = 20, so kite is believed 20/25.
Test(glossary, one_example_by_hand) {
    const int DAX = 0, KITE = GLOSSARY_WORDS + 2;
    const int text[] = {DAX, KITE, GLOSSARY_STOP, DAX};
    double p[GLOSSARY_SYMBOLS];
    glossary_next(text, 4, p);
    cr_assert_float_eq(p[KITE], 0.8 * 0.8 + 0.04 * 0.2, 1e-14);
    cr_assert_float_eq(p[KITE + 1], 0.8 / 25 + 0.04 * 24 / 25, 1e-14);
    glossary_next((const int[]){KITE}, 1, p);
    for (int x = 0; x < GLOSSARY_SYMBOLS; x++) cr_assert_eq(p[x], 0);
}

// What is drawn is what is said: shares of right and wrong toys in many texts.
Test(glossary, meanings_are_said) {
    enum { N = 300, TEXTS = 200 };
    Rng rng = rng_new(2);
    int text[N], meaning[GLOSSARY_WORDS], said = 0, all = 0;
    for (int t = 0; t < TEXTS; t++) {
        glossary_write(&rng, text, N, meaning);
        for (int i = 0; i < N; i += GLOSSARY_SENTENCE, all++)
            said += text[i + 1] - GLOSSARY_WORDS == meaning[text[i]];
    }
    // five standard errors of 20,000 draws
    cr_assert_float_eq((double)said / all, 0.8, 5 * sqrt(0.16 / all));
}

// All toys^n sequences of examples, one by one.
static double right_by_enumeration(int n, int toys, double wrong) {
    double right = 0;
    for (long code = 0; code < texts_of(toys, n); code++) {
        int said[8], count[8] = {0}, most = 0, best = 0;
        double p = 1;
        text_of(code, toys, n, said);
        for (int i = 0; i < n; i++)
            count[said[i]]++, p *= said[i] == 0 ? 1 - wrong : wrong / (toys - 1);
        for (int k = 0; k < toys; k++) most = count[k] > most ? count[k] : most;
        for (int k = 0; k < toys; k++) best += count[k] == most;
        if (count[0] == most) right += p / best;
    }
    return right;
}

Test(glossary, right_answers) {
    for (int toys = 2; toys <= 4; toys++)
        for (int n = 0; n <= 7; n++)
            cr_assert_float_eq(glossary_right(n, toys, 0.3),
                               right_by_enumeration(n, toys, 0.3), 1e-12, "%d of %d", n,
                               toys);
    cr_assert_float_eq(glossary_right(0, 6, 0.2), 1.0 / 6, 1e-14);
    cr_assert_float_eq(glossary_right(2, 6, 0.2), 0.8, 1e-14);
}
