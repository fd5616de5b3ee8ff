#include "ch03_transformer/labs/sequence_task.h"
#include "ch03_transformer/clip.h"
#include "ch03_transformer/schedule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/optimiser.h"
#include "common/program/plot.h"

// CHUNK: examples that are tested together
enum { CHANNELS = 64, HEADS = 2, MOST_LAYERS = 8, CHUNK = 50 };

// ---- examples

static Examples examples_new(int count) {
    size_t n = (size_t)count;
    return (Examples){.count = count,
                      .lengths = allocate(n, sizeof(int)),
                      .source = allocate(n * TIME, sizeof(int)),
                      .decoder = allocate(n * TIME, sizeof(int)),
                      .targets = allocate(n * TIME, sizeof(int)),
                      .keys = allocate(n, sizeof(uint64_t))};
}

static void examples_free(Examples *e) {
    free(e->lengths), free(e->source), free(e->decoder), free(e->targets),
        free(e->keys);
    *e = (Examples){0};
}

// `count` of e's examples from `first` on.
static Examples part(const Examples *e, int first, int count) {
    int at = first * TIME;
    return (Examples){count,           e->lengths + first, e->source + at,
                      e->decoder + at, e->targets + at,    e->keys + first};
}

static uint64_t key_of(const int *letters, int n) {
    // before the first letter, so that shorter sequences have other keys
    uint64_t key = 1;
    for (int i = 0; i < n; i++) key = key * LETTERS + (uint64_t)letters[i];
    return key;
}

// An eighth of all sequences: multiplying by 2^64 over the golden ratio mixes the key
// into the top bits.
static bool is_held_out(uint64_t key) { return key * 0x9e3779b97f4a7c15u >> 61 == 0; }

static int by_letter(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static void answer(int *to, const int *letters, int n, Task task) {
    for (int i = 0; i < n; i++) to[i] = letters[n - 1 - i];
    if (task == TASK_SORT) qsort(to, (size_t)n, sizeof *to, by_letter);
}

static void draw_one(const Examples *e, int b, Rng *rng, Task task, bool held_out) {
    int *source = e->source + b * TIME, *decoder = e->decoder + b * TIME,
        *targets = e->targets + b * TIME, n;
    do {
        n = LEAST + rng_below(rng, MOST - LEAST + 1);
        for (int i = 0; i < n; i++) source[i] = rng_below(rng, LETTERS);
        e->keys[b] = key_of(source, n);
    } while (is_held_out(e->keys[b]) != held_out);
    answer(targets, source, n, task);
    e->lengths[b] = n + 1;
    targets[n] = source[n] = END, decoder[0] = BEGIN;
    for (int i = n + 1; i < TIME; i++) source[i] = END, targets[i] = IGNORED;
    for (int i = 1; i < TIME; i++) decoder[i] = i <= n ? targets[i - 1] : END;
}

// Anything at all into the source's padding.
static void examples_scribble(Examples *e, Rng *rng) {
    for (int b = 0; b < e->count; b++)
        for (int i = e->lengths[b]; i < TIME; i++)
            e->source[b * TIME + i] = rng_below(rng, TOKENS);
}

// held_out: of the eighth of all sequences that is never trained on.
static void examples_draw(Examples *e, Rng *rng, Task task, bool held_out) {
    for (int b = 0; b < e->count; b++) draw_one(e, b, rng, task, held_out);
}

// How many have one of these keys.
static int examples_among(const Examples *e, const uint64_t *keys, size_t count) {
    int found = 0;
    for (int b = 0; b < e->count; b++) {
        size_t k = 0;
        while (k < count && keys[k] != e->keys[b]) k++;
        found += k < count;
    }
    return found;
}

// ---- learning

static void make_model(Lab *lab, Model *m) {
    static const char *const positions[] = {"sinusoidal", "none", NULL};
    int layers = (int)option_int(&lab->args, "layers", 1, MOST_LAYERS);
    bool none = option_choice(&lab->args, "positions", positions) == 1;
    Config c = {.name = lab->spec->name,
                .family = FAMILY_ENCODER_DECODER,
                .vocabulary = TOKENS,
                .context = TIME,
                .channels = CHANNELS,
                .layers = layers,
                .decoder_layers = layers,
                .heads = HEADS,
                .ffn = FFN_RELU,
                .norm = NORM_LAYER,
                .place = PLACE_DEEPNORM,
                .position = none ? POSITION_NONE : POSITION_SINUSOIDAL,
                .embedding_scale = sqrt(CHANNELS),
                .norm_bias = true,
                .ffn_bias = true,
                .init = INIT_XAVIER};
    Error err;
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &lab->rng);
    params_allocate_grads(&m->params);
}

// Logits for all of e, with the right letters as the decoder's input.
static Node *logits_of(Tape *t, const Model *m, const Examples *e) {
    Tokens source = {
        .batch = e->count, .time = TIME, .tokens = e->source, .lengths = e->lengths};
    Tokens decoder = {
        .batch = e->count, .time = TIME, .tokens = e->decoder, .lengths = e->lengths};
    return model_logits(
        t, m, model_decode(t, m, &decoder, model_encode(t, m, &source), &source));
}

static double train_step(Tape *t, Model *m, Optimiser *o, const Examples *e,
                         double rate) {
    Node *loss = cross_entropy(t, logits_of(t, m, e), e->targets);
    double value = (double)*loss->value.at;
    tape_backward(t, loss);
    params_clip(&m->params, 1);
    optimiser_step(o, &m->params, rate);
    params_zero_grads(&m->params);
    tape_reset(t);
    return value;
}

// keys: of all sequences it was trained on, steps x batch; the caller frees them.
static void train(Lab *lab, Model *m, Task task, uint64_t **keys, size_t *count) {
    int steps = (int)option_int(&lab->args, "steps", 1, 2000),
        batch = (int)option_int(&lab->args, "batch", 1, 256);
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    Schedule schedule = {.peak = rate, .warmup = 50, .total = steps > 50 ? steps : 51};
    make_model(lab, m);
    Optimiser o = optimiser_new(
        &m->params,
        (OptimiserSettings){.kind = OPTIMISER_ADAMW, .beta2 = 0.98, .decay = 0.01});
    Tape *t = tape_new(&m->params);
    Examples e = examples_new(batch);
    *keys = allocate((size_t)steps * (size_t)batch, sizeof **keys), *count = 0;
    double sum = 0;
    for (int s = 1, since = 0; s <= steps; s++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)s);
        examples_draw(&e, &rng, task, false);
        for (int b = 0; b < batch; b++) (*keys)[(*count)++] = e.keys[b];
        sum += train_step(t, m, &o, &e, schedule_rate(&schedule, s)), since++;
        lab_progress_value(lab, s, steps, "loss", sum / since);
        if (s % (steps < 8 ? 1 : steps / 8)) continue;
        lab_print(lab, "step %4d: loss %.4f nats per token, the mean of %d steps", s,
                  sum / since, since);
        sum = 0, since = 0;
    }
    examples_free(&e), tape_free(t), optimiser_free(&o);
}

// ---- writing

static int largest(Mat row) {
    int best = 0;
    for (int k = 1; k < row.cols; k++)
        if (*mat_at(row, 0, k) > *mat_at(row, 0, best)) best = k;
    return best;
}

static void write_chunk(Tape *t, const Model *m, const Examples *e, bool blind,
                        int *written) {
    Tokens source = {
        .batch = e->count, .time = TIME, .tokens = e->source, .lengths = e->lengths};
    Mat memory = mat_new(e->count * TIME, CHANNELS);
    if (!blind) mat_copy(memory, model_encode(t, m, &source)->value);
    int *input = allocate((size_t)e->count * TIME, sizeof *input);
    // input: count x (i + 1), BEGIN and the i tokens written so far
    for (int i = 0; i < TIME; i++) {
        for (int b = 0; b < e->count; b++)
            for (int k = 0; k <= i; k++)
                input[b * (i + 1) + k] = k ? written[b * TIME + k - 1] : BEGIN;
        tape_reset(t);
        Tokens so_far = {.batch = e->count, .time = i + 1, .tokens = input};
        Node *logits = model_logits(
            t, m, model_decode(t, m, &so_far, constant_node(t, memory), &source));
        for (int b = 0; b < e->count; b++)
            written[b * TIME + i] =
                largest(mat_rows(logits->value, b * (i + 1) + i, 1));
    }
    tape_reset(t), free(input), mat_free(memory);
}

// blind: in place of the encoder's output the decoder gets zeros. written: count x
// TIME.
static void write_answers(Model *m, const Examples *e, bool blind, int *written) {
    Tape *t = tape_new(&m->params);
    for (int first = 0; first < e->count; first += CHUNK) {
        Examples chunk =
            part(e, first, e->count - first < CHUNK ? e->count - first : CHUNK);
        write_chunk(t, m, &chunk, blind, written + first * TIME);
    }
    tape_free(t);
}

static int exact_answers(const Examples *e, const int *written) {
    int exact = 0;
    for (int b = 0; b < e->count; b++) {
        bool right = true;
        for (int i = 0; i < e->lengths[b]; i++)
            right &= written[b * TIME + i] == e->targets[b * TIME + i];
        exact += right;
    }
    return exact;
}

// ---- looking: where the decoder puts its weight while it reads the right letters

// One head of one cross-attention: the mean of its weights over the examples with n
// letters, (n + 1) x (n + 1). Row i writes letter i (the last one: END). Columns: the
// source's letters, then END; with TASK_SORT the letters in order.
typedef struct {
    int layer, head;
    // mean weight on the letter to be written, equal ones together; without the row of
    // END
    double aligned;
    Mat maps[MOST + 1];  // by n
} Look;

// Where row i must look: the column of the letter to be written.
static int look_column(Task task, int n, int i) {
    return task == TASK_SORT ? i : n - 1 - i;
}

// The nodes of the decoder's cross-attentions, in the order of the layers, as
// watching_attend meets them.
static Node *watched[MOST_LAYERS];
static int watched_count;

static Node *watching_attend(Tape *t, Node *q, Node *k, Node *v, Node *position_param,
                             const Heads *heads) {
    return watched[watched_count++] = attend(t, q, k, v, position_param, heads);
}

// The source's places in the order of the columns: as they are, or the letters sorted,
// equal ones from left to right.
static void column_places(int *places, const int *source, int n, Task task) {
    for (int j = 0; j <= n; j++) places[j] = j;
    for (int i = 1; i < n && task == TASK_SORT; i++)
        for (int j = i; j > 0 && source[places[j]] < source[places[j - 1]]; j--) {
            int x = places[j];
            places[j] = places[j - 1], places[j - 1] = x;
        }
}

// Adds example b's weights: map (TIME x TIME) as attend has it.
static void look_add(Look *look, const Examples *e, int b, Mat map, Task task) {
    const int n = e->lengths[b] - 1, *source = e->source + b * TIME,
              *targets = e->targets + b * TIME;
    int places[TIME];
    column_places(places, source, n, task);
    for (int i = 0; i <= n; i++)
        for (int j = 0; j <= n; j++) {
            real weight = *mat_at(map, i, places[j]);
            *mat_at(look->maps[n], i, j) += weight;
            if (i < n && source[places[j]] == targets[i])
                look->aligned += (double)weight;
        }
}

// Sums become means.
static void look_divide(Look *look, const Examples *e) {
    int examples[MOST + 1] = {0}, rows = 0;
    for (int b = 0; b < e->count; b++)
        examples[e->lengths[b] - 1]++, rows += e->lengths[b] - 1;
    for (int n = LEAST; n <= MOST; n++)
        for (int i = 0; i <= n && examples[n]; i++)
            for (int j = 0; j <= n; j++)
                *mat_at(look->maps[n], i, j) /= (real)examples[n];
    look->aligned /= rows;
}

static void look_all(Model *m, const Examples *e, Task task, Look *looks) {
    Tape *t = tape_new(&m->params);
    Mat map = mat_new(TIME, TIME);
    for (int i = 0; i < m->decoder.layers; i++)
        m->decoder.blocks[i].cross.attend = watching_attend;
    for (int first = 0; first < e->count; first += CHUNK) {
        Examples chunk =
            part(e, first, e->count - first < CHUNK ? e->count - first : CHUNK);
        watched_count = 0;
        logits_of(t, m, &chunk);
        for (int k = 0; k < m->decoder.layers * HEADS; k++)
            for (int b = 0; b < chunk.count; b++) {
                attend_map(map, watched[looks[k].layer], b, looks[k].head);
                look_add(&looks[k], &chunk, b, map, task);
            }
        tape_reset(t);
    }
    for (int i = 0; i < m->decoder.layers; i++)
        m->decoder.blocks[i].cross.attend = attend;
    tape_free(t), mat_free(map);
}

static void look_free(Look *look) {
    for (int n = 0; n <= MOST; n++) mat_free(look->maps[n]);
}

// The head with the largest `aligned`.
static Look best_look(Model *m, const Examples *e, Task task) {
    Look looks[MOST_LAYERS * HEADS] = {0};
    int count = m->decoder.layers * HEADS, best = 0;
    for (int k = 0; k < count; k++) {
        looks[k].layer = k / HEADS, looks[k].head = k % HEADS;
        for (int n = LEAST; n <= MOST; n++) looks[k].maps[n] = mat_new(n + 1, n + 1);
    }
    look_all(m, e, task, looks);
    for (int k = 0; k < count; k++) {
        look_divide(&looks[k], e);
        if (looks[k].aligned > looks[best].aligned) best = k;
    }
    for (int k = 0; k < count; k++)
        if (k != best) look_free(&looks[k]);
    return looks[best];
}

// In how many of all maps' rows (but END's) the largest weight is on the letter to be
// written.
static int look_rows_right(const Look *look, Task task, int *rows) {
    int right = 0;
    *rows = 0;
    for (int n = LEAST; n <= MOST; n++)
        for (int i = 0; i < n; i++, ++*rows)
            right += largest(mat_rows(look->maps[n], i, 1)) == look_column(task, n, i);
    return right;
}

static void look_draw(Lab *lab, const Look *look, Task task) {
    Mat map = look->maps[MOST];
    Plot *p = plot_new(lab, lab->spec->name, "read written weight");
    for (int i = 0; i < map.rows; i++)
        for (int j = 0; j < map.cols; j++)
            plot_row(p, j + 1, i + 1, (double)*mat_at(map, i, j));
    char title[128];
    snprintf(title, sizeof title,
             "%s: cross-attention, decoder layer %d, head %d, mean over held-out "
             "sequences of %d letters",
             lab->spec->name, look->layer + 1, look->head + 1, MOST);
    plot_title(p, title);
    plot_axes(p,
              task == TASK_SORT ? "read: the source's letters in order, END"
                                : "read: the source's letters, END",
              "written: letters, END");
    plot_set(p, "yrange [%g:0.5]", TIME + 0.5),
        plot_set(p, "xrange [0.5:%g]", TIME + 0.5);
    plot_set(p, "xtics 1"), plot_set(p, "xtics add (\"END\" %d)", TIME);
    plot_set(p, "ytics 1"), plot_set(p, "ytics add (\"END\" %d)", TIME);
    plot_set(p, "size ratio -1"), plot_set(p, "cbrange [0:1]");
    plot_set(p, "palette defined (0 \"white\", 1 \"#08306b\")");
    plot_set(p, "cblabel \"weight\""), plot_set(p, "tics nomirror out"),
        plot_set(p, "key off");
    plot_series(p,
                "using \"read\":\"written\":\"weight\" with image pixels title \"\"");
    plot_not_in_letters(p);
    plot_end(p);
}

// ---- a trial

static void look_at(Lab *lab, Trial *t, Task task) {
    Look look = best_look(&t->model, &t->tests, task);
    t->rows_right = look_rows_right(&look, task, &t->rows);
    lab_print(lab,
              "decoder layer %d, head %d: %.1f %% of its weight is on the letter to be "
              "written",
              look.layer + 1, look.head + 1, 100 * look.aligned);
    look_draw(lab, &look, task);
    look_free(&look);
}

Trial trial_run(Lab *lab, Task task) {
    Trial t = {.tests = examples_new(TESTS),
               .written = allocate(TESTS * TIME, sizeof *t.written)};
    uint64_t *keys;
    size_t trained;
    train(lab, &t.model, task, &keys, &trained);
    Rng rng = rng_split(&lab->rng, UINT64_MAX);  // training's are 1, 2, 3 ...
    examples_draw(&t.tests, &rng, task, true);
    t.trained_on = examples_among(&t.tests, keys, trained);
    write_answers(&t.model, &t.tests, true, t.written);
    t.exact_blind = exact_answers(&t.tests, t.written);
    write_answers(&t.model, &t.tests, false, t.written);
    t.exact = exact_answers(&t.tests, t.written);
    lab_print(lab, "right up to the last letter: %d of %d held-out sequences", t.exact,
              TESTS);
    look_at(lab, &t, task);
    free(keys);
    return t;
}

void trial_free(Trial *t) {
    examples_free(&t->tests), free(t->written), model_free(&t->model);
}

int trial_scribbled(Trial *t, Rng *rng) {
    int *again = allocate(TESTS * TIME, sizeof *again), changed = 0;
    examples_scribble(&t->tests, rng);
    write_answers(&t->model, &t->tests, false, again);
    for (int b = 0; b < TESTS; b++)
        changed +=
            memcmp(t->written + b * TIME, again + b * TIME, TIME * sizeof(int)) != 0;
    free(again);
    return changed;
}
