// The same encoder-decoder as in reverse.c learns to sort. Lecture, section 3.8.
//
// Where letter i of the answer stands in the source is now a matter of all letters. In the figure the columns are the
// source's letters in order, so that a head which fetches the letter to be written lies on the diagonal.
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch03_transformer/labs/sequence_task.h"

static const Option options[] = {SEQUENCE_OPTIONS("600"), {0}};

enum { TESTS = 1000 };

static void claim_learned(Lab *lab, Model *m, const Examples *e, const int *written) {
    int rows, right;
    Look look = sequence_look(m, e, TASK_SORT);
    right = look_rows_right(&look, TASK_SORT, &rows);
    int exact = sequence_exact(e, written);
    lab_print(lab, "sorted exactly: %d of %d held-out sequences", exact, e->count);
    lab_print(lab, "decoder layer %d, head %d: %.1f %% of its weight is on the letter to be written", look.layer + 1,
              look.head + 1, 100 * look.aligned);
    look_draw(lab, &look, TASK_SORT, "sort");
    look_free(&look);
    if (!lab_at_defaults(lab)) return;
    claim_at_least(lab, "3.58", "held-out sequences sorted exactly, of 1000", 990, exact);
    claim_equal(lab, "3.59", "rows of the mean maps with the largest weight on the letter to be written", rows, right);
}

static void run(Lab *lab) {
    Model m;
    uint64_t *keys;
    size_t trained;
    sequence_train(lab, &m, TASK_SORT, &keys, &trained);
    Examples e = examples_new(TESTS);
    Rng rng = rng_split(&lab->rng, UINT64_MAX);  // training's are 1, 2, 3 ...
    examples_draw(&e, &rng, TASK_SORT, true);
    int *written = allocate(TESTS * TIME, sizeof *written);
    claim_equal(lab, "3.58", "held-out sequences that were trained on", 0, examples_among(&e, keys, trained));
    sequence_write(&m, &e, false, written);
    claim_learned(lab, &m, &e, written);
    sequence_write(&m, &e, true, written);
    // One answer for all: right with probability 6! / 16^6 at most, 0.04 times in 1000. Three times: 1e-5.
    claim_at_most(lab, "3.58", "sorted exactly when the encoder's output is zeros", 2, sequence_exact(&e, written));
    examples_free(&e), free(keys), free(written), model_free(&m);
}

const LabSpec lab_sort = {"sort", "3.8", "The same encoder-decoder learns to sort", run, options};
