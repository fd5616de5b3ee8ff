// Two tasks for an encoder-decoder, and one that learns them from scratch. Lecture, section 3.8.
//
//     source       h a c b b f END  -   -   -   -          6 to 10 of 16 letters; '-' is padding, which nobody sees
//     reversed     f b b c a h END                         the decoder reads BEGIN f b b c a h and predicts these,
//     sorted       a b b c f h END                         a token at a time
//
// Whether a sequence is for training or held out depends on its letters alone: so none is both.
#pragma once
#include <stdint.h>

#include "ch03_transformer/model.h"
#include "common/lab.h"

typedef enum { TASK_REVERSE, TASK_SORT } Task;
enum { LETTERS = 16, BEGIN = LETTERS, END, TOKENS };  // what a token can be
enum { LEAST = 6, MOST = 10, TIME = MOST + 1 };       // letters of a sequence; rows, with END or BEGIN

typedef struct {
    int count;
    int *lengths;    // count: letters and END; of source, decoder and targets alike
    int *source;     // count x TIME
    int *decoder;    // count x TIME
    int *targets;    // count x TIME; IGNORED in the padding
    uint64_t *keys;  // count: the letters as one number, different for different sequences
} Examples;

Examples examples_new(int count);
void examples_free(Examples *e);
// held_out: of the eighth of all sequences that is never trained on.
void examples_draw(Examples *e, Rng *rng, Task task, bool held_out);
void examples_scribble(Examples *e, Rng *rng);  // anything at all into the source's padding
int examples_among(const Examples *e, const uint64_t *keys, size_t count);  // how many have one of these keys

// ---- learning: as many layers in the decoder as in the encoder, DeepNorm

#define SEQUENCE_OPTIONS(default_steps)                                                            \
    {"steps", default_steps, "of training, 1 to 2000"}, {"layers", "4", "of each stack, 1 to 8"},  \
    {"batch", "32", "sequences a step, 1 to 256"}, {"rate", "0.003", "the highest learning rate"}, \
    {"positions", "sinusoidal", "sinusoidal or none"}

// Makes the model, trains it as the lab's options say, and prints how it goes. keys: of all sequences it was trained
// on, steps x batch of them; the caller frees them and the model.
void sequence_train(Lab *lab, Model *m, Task task, uint64_t **keys, size_t *count);

// The decoder by itself: from BEGIN on it reads what it wrote, its most likely token each time. blind: in place of the
// encoder's output it gets zeros. written: count x TIME.
void sequence_write(Model *m, const Examples *e, bool blind, int *written);
int sequence_exact(const Examples *e, const int *written);  // how many are right, up to and with END

// ---- where the decoder looks, while it reads the right letters

// One head of one cross-attention: the mean of its weights over the examples with n letters, (n + 1) x (n + 1). Row i
// writes letter i (the last one: END). Columns: the source's letters, then END; with TASK_SORT the letters in order.
typedef struct {
    int layer, head;
    double aligned;      // mean weight on the letter to be written, equal ones together; without the row of END
    Mat maps[MOST + 1];  // by n
} Look;
Look sequence_look(Model *m, const Examples *e, Task task);  // the head with the largest `aligned`
void look_free(Look *look);
// Where row i must look: the column of the letter to be written.
static inline int look_column(Task task, int n, int i) { return task == TASK_SORT ? i : n - 1 - i; }
// In how many of all maps' rows (but the last) the largest weight is there; *rows: of how many.
int look_rows_right(const Look *look, Task task, int *rows);
void look_draw(Lab *lab, const Look *look, Task task, const char *name);  // the map of n = MOST
