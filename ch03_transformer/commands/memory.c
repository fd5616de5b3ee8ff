// memory: what training a published model takes: state, activations, operations.
#include <stdio.h>

#include "ch03_transformer/accounting.h"
#include "ch03_transformer/commands/commands.h"
#include "common/error.h"

static const double GB = 1e9;

typedef struct {
    const PublishedModel *model;
    TrainingSetup setup;
    long batch, seq, accumulate, lora_rank;
} MemoryQuestion;

static double frozen(const MemoryQuestion *q) {
    return q->setup.method == METHOD_LORA ? (double)parameter_count(q->model).total : 0;
}
static double trained(const MemoryQuestion *q) {
    return (double)(q->setup.method == METHOD_LORA
                        ? lora_count(q->model, (int)q->lora_rank)
                        : parameter_count(q->model).total);
}

static bool sharded(const MemoryQuestion *q) { return q->setup.method >= METHOD_ZERO1; }

static void memory_row(const char *what, double bytes, double parameters) {
    printf("  %-56s %10.3f GB", what, bytes / GB);
    if (parameters > 0) printf("   %5.2f bytes per parameter", bytes / parameters);
    printf("\n");
}

static void state_rows(const MemoryQuestion *q) {
    bool mixed = q->setup.precision == PRECISION_MIXED;
    double all = frozen(q) + trained(q);
    StateBytes s = state_bytes(frozen(q), trained(q), &q->setup);
    printf("model state%s\n", sharded(q) ? ", on each rank" : "");
    memory_row(mixed ? "parameters, 16 bits" : "parameters, fp32", s.parameters, all);
    memory_row(mixed ? "gradients, 16 bits" : "gradients, fp32", s.gradients, all);
    memory_row("gradient accumulation, fp32", s.accumulation, all);
    memory_row("master weights, fp32", s.master, all);
    memory_row("moments of Adam, fp32", s.moments, all);
    memory_row("together", s.total, all);
}

static double activations(const MemoryQuestion *q, ActivationStorage storage) {
    return activation_bytes(q->model, q->batch / q->accumulate, q->seq,
                            q->setup.precision, storage);
}

static void activation_rows(const MemoryQuestion *q) {
    long b = q->batch / q->accumulate;
    printf(
        "activations, %ld sequence%s of %ld tokens at a time (a GPT layer with "
        "dropout, arXiv:2205.05198)\n",
        b, b == 1 ? "" : "s", q->seq);
    memory_row("stored fully", activations(q, ACTIVATIONS_FULL), 0);
    memory_row("without score matrices", activations(q, ACTIVATIONS_NO_SCORES), 0);
    memory_row("with full recomputation", activations(q, ACTIVATIONS_RECOMPUTED), 0);
    double state = state_bytes(frozen(q), trained(q), &q->setup).total;
    printf("state and activations\n");
    memory_row("stored fully", state + activations(q, ACTIVATIONS_FULL), 0);
    memory_row("without score matrices", state + activations(q, ACTIVATIONS_NO_SCORES),
               0);
    memory_row("with full recomputation",
               state + activations(q, ACTIVATIONS_RECOMPUTED), 0);
}

// The same model in other ways: only its state.
static void other_rows(const MemoryQuestion *question) {
    printf("model state in every way, on each rank\n");
    for (int method = METHOD_FULL; method_names[method]; method++)
        for (int precision = PRECISION_FP32; training_precision_names[precision];
             precision++) {
            MemoryQuestion q = *question;
            q.setup = (TrainingSetup){.precision = (Precision)precision,
                                      .method = (Method)method,
                                      .ranks = question->setup.ranks};
            char what[80], of[40] = "";
            if (method == METHOD_LORA)
                snprintf(of, sizeof of, ", rank %ld on W_Q and W_V", q.lora_rank);
            if (method >= METHOD_ZERO1)
                snprintf(of, sizeof of, " over %d ranks", q.setup.ranks);
            snprintf(what, sizeof what, "%s%s, %s", method_names[method], of,
                     training_precision_names[precision]);
            memory_row(what, state_bytes(frozen(&q), trained(&q), &q.setup).total, 0);
        }
}

static void flops_rows(const MemoryQuestion *q) {
    AttentionConvention conventions[] = {ATTENTION_FULL, ATTENTION_CAUSAL};
    printf("operations of a step, %ld x %ld tokens\n", q->batch, q->seq);
    for (int c = 0; c < 2; c++) {
        Flops f = q->setup.method == METHOD_LORA
                      ? flops_lora(q->model, q->seq, conventions[c])
                      : flops_training(q->model, q->seq, conventions[c]);
        printf("  %-56s %10.3f TFLOP   %5.2f %% of it attention\n",
               c ? "attention counted causally (Kaplan et al.)"
                 : "attention counted fully (PaLM)",
               1e-12 * f.total * (double)q->batch, 100 * f.attention / f.total);
    }
}

// What the two parts depend on.
static void summary(const MemoryQuestion *q) {
    printf(
        "\nThe state is 16 bytes per parameter, in fp32 as in mixed precision: %.1f "
        "GB. "
        "Activations do not depend on the number\n"
        "of parameters but on batch, sequence, width, layers and on what is kept: here "
        "%.2f to %.1f GB.\n",
        16 * (double)parameter_count(q->model).total / GB,
        activations(q, ACTIVATIONS_RECOMPUTED) / GB,
        activations(q, ACTIVATIONS_FULL) / GB);
}

int memory_command(const Args *args) {
    if (args->file_count) die("memory: unexpected '%s'", args->files[0]);
    MemoryQuestion q = {.model = published_or_die(option_text(args, "model")),
                        .batch = option_int(args, "batch", 1, 1 << 20),
                        .seq = option_int(args, "seq", 1, 1 << 24),
                        .accumulate = option_int(args, "accumulate", 1, 1 << 20),
                        .lora_rank = option_int(args, "lora-rank", 1, 1 << 16)};
    q.setup =
        (TrainingSetup){.precision = (Precision)option_choice(args, "precision",
                                                              training_precision_names),
                        .method = (Method)option_choice(args, "method", method_names),
                        .ranks = (int)option_int(args, "ranks", 1, 1 << 20),
                        .fp32_accumulation = q.accumulate > 1};
    if (q.batch % q.accumulate)
        die("--accumulate %ld: expected a divisor of --batch %ld", q.accumulate,
            q.batch);
    printf("%s: %lld parameters; batch %ld, sequence %ld, %s, %s", q.model->name,
           parameter_count(q.model).total, q.batch, q.seq,
           training_precision_names[q.setup.precision], method_names[q.setup.method]);
    if (sharded(&q)) printf(" over %d ranks", q.setup.ranks);
    printf("\n\n");
    state_rows(&q);
    activation_rows(&q);
    other_rows(&q);
    flops_rows(&q);
    summary(&q);
    return output_done();
}

const Option memory_options[] = {
    {"model", "llama-7b", "one of `params`"},
    {"batch", "1", "sequences on a rank"},
    {"seq", "2048", "tokens of a sequence"},
    {"precision", "mixed", "fp32 or mixed"},
    {"method", "full", "full, lora, zero1, zero2 or zero3"},
    {"ranks", "8", "how many share the state (zero1, zero2, zero3)"},
    {"accumulate", "1",
     "pieces that a batch goes through in; gradients are then summed in fp32"},
    {"lora-rank", "8", "of the adapters on W_Q and W_V"},
    {0}};
