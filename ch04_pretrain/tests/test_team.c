// Teams: sums by a ring against plain sums, and training by several against training
// alone. What the others found reaches process 0 by the team itself, which asserts.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/team_fork.h"
#include "ch04_pretrain/trainer.h"

enum { NUMBERS = 103 };

// Small whole numbers: every order gives the same sum.
static real number_of(int rank, int i) { return (real)((rank + 1) * (i % 13) - i % 7); }

static void check_sums(Team *t, void *of) {
    int n = *(int *)of;
    real x[NUMBERS];
    double wrong = 0;
    for (int i = 0; i < n; i++) x[i] = number_of(t->rank, i);
    team_sum(t, x, (size_t)n);
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int r = 0; r < t->count; r++) sum += (double)number_of(r, i);
        wrong += (double)x[i] != sum;
    }
    team_sum_doubles(t, &wrong, 1);
    cr_assert(t->rank || wrong == 0, "%d processes, %d numbers", t->count, n);
}

Test(team, sums) {
    int sizes[] = {NUMBERS, 6, 1, 0};  // also fewer numbers than processes
    for (int count = 1; count <= 5; count++)
        for (int i = 0; i < 4; i++) team_fork_run(count, check_sums, &sizes[i]);
}

// After the first half of the way each has its own piece, and no more was sent than
// that.
static void check_pieces(Team *t, void *of) {
    (void)of;
    real x[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) x[i] = number_of(t->rank, i);
    team_reduce_scatter(t, x, NUMBERS);
    double wrong = 0, sent = (double)t->sent;
    for (size_t i = team_piece(t, NUMBERS, t->rank);
         i < team_piece(t, NUMBERS, t->rank + 1); i++) {
        double sum = 0;
        for (int r = 0; r < t->count; r++) sum += (double)number_of(r, (int)i);
        wrong += (double)x[i] != sum;
    }
    double both[] = {wrong, sent};
    team_sum_doubles(t, both, 2);
    if (t->rank) return;
    cr_assert_eq(both[0], 0);
    // each piece is sent by all but the one it ends at
    cr_assert_eq(both[1], (double)(NUMBERS * (t->count - 1)) * sizeof(real));
}

Test(team, pieces) {
    for (int count = 1; count <= 4; count++) team_fork_run(count, check_pieces, NULL);
}

static void check_small_things(Team *t, void *of) {
    (void)of;
    char mine[16] = "";
    memset(mine, 'a' + t->rank, (size_t)t->rank + 1);
    char **texts = team_texts(t, mine);
    double wrong = 0;
    for (int k = 0; k < t->count; k++) {
        wrong += strlen(texts[k]) != (size_t)k + 1 || texts[k][0] != 'a' + k;
        free(texts[k]);
    }
    free(texts);
    wrong += team_from_first(t, t->rank + 5) != 5;
    wrong += !team_any(t, t->rank == 2) || team_any(t, false);
    team_sum_doubles(t, &wrong, 1);
    cr_assert(t->rank || wrong == 0);
}
Test(team, small_things) { team_fork_run(3, check_small_things, NULL); }

// More than a socket holds: neither may wait for the other for ever.
static void check_large(Team *t, void *of) {
    (void)of;
    size_t n = 1 << 20;
    real *x = calloc(n, sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = 1;
    team_sum(t, x, n);
    cr_assert(t->rank || (x[0] == (real)t->count && x[n - 1] == (real)t->count));
    free(x);
}
Test(team, large) { team_fork_run(3, check_large, NULL); }

// An error of whoever writes a ring: it ends, where it could wait for ever.
static void send_too_little(Team *t, void *of) {
    (void)of;
    char bytes[8] = {0};
    t->pass(t, bytes, t->rank == 1 ? 4 : 8, bytes, 8);
}
Test(team, unequal_ends, .exit_code = 2) { team_fork_run(2, send_too_little, NULL); }

Test(team, alone) {
    double x = 3;
    real y = 2;
    team_sum_doubles(NULL, &x, 1), team_sum(NULL, &y, 1);
    cr_assert(x == 3 && y == 2 && team_any(NULL, true)
              && team_from_first(NULL, 7) == 7);
    cr_assert(team_piece(NULL, 10, 0) == 0 && team_piece(NULL, 10, 1) == 10);
}

// ---- training

enum { STEPS = 20, ROWS = 3, TIME = 20, IDS = 9, TOKENS = 3 * TIME - 13 };

typedef struct {
    int zero, recompute;
    ObjectiveKind objective;
    double loss[STEPS], norm[STEPS];
    real *values;
} Case;

// A text of two full rows and one of 7 targets: three rows a step, unequal.
static void train(Team *team, void *of) {
    Case *c = of;
    int ids[TOKENS + 1];
    Error err;
    for (int i = 0; i <= TOKENS; i++) ids[i] = (i * i + i / 5) % (IDS - 1);
    Corpus corpus = {.ids = ids, .count = TOKENS + 1, .documents = 1, .end = IDS - 1};
    Data data = data_of_corpus(&corpus, IDS, TIME, 3);
    int kind = c->objective == OBJECTIVE_MLM    ? MODEL_BERT
               : c->objective == OBJECTIVE_SPAN ? MODEL_T5
                                                : MODEL_GPT2;
    Config config = model_kinds[kind].config(
        IDS + objective_special_tokens(c->objective, TIME), TIME, 16, 1, 2);
    Model m;
    cr_assert(model_new(&m, &config, &err), "%s", err.text);
    Rng rng = rng_new(1);
    model_allocate(&m, &rng), params_allocate_grads(&m.params);
    TrainSettings s = {.batch = ROWS,
                       .accumulate = 2,
                       .steps = STEPS,
                       .rate = 3e-3,
                       .clip = 0.5,
                       .decay = 0.1,
                       .seed = 1};
    ObjectiveSettings o = {.kind = c->objective, .rng = rng_new(2)};
    Trainer t = trainer_new_in_team(&m, &data, s, o, team, c->zero);
    tape_recompute(t.tape, c->recompute);
    for (int i = 0; i < STEPS; i++) {
        StepResult r = trainer_step(&t);
        c->loss[i] = r.loss, c->norm[i] = r.grad_norm;
    }
    if (team_rank(team) == 0)
        c->values = memcpy(malloc(m.params.size * sizeof(real)), m.params.values,
                           m.params.size * sizeof(real));
    trainer_free(&t), model_free(&m), data_free(&data);
}

// Losses of some 2 nats, whose weights have been apart by rounding for 20 steps.
static void compare(ObjectiveKind objective) {
    Case alone = {.objective = objective};
    train(NULL, &alone);
    for (int count = 2; count <= 3; count++)
        for (int zero = 0; zero < SHARD_STAGES; zero++) {
            // blocks made again in backward (segment.h) use their parameters twice
            Case c = {.objective = objective, .zero = zero, .recompute = zero == 2};
            team_fork_run(count, train, &c);
            for (int i = 0; i < STEPS; i++) {
                double e = sizeof(real) == 8 ? 1e-9 : 2e-5;
                cr_assert_float_eq(c.loss[i], alone.loss[i], e,
                                   "%d processes, stage %d, "
                                   "step %d",
                                   count, zero, i);
                cr_assert_float_eq(c.norm[i], alone.norm[i], 10 * e);
            }
            free(c.values);
        }
    free(alone.values);
}
Test(team, trains_as_one_does) { compare(OBJECTIVE_CLM); }
// here rows differ in their number of targets at every step
Test(team, trains_masked_models) { compare(OBJECTIVE_MLM); }
// and here a parameter, the table of distances, has a gradient in two stacks
Test(team, trains_two_stacks) { compare(OBJECTIVE_SPAN); }

// With the same gradients every number takes the same step, whoever makes it: two
// processes, whose two numbers have one sum, and the same clipping but for rounding.
Test(team, shards) {
    Case whole = {.objective = OBJECTIVE_CLM};
    team_fork_run(2, train, &whole);
    double e = sizeof(real) == 8 ? 1e-12 : 1e-6;
    for (int zero = 1; zero < SHARD_STAGES; zero++) {
        Case shards = {.objective = OBJECTIVE_CLM, .zero = zero};
        team_fork_run(2, train, &shards);
        for (int i = 0; i < 100; i++)
            cr_assert_float_eq((double)shards.values[i], (double)whole.values[i], e);
        free(shards.values);
    }
    free(whole.values);
}

// ---- who holds what

static void add_two(Params *p) {
    Rng rng = rng_new(1);
    params_add(p, 3, 4, normal(1), "matrix"), params_add(p, 1, 5, normal(1), "vector");
    params_allocate(p), params_init(p, &rng), params_allocate_grads(p);
}

// The cut goes through every parameter; decay stays with each piece, and the names.
Test(team, views) {
    Params p = {0};
    add_two(&p);
    Team last = {.rank = 2, .count = 3};
    Shard s = shard_new(&p, &last, 1);
    cr_assert(s.part.count == 2 && s.part.size == 6 && s.part.values == p.values);
    cr_assert(s.part.list[0].cols == 4 && s.part.list[0].first == 8
              && s.part.list[0].decays);
    cr_assert(s.part.list[1].cols == 2 && s.part.list[1].first == 12 + 3
              && s.part.list[1].grad_first == 4 && !s.part.list[1].decays);
    shard_free(&s), params_free(&p);
}

// ---- what is really allocated

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#if __GLIBC_PREREQ(2, 33)
#define CAN_MEASURE
#include <malloc.h>
#endif
#endif

#ifdef CAN_MEASURE

enum { WIDE = 64, DEEP = 4 };

typedef struct {
    int zero;
    size_t size, counted,
        ring;         // numbers: of the model, of gradients, of a ring's buffer
    double measured;  // bytes at most, while something is sent
} Memory;

static size_t bytes_now(void) {
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

// The team's own pass, with a look at the memory: in stage 2 that is amid backward.
static void (*pass_on)(Team *, const void *, size_t, void *, size_t);
static size_t bytes_most;
static void pass_and_look(Team *t, const void *out, size_t out_bytes, void *in,
                          size_t in_bytes) {
    size_t now = bytes_now();
    if (now > bytes_most) bytes_most = now;
    pass_on(t, out, out_bytes, in, in_bytes);
}

static void measure(Team *team, void *of) {
    Memory *c = of;
    int ids[TOKENS + 1] = {0};
    Error err;
    Corpus corpus = {.ids = ids, .count = TOKENS + 1, .documents = 1, .end = IDS - 1};
    Data data = data_of_corpus(&corpus, IDS, TIME, 3);
    Config config = model_kinds[MODEL_GPT2].config(IDS, TIME, WIDE, DEEP, 2);
    Model m;
    cr_assert(model_new(&m, &config, &err), "%s", err.text);
    Rng rng = rng_new(1);
    model_allocate(&m, &rng);
    size_t before = bytes_now();
    if (c->zero != 2) params_allocate_grads(&m.params);
    else m.params.grad_size = m.params.size;
    TrainSettings s = {
        .batch = 2, .accumulate = 1, .steps = 3, .rate = 1e-3, .seed = 1};
    ObjectiveSettings clm = {.kind = OBJECTIVE_CLM, .rng = rng_new(2)};
    Trainer t = trainer_new_in_team(&m, &data, s, clm, team, c->zero);
    trainer_step(&t);  // the tape's memory stays from here on
    pass_on = team->pass, team->pass = pass_and_look, bytes_most = 0;
    trainer_step(&t), trainer_step(&t);
    team->pass = pass_on;
    size_t largest = 0;
    for (int i = 0; i < m.params.count; i++) {
        size_t n = param_size(&m.params.list[i]);
        if (n > largest) largest = n;
    }
    c->size = m.params.size, c->measured = (double)(bytes_most - before);
    c->counted = t.shard ? t.shard->most : m.params.size;
    c->ring = (c->zero ? largest : m.params.size) / (size_t)team->count;
    trainer_free(&t), model_free(&m), data_free(&data);
}

// What a stage saves, measured, is what the formula says: the tape's own memory is the
// same in all. Ten large blocks are rounded to pages of 4 kB; small ones have headers.
static double held(const Memory *c, int count) {
    double moments = 2 * (double)c->size / (c->zero ? count : 1);
    return sizeof(real) * ((double)c->counted + moments + (double)c->ring);
}

Test(team, memory_is_as_counted) {
    enum { COUNT = 2 };
    Memory by_stage[SHARD_STAGES], first = {0};
    team_fork_run(COUNT, measure, &first);  // whatever is allocated once
    for (int z = 0; z < SHARD_STAGES; z++) {
        by_stage[z] = (Memory){.zero = z};
        team_fork_run(COUNT, measure, &by_stage[z]);
    }
    const Memory *all = &by_stage[0];
    for (int z = 1; z < SHARD_STAGES; z++) {
        const Memory *c = &by_stage[z];
        double saved = all->measured - c->measured;
        cr_expect_float_eq(saved, held(all, COUNT) - held(c, COUNT), 10 * 4096,
                           "stage %d: %g bytes less, expected %g", z, saved,
                           held(all, COUNT) - held(c, COUNT));
    }
    // ZeRO's formula for stage 2, and what backward needs meanwhile: less than a block
    // and the tokens
    double n = (double)all->size;
    cr_expect_lt((double)by_stage[2].counted, n / COUNT + n / DEEP + IDS * WIDE);
}

#endif
