// An encoder-decoder learns to write a sequence backwards; its cross-attention shows how. Lecture, section 3.8.
//
// Letter i of the answer is letter n - 1 - i of the source, so a head that fetches it puts its weight on the
// anti-diagonal. Places are counted from the left and n is from 6 to 10: the model has to find the end by itself.
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch03_transformer/labs/sequence_task.h"

static const Option options[] = {SEQUENCE_OPTIONS("400"), {0}};

enum { TESTS = 1000 };

static void claim_learned(Lab *lab, Model *m, const Examples *e, const int *written) {
    int rows, right;
    Look look = sequence_look(m, e, TASK_REVERSE);
    right = look_rows_right(&look, TASK_REVERSE, &rows);
    int exact = sequence_exact(e, written);
    lab_print(lab, "reversed exactly: %d of %d held-out sequences", exact, e->count);
    lab_print(lab, "decoder layer %d, head %d: %.1f %% of its weight is on the letter to be written", look.layer + 1,
              look.head + 1, 100 * look.aligned);
    look_draw(lab, &look, TASK_REVERSE, "reverse");
    look_free(&look);
    if (!lab_at_defaults(lab)) return;
    claim_at_least(lab, "3.54", "held-out sequences reversed exactly, of 1000", 990, exact);
    // Weights that know nothing of the task: the largest of n + 1 is there once in n + 1 rows, 4 or 5 in all.
    claim_equal(lab, "3.56", "rows of the mean maps with the largest weight on the anti-diagonal", rows, right);
}

static void run(Lab *lab) {
    Model m;
    uint64_t *keys;
    size_t trained;
    sequence_train(lab, &m, TASK_REVERSE, &keys, &trained);
    Examples e = examples_new(TESTS);
    Rng rng = rng_split(&lab->rng, UINT64_MAX);  // training's are 1, 2, 3 ...
    examples_draw(&e, &rng, TASK_REVERSE, true);
    int *written = allocate(TESTS * TIME, sizeof *written), *again = allocate(TESTS * TIME, sizeof *again);
    claim_equal(lab, "3.54", "held-out sequences that were trained on", 0, examples_among(&e, keys, trained));
    sequence_write(&m, &e, false, written);
    claim_learned(lab, &m, &e, written);
    sequence_write(&m, &e, true, again);
    // A guess: right for one sequence in 16^6, 16^7 .. 16^10.
    claim_equal(lab, "3.55", "reversed exactly when the encoder's output is zeros", 0, sequence_exact(&e, again));
    examples_scribble(&e, &rng);
    sequence_write(&m, &e, false, again);
    int changed = 0;
    for (int b = 0; b < TESTS; b++) changed += memcmp(written + b * TIME, again + b * TIME, TIME * sizeof(int)) != 0;
    claim_equal(lab, "3.57", "answers that change with what stands in the padding", 0, changed);
    examples_free(&e), free(keys), free(written), free(again), model_free(&m);
}

const LabSpec lab_reverse = {"reverse", "3.8", "An encoder-decoder learns to reverse sequences", run, options};
