// The trainer: what a step is, and that nothing beyond its state decides the next one.
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch04_pretrain/evaluate.h"
#include "ch04_pretrain/tests/tiny.h"
#include "ch04_pretrain/trainer_file.h"

enum { V = 12, TIME = 12 };

typedef struct {
    Corpus corpus;
    Data data;
    Model model;
    Trainer trainer;
} Training;

static void begin(Training *t, const Plan *plan) {
    *t = (Training){.corpus = tiny_corpus(V, 60, 20, 1)};
    t->data = data_of_corpus(&t->corpus, V, TIME, 3);
    tiny_model(&t->model, plan, &t->data);
    ObjectiveSettings o = {.kind = (ObjectiveKind)plan->objective, .rng = rng_new(5)};
    t->trainer = trainer_new(&t->model, &t->data, plan_settings(plan), o);
}

static void end(Training *t) {
    trainer_free(&t->trainer), model_free(&t->model);
    data_free(&t->data), corpus_free(&t->corpus);
}

static bool same_state(const Training *a, const Training *b) {
    const Params *p = &a->model.params, *q = &b->model.params;
    const Optimiser *o = &a->trainer.optimiser, *u = &b->trainer.optimiser;
    size_t moments = o->size * sizeof(real);
    return memcmp(p->values, q->values, p->size * sizeof(real)) == 0
           && memcmp(o->m, u->m, moments) == 0 && memcmp(o->v, u->v, moments) == 0
           && o->step == u->step;
}

// ---- accumulation

// Targets are unequal in number: of masked tokens by chance, of spans by the documents'
// lengths. 8 rows at once and 2 rows four times are one computation.
Test(trainer, accumulation) {
    const ObjectiveKind kinds[] = {OBJECTIVE_CLM, OBJECTIVE_MLM, OBJECTIVE_SPAN};
    for (int k = 0; k < 3; k++) {
        Plan whole = tiny_plan(kinds[k], TIME), parts;
        whole.batch = 8;
        parts = whole, parts.batch = 2, parts.accumulate = 4;
        Training a, b;
        begin(&a, &whole), begin(&b, &parts);
        for (int i = 0; i < 20; i++) {
            StepResult one = trainer_step(&a.trainer), two = trainer_step(&b.trainer);
            cr_assert_eq(one.counted, two.counted);
            cr_assert_eq(one.rate, two.rate);
            cr_assert_float_eq(one.loss, two.loss, sizeof(real) == 8 ? 1e-9 : 1e-5,
                               "%s, step %d: %.8f, %.8f", objectives[kinds[k]].name, i,
                               one.loss, two.loss);
        }
        cr_assert_eq(a.trainer.tokens, b.trainer.tokens);
        end(&a), end(&b);
    }
}

// ---- nothing to predict

// A row without a target: rows of END only have none where tokens are masked.
Test(trainer, a_step_without_a_target_changes_nothing) {
    Plan plan = tiny_plan(OBJECTIVE_MLM, TIME);
    Training a, before;
    begin(&a, &plan), begin(&before, &plan);
    for (int i = 0; i < 3; i++) trainer_step(&a.trainer), trainer_step(&before.trainer);
    for (size_t i = 0; i < a.corpus.count; i++) a.corpus.ids[i] = a.corpus.end;
    StepResult r = trainer_step(&a.trainer);
    cr_assert_eq(r.counted, 0);
    cr_assert_eq(r.loss, 0);
    cr_assert_eq(r.grad_norm, 0);
    cr_assert(same_state(&a, &before), "a moment or a weight has changed");
    for (size_t i = 0; i < a.model.params.grad_size; i++)
        cr_assert_eq(a.model.params.grads[i], 0);
    end(&a), end(&before);
}

// Inside a step: four parts of which only one has targets are that one.
Test(trainer, a_part_without_a_target_adds_nothing) {
    Plan plan = tiny_plan(OBJECTIVE_MLM, TIME);
    Training a, b;
    plan.batch = 1;
    begin(&b, &plan);
    plan.accumulate = 4;
    begin(&a, &plan);
    // rows of the first step that are not the first one become END only
    for (int n = 1; n < 4; n++) {
        size_t from = (size_t)data_row_of(&a.data, n) * TIME;
        for (size_t i = from; i < from + TIME && i < a.corpus.count; i++)
            a.corpus.ids[i] = a.corpus.end;
    }
    StepResult four = trainer_step(&a.trainer), one = trainer_step(&b.trainer);
    cr_assert_gt(one.counted, 0);
    cr_assert_eq(four.counted, one.counted);
    cr_assert_eq(four.loss, one.loss);
    cr_assert_eq(four.grad_norm, one.grad_norm);
    cr_assert(same_state(&a, &b));
    end(&a), end(&b);
}

// One row, a rate of 0: all that differs between two steps, and between two parts of a
// step, is what is dropped.
Test(trainer, dropout_is_drawn_anew) {
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    plan.rate = 0, plan.batch = 1, plan.dropout = 0.2;
    Training one, two;
    begin(&one, &plan);
    one.data.rows = 1;
    StepResult first = trainer_step(&one.trainer), second = trainer_step(&one.trainer);
    cr_assert_neq(first.loss, second.loss);
    plan.accumulate = 2;
    begin(&two, &plan);
    two.data.rows = 1;
    double both = trainer_step(&two.trainer).loss;
    cr_assert_float_eq(both, (first.loss + second.loss) / 2, 1e-5);
    end(&one), end(&two);
}

// ---- rates and norms

Test(trainer, rates) {
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    plan.rate = 1e-3, plan.warmup = 0.25, plan.accumulate = 3;
    Training a;
    begin(&a, &plan);
    for (int i = 1; i <= 20; i++) {
        StepResult r = trainer_step(&a.trainer);
        if (i <= 5) cr_assert_float_eq(r.rate, 1e-3 * i / 5, 1e-15);
        if (i == 20) cr_assert_float_eq(r.rate, 1e-4, 1e-15);
    }
    cr_assert_eq(a.trainer.step, 20);
    cr_assert_eq(a.trainer.optimiser.step, 20);
    end(&a);
}

Test(trainer, the_norm_is_the_one_before_clipping) {
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    Training free_, clipped;
    plan.clip = 0;
    begin(&free_, &plan);
    plan.clip = 1e-3;
    begin(&clipped, &plan);
    StepResult a = trainer_step(&free_.trainer), b = trainer_step(&clipped.trainer);
    cr_assert_gt(a.grad_norm, 0.1);
    cr_assert_eq(a.grad_norm, b.grad_norm);
    // the moments saw the clipped one: m = 0.1 g, of length 1e-4
    double length = 0;
    for (size_t i = 0; i < clipped.trainer.optimiser.size; i++)
        length += pow((double)clipped.trainer.optimiser.m[i], 2);
    cr_assert_float_eq(sqrt(length), 1e-4, 1e-9);
    end(&free_), end(&clipped);
}

// ---- precision

// A power of two is no more than a change of exponents: with clipping, which must see
// the length without it.
Test(trainer, loss_scale_changes_no_bit) {
    const double scales[] = {0x1p10, 0x1p-6, 0x1p30};
    for (int k = 0; k < 3; k++) {
        Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
        Training plain, scaled;
        plan.clip = 0.5;
        begin(&plain, &plan);
        plan.loss_scale = scales[k];
        begin(&scaled, &plan);
        for (int i = 0; i < 10; i++) {
            StepResult a = trainer_step(&plain.trainer),
                       b = trainer_step(&scaled.trainer);
            cr_assert_eq(a.loss, b.loss);
            cr_assert_eq(a.grad_norm, b.grad_norm);
        }
        cr_assert(same_state(&plain, &scaled), "scale %g", scales[k]);
        end(&plain), end(&scaled);
    }
}

Test(trainer, overflow_changes_nothing_but_the_scale) {
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    plan.precision = PRECISION_FP16, plan.loss_scale = 1024;
    Training a, before;
    begin(&a, &plan), begin(&before, &plan);
    for (int i = 0; i < 3; i++) trainer_step(&a.trainer), trainer_step(&before.trainer);
    a.trainer.scale.scale = 0x1p40;
    StepResult r = trainer_step(&a.trainer);
    cr_assert(r.overflowed && isfinite(r.loss));
    cr_assert(same_state(&a, &before));
    cr_assert_eq(a.trainer.scale.scale, 0x1p39);
    end(&a), end(&before);
}

// Rounded weights are what the model sees, and are never what is kept.
Test(trainer, masters_stay_precise) {
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    for (int k = PRECISION_BF16; k < PRECISION_KINDS; k++) {
        plan.precision = k;
        plan.loss_scale = k == PRECISION_FP16 ? 65536 : 0;
        Training a;
        begin(&a, &plan);
        StepResult r = {0};
        double first = 0;
        for (int i = 0; i < 20; i++) {
            r = trainer_step(&a.trainer);
            if (i == 0) first = r.loss;
        }
        cr_assert_lt(r.loss, first);
        int rounded = 0;
        for (size_t i = 0; i < a.model.params.size; i++) {
            float x = (float)a.model.params.values[i];
            rounded += precision_kinds[k].round(x) == x;
        }
        cr_assert_lt(rounded, (int)a.model.params.size / 2);
        end(&a);
    }
}

// ---- resume

// Saved after 10 steps of 20 and gone on with in a new trainer: with dropout, several
// parts a step, and a loss scale that has just been halved.
Test(trainer, resume) {
    if (sizeof(real) == 8) return;  // files hold floats
    Plan plan = tiny_plan(OBJECTIVE_MLM, TIME), read;
    plan.dropout = 0.1, plan.accumulate = 2, plan.precision = PRECISION_FP16;
    plan.loss_scale = 0x1p19;
    enum { SAVED = 10 };
    char path[] = "/tmp/course-resume-XXXXXX";
    close(mkstemp(path));
    Training whole, first, second;
    Error err;
    begin(&whole, &plan), begin(&first, &plan);
    for (int i = 0; i < 20; i++) trainer_step(&whole.trainer);
    for (int i = 0; i < SAVED; i++) trainer_step(&first.trainer);
    cr_assert(trainer_save(path, &first.trainer, &plan, &err), "%s", err.text);
    cr_assert(trainer_load_plan(path, &read, &err), "%s", err.text);
    begin(&second, &read);
    cr_assert(trainer_load(path, &second.trainer, &err), "%s", err.text);
    cr_assert_lt(second.trainer.scale.scale, 0x1p19, "nothing overflowed: no test");
    cr_assert(0 < second.trainer.optimiser.step
              && second.trainer.optimiser.step < SAVED);
    cr_assert_eq(second.trainer.step, SAVED);
    cr_assert_eq(second.trainer.scale.good, first.trainer.scale.good);
    cr_assert_gt(second.trainer.scale.good, 0);
    for (int i = SAVED; i < 20; i++) trainer_step(&second.trainer);
    cr_assert(same_state(&whole, &second));
    cr_assert_eq(whole.trainer.scale.scale, second.trainer.scale.scale);
    cr_assert_eq(whole.trainer.scale.good, second.trainer.scale.good);
    cr_assert_eq(whole.trainer.tokens, second.trainer.tokens);
    end(&whole), end(&first), end(&second);
    plan_free(&read), remove(path);
}

// ---- evaluation

// Perplexity is of sums: 10 tokens at 1 nat and 90 at 2 are e^1.9, not e^1.5.
Test(evaluation, sums_over_sums) {
    Evaluation e = {.tokens = 100, .nats = 10 * 1 + 90 * 2};
    cr_assert_float_eq(exp(evaluation_loss(&e)), exp(1.9), 1e-12);
    // 800 bits over 100 bytes
    e.nats = 800 * log(2);
    cr_assert_float_eq(evaluation_bits_per_byte(&e, 100), 8, 1e-12);
}

// Bytes that are tokens, all 256 equally likely: 8 bits per byte, whatever the bytes are.
Test(evaluation, bits_of_a_byte) {
    enum { BYTES = 500 };
    int ids[BYTES + 1];
    for (int i = 0; i <= BYTES; i++) ids[i] = i * i % 256;
    Corpus c = tiny_corpus_of(ids, BYTES + 1, -1);
    Data d = data_of_corpus(&c, 256, TIME, 1);
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    Model m;
    tiny_model(&m, &plan, &d);
    memset(m.params.values, 0, m.params.size * sizeof(real));
    ObjectiveSettings s = {.kind = OBJECTIVE_CLM, .rng = rng_new(1)};
    Evaluation e = evaluate(&m, &d, &s, 0, d.rows, 4);
    cr_assert_eq(e.tokens, BYTES);
    cr_assert_float_eq(evaluation_bits_per_byte(&e, BYTES), 8, 1e-6);
    evaluation_free(&e), model_free(&m), data_free(&d), corpus_free(&c);
}

// A model with logits all 0 loses ln V at every target, in batches of any size, and its
// excess over the language is ln V less the language's surprise.
Test(evaluation, of_a_language) {
    Language l = language_new(LANGUAGE_MARKOV, NULL);
    Data d = data_of_language(&l, TIME, 1);
    Plan plan = tiny_plan(OBJECTIVE_CLM, TIME);
    Model m;
    tiny_model(&m, &plan, &d);
    memset(m.params.values, 0, m.params.size * sizeof(real));
    ObjectiveSettings s = {.kind = OBJECTIVE_CLM, .rng = rng_new(1)};
    double floor = 0, nats[TIME], sum = 0, squares = 0;
    int row[TIME + 1];
    for (int n = 0; n < 10; n++) {
        double excess = TIME * log(d.vocabulary);
        data_row(&d, n, row), data_surprise(&d, row, nats);
        for (int i = 0; i < TIME; i++) floor += nats[i], excess -= nats[i];
        sum += excess, squares += excess * excess;
    }
    for (int batch = 1; batch <= 10; batch += 3) {
        Evaluation e = evaluate(&m, &d, &s, 0, 10, batch);
        cr_assert(e.has_floor);
        cr_assert_eq(e.tokens, 10 * TIME);
        cr_assert_float_eq(evaluation_loss(&e), log(d.vocabulary), 1e-6);
        cr_assert_float_eq(e.floor, floor, 1e-9);
        cr_assert_float_eq(evaluation_excess(&e), sum / (double)e.tokens, 1e-6);
        double error = sqrt((squares - sum * sum / 10) / 9 * 10) / (double)e.tokens;
        cr_assert_float_eq(evaluation_excess_error(&e), error, 1e-6);
        evaluation_free(&e);
    }
    model_free(&m), data_free(&d), language_free(&l);
}
