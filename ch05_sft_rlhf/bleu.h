// BLEU: how much of a text is in another one, in runs of words. Lecture, section 5.17.
//
//     p_n = runs of n words that the reference has too / runs of n words     n = 1 .. 4
//     BLEU = min(1, e^(1 - reference / candidate)) (p_1 p_2 p_3 p_4)^(1/4)
//
// A run counts at most as often as the reference has it ("clipped": else "the the the"
// were perfect). Nothing asks for all of the reference, so a candidate that is too short
// pays for it: the first factor, with lengths in words. Runs and lengths are summed over
// all texts before they are divided: one short text alone often has no run of four.
//
// Papineni et al. (2002).
#pragma once

enum { BLEU_RUNS = 4 };

typedef struct {
    double matched[BLEU_RUNS], runs[BLEU_RUNS];  // [n - 1]: of n words
    double candidate, reference;                 // words
} Bleu;

// One text more, as ids of words.
void bleu_add(Bleu *b, const int *candidate, int count, const int *reference,
              int reference_count);
// The same with words between spaces.
void bleu_add_text(Bleu *b, const char *candidate, const char *reference);
// By runs of up to `most` words, 1 .. BLEU_RUNS; 0 where some p_n is 0.
double bleu_of(const Bleu *b, int most);
