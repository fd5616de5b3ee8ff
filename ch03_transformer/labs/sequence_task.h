// Two tasks for an encoder-decoder, and one that learns them from scratch. Lecture,
// section 3.8.
//
//     source      h a c b b f END  -   -   -   -     6 to 10 of 16 letters; '-' is padding, which nobody sees
//     reversed    f b b c a h END                    the decoder reads BEGIN f b b c a h and predicts these,
//     sorted      a b b c f h END                    a token at a time
//
// Whether a sequence is for training or held out depends on its letters alone: so none
// is both.
#pragma once
#include <stdint.h>

#include "ch03_transformer/model.h"
#include "common/program/lab.h"

typedef enum { TASK_REVERSE, TASK_SORT } Task;
enum { LETTERS = 16, BEGIN = LETTERS, END, TOKENS };  // what a token can be
// letters of a sequence; rows, with END or BEGIN
enum { LEAST = 6, MOST = 10, TIME = MOST + 1 };

typedef struct {
    int count;
    int *lengths;  // count: letters and END; of source, decoder and targets alike
    int *source;   // count x TIME
    int *decoder;  // count x TIME
    int *targets;  // count x TIME; IGNORED in the padding
    // count: the letters as one number, different for different sequences
    uint64_t *keys;
} Examples;

#define SEQUENCE_OPTIONS(default_steps) \
    {"steps", default_steps, "of training, 1 to 2000"}, \
        {"layers", "4", "of each stack, 1 to 8"}, \
        {"batch", "32", "sequences a step, 1 to 256"}, \
        {"rate", "0.003", "the highest learning rate"}, { \
        "positions", "sinusoidal", "sinusoidal or none" \
    }

// A model trained on a task as the lab's options say (as many layers in the decoder as
// in the encoder, DeepNorm), and what became of it on TESTS held-out sequences. The
// decoder writes by itself: it reads what it wrote, its most likely token each time.
enum { TESTS = 1000 };
typedef struct {
    Model model;
    Examples tests;
    int *written;     // TESTS x TIME
    int trained_on;   // tests that were in the training set
    int exact;        // right, up to and with END
    int exact_blind;  // right when the encoder's output is zeros
    // of one head's mean cross-attention map for each length: all rows but END's, and
    // those with the
    int rows, rows_right;
    // largest weight on the letter to be written. The head is
    // the one with the most weight there.
} Trial;
// says how it goes and draws that map for the longest sequences
Trial trial_run(Lab *lab, Task task);
void trial_free(Trial *t);
// How many answers change when the padding of the tests holds anything else.
int trial_scribbled(Trial *t, Rng *rng);
