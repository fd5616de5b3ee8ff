#include "ch03_transformer/commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/model_file.h"
#include "ch03_transformer/accounting.h"
#include "ch03_transformer/checkpoint_gpt2.h"
#include "ch03_transformer/checkpoint_llama2c.h"
#include "ch03_transformer/infer_model.h"
#include "ch03_transformer/model_file.h"
#include "ch03_transformer/tokenizer_llama2c.h"
#include "common/program/file.h"

// ---- what the commands share

static const PublishedModel *published_or_die(const char *name) {
    const PublishedModel *m = published_find(name);
    if (!m) die("'%s': no such model; `%s params` lists them", name, program_name());
    return m;
}

static int done(void) {
    Error err;
    if (!output_commit(&(Output){.stream = stdout}, &err)) die("%s", err.text);
    return 0;
}

// ---- params

static void params_row(const char *kind, long long count, long long total) {
    if (count)
        printf("%-24s %20lld %8.2f%%\n", kind, count,
               100.0 * (double)count / (double)total);
}

static void params_table(const PublishedModel *m) {
    ParameterCount c = parameter_count(m);
    printf("%s: d %d, %d heads", m->name, m->d, m->heads);
    if (m->kv_heads != m->heads) printf(" (%d key/value heads)", m->kv_heads);
    printf(", ffn %d, layers ", m->ffn);
    if (m->encoder_layers && m->decoder_layers)
        printf("%d + %d", m->encoder_layers, m->decoder_layers);
    else printf("%d%s", published_layers(m), m->shared_layers ? " (one, shared)" : "");
    printf(", vocabulary %d\n(%s)\n\n", m->vocab, m->convention);
    params_row("token embedding", c.embedding, c.total);
    params_row("positions, segments", c.positions, c.total);
    params_row("attention", c.attention, c.total);
    params_row("feed-forward", c.ffn, c.total);
    params_row("norms", c.norms, c.total);
    params_row(m->pooler ? "pooler" : "output matrix", c.head, c.total);
    printf("%-24s %20lld\n", "total", c.total);
}

static int params(const Args *args) {
    if (args->file_count == 0)
        for (const PublishedModel *m = published_models; m->name; m++)
            printf("%s %lld\n", m->name, parameter_count(m).total);
    for (size_t i = 0; i < args->file_count; i++) published_or_die(args->files[i]);
    for (size_t i = 0; i < args->file_count; i++)
        params_table(published_or_die(args->files[i]));
    return done();
}

// ---- memory

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
    if (parameters > 0) printf("   %5.2f bytes a parameter", bytes / parameters);
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
        for (int precision = PRECISION_FP32; precision_names[precision]; precision++) {
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
                     precision_names[precision]);
            memory_row(what, state_bytes(frozen(&q), trained(&q), &q.setup).total, 0);
        }
}

static void flops_rows(const MemoryQuestion *q) {
    long long sequences = q->batch;
    AttentionConvention conventions[] = {ATTENTION_FULL, ATTENTION_CAUSAL};
    printf("operations of a step, %ld x %ld tokens\n", q->batch, q->seq);
    for (int c = 0; c < 2; c++) {
        Flops f = q->setup.method == METHOD_LORA
                      ? flops_lora(q->model, q->seq, conventions[c])
                      : flops_training(q->model, q->seq, conventions[c]);
        printf("  %-56s %10.3f TFLOP   %5.2f %% of it attention\n",
               c ? "attention counted causally (Kaplan et al.)"
                 : "attention counted fully (PaLM)",
               1e-12 * (double)f.total * (double)sequences,
               100.0 * (double)f.attention / (double)f.total);
    }
}

// Why the story of 168 GB is wrong, for whatever model was asked about.
static void story(const MemoryQuestion *q) {
    double n = (double)parameter_count(q->model).total, b = n / GB;
    printf(
        "\nA usual story adds 4 + 4 + 8 bytes a parameter and 'activations, twice the "
        "parameters, 8': for 7 B parameters\n"
        "28 + 28 + 56 + 56 = 168 GB. The first three are the state, 16 bytes a "
        "parameter: 28 + 28 + 56 = 112 GB, here\n"
        "%.1f + %.1f + %.1f = %.1f GB, in fp32 as in mixed precision. The fourth has "
        "no basis: activations do not depend on\n"
        "the number of parameters but on batch, sequence, width, layers and on what is "
        "kept: here %.2f to %.1f GB. (One fp32\n"
        "sequence of 2048 tokens in LLaMA-7B happens to need 56 GB, all stored. Two "
        "need 113, and one of 512 tokens 7.)\n",
        4 * b, 4 * b, 8 * b, 16 * b, activations(q, ACTIVATIONS_RECOMPUTED) / GB,
        activations(q, ACTIVATIONS_FULL) / GB);
}

static int memory(const Args *args) {
    if (args->file_count) die("memory: unexpected '%s'", args->files[0]);
    MemoryQuestion q = {.model = published_or_die(option_text(args, "model")),
                        .batch = option_int(args, "batch", 1, 1 << 20),
                        .seq = option_int(args, "seq", 1, 1 << 24),
                        .accumulate = option_int(args, "accumulate", 1, 1 << 20),
                        .lora_rank = option_int(args, "lora-rank", 1, 1 << 16)};
    q.setup = (TrainingSetup){
        .precision = (Precision)option_choice(args, "precision", precision_names),
        .method = (Method)option_choice(args, "method", method_names),
        .ranks = (int)option_int(args, "ranks", 1, 1 << 20),
        .fp32_accumulation = q.accumulate > 1};
    if (q.batch % q.accumulate)
        die("--accumulate %ld: expected a divisor of --batch %ld", q.accumulate,
            q.batch);
    printf("%s: %lld parameters; batch %ld, sequence %ld, %s, %s", q.model->name,
           parameter_count(q.model).total, q.batch, q.seq,
           precision_names[q.setup.precision], method_names[q.setup.method]);
    if (sharded(&q)) printf(" over %d ranks", q.setup.ranks);
    printf("\n\n");
    state_rows(&q);
    activation_rows(&q);
    other_rows(&q);
    flops_rows(&q);
    story(&q);
    return done();
}

static const Option memory_options[] = {
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

// ---- run

typedef struct {
    InferModel model;
    Model own;  // what model is a view of, if the file is one of ours
    bool is_own;
} Loaded;

// One of three kinds of checkpoint: how it begins says which.
static void checkpoint_or_die(Loaded *l, const char *path) {
    static const char own[] = "course-checkpoint";
    char start[sizeof own - 1] = "";
    int32_t magic;
    Error err;
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(start, 1, sizeof start, f) : 0;
    if (f) fclose(f);
    memcpy(&magic, start, sizeof magic);
    *l = (Loaded){.is_own =
                      size == sizeof start && memcmp(start, own, sizeof start) == 0};
    if (!l->is_own) {
        if (!(magic == GPT2_MAGIC ? gpt2_read : llama2c_read)(&l->model, path, &err))
            die("%s", err.text);
        return;
    }
    if (!model_load(path, &l->own, &err)) die("%s", err.text);
    if (!infer_of_model(&l->model, &l->own, &err)) die("%s: %s", path, err.text);
}

static void loaded_free(Loaded *l) {
    infer_model_free(&l->model);
    if (l->is_own) model_free(&l->own);
}

// Text in and out, with the vocabulary that belongs to the model.
typedef struct {
    const char *path;  // NULL: none, ids only
    // llama2.c's models come with LLaMA's tokens; the others with chapter 1's, the last
    // one the end
    bool llama;
    LlamaTokenizer of_llama;
    Tokenizer of_gpt2;
} Vocabulary;

static void vocabulary_open(Vocabulary *w, const char *path, const Loaded *l) {
    const InferModel *m = &l->model;
    Error err;
    *w = (Vocabulary){.path = path, .llama = m->rms_norm && !l->is_own};
    if (!path) return;
    if (w->llama ? !llama_tokenizer_read(&w->of_llama, path, m->vocab, &err)
                 : !model_read(&w->of_gpt2, path, NULL, NULL, 0, &err))
        die("%s", err.text);
    if (!w->llama && w->of_gpt2.size > m->vocab)
        die("%s: %d tokens, but the model has %d", path, w->of_gpt2.size, m->vocab);
}

static void vocabulary_close(Vocabulary *w) {
    if (!w->path) return;
    if (w->llama) llama_tokenizer_free(&w->of_llama);
    else tokenizer_free(&w->of_gpt2);
}

static void vocabulary_print(const Vocabulary *w, int previous, int id) {
    size_t size = 0;
    const char *bytes = w->llama
                            ? llama_tokenizer_decode(&w->of_llama, previous, id, &size)
                            : token_bytes(&w->of_gpt2, id, &size);
    if (bytes) fwrite(bytes, 1, size, stdout);
    fflush(stdout);
}

// The token that texts begin and end with.
static int start_token(const Vocabulary *w, const InferModel *m) {
    return w->llama && m->vocab > LLAMA_BOS ? LLAMA_BOS : m->vocab - 1;
}
static bool is_end(const Vocabulary *w, const InferModel *m, int id) {
    return w->llama ? id == LLAMA_BOS || id == LLAMA_EOS : id == m->vocab - 1;
}

static Ids ids_of_text(const Vocabulary *w, const char *text, const InferModel *m) {
    Ids ids = {0};
    Error err;
    if (w->llama) {
        int count;
        if (!llama_tokenizer_encode(&w->of_llama, text, m->context, &ids.at, &count,
                                    &err))
            die("--prompt: %s", err.text);
        ids.size = (size_t)count;
    } else if (!tokenizer_encode(&w->of_gpt2, text, strlen(text), false, &ids, &err))
        die("--prompt: %s", err.text);
    return ids;
}

// "1 2 3", "1,2,3": numbers below the vocabulary's size.
static Ids ids_of_list(const char *list, const InferModel *m) {
    Ids ids = {0};
    for (const char *at = list;;) {
        at += strspn(at, " ,\t\r\n");
        if (!*at) return ids;
        char *end;
        long id = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : -1;
        if (id < 0 || id >= m->vocab || (*end && !strchr(" ,\t\r\n", *end))) {
            free(ids.at);
            die("--prompt-ids: '%.*s': expected ids from 0 to %d",
                (int)strcspn(at, " ,\t\r\n"), at, m->vocab - 1);
        }
        reserve(ids.at, ids.capacity, ids.size + 1);
        ids.at[ids.size++] = (int)id;
        at = end;
    }
}

static Ids prompt_or_die(const Args *args, const Vocabulary *w, const InferModel *m) {
    const char *list = option_text(args, "prompt-ids"),
               *text = option_text(args, "prompt");
    if (list && text) die("--prompt and --prompt-ids: expected one of them");
    if (text && !w->path) die("--prompt: --tokenizer FILE is needed");
    Ids ids = text ? ids_of_text(w, text, m) : ids_of_list(list ? list : "", m);
    if (ids.size == 0) {
        reserve(ids.at, ids.capacity, 1);
        ids.at[ids.size++] = start_token(w, m);
    }
    return ids;
}

typedef struct {
    bool greedy;
    double temperature, top_p;
    Rng rng;
} Choice;

static int choose(Mat logits, Choice *c) {
    return c->greedy || c->temperature == 0
               ? token_greedy(logits)
               : token_sample(logits, c->temperature, c->top_p, &c->rng);
}

// `steps` tokens after the prompt: as ids on one line, or as text up to an end token.
static void generate(Inference *s, const Ids *prompt, int steps, Choice *choice,
                     const Vocabulary *w, bool text) {
    Mat logits = mat_new(1, s->model->vocab);
    for (size_t i = prompt->at[0] == start_token(w, s->model); text && i < prompt->size;
         i++)
        vocabulary_print(w, i ? prompt->at[i - 1] : -1, prompt->at[i]);
    int previous = prompt->at[prompt->size - 1];
    for (int i = 0; i < steps; i++) {
        if (i == 0) infer(s, prompt->at, (int)prompt->size, logits);
        else infer(s, &previous, 1, logits);
        int next = choose(logits, choice);
        if (text && is_end(w, s->model, next)) break;
        if (text) vocabulary_print(w, previous, next);
        else printf(i ? " %d" : "%d", next);
        previous = next;
    }
    printf("\n");
    mat_free(logits);
}

static int run(const Args *args) {
    const char *path = option_text(args, "checkpoint");
    if (!path) die("run: --checkpoint FILE is needed");
    if (args->file_count) die("run: unexpected '%s'", args->files[0]);
    Choice choice = {option_flag(args, "greedy"),
                     option_real(args, "temperature", 0, 1e6),
                     option_real(args, "top-p", 0, 1),
                     rng_new((uint64_t)option_int(args, "seed", 0, LLONG_MAX))};
    int steps = (int)option_int(args, "steps", 0, INT_MAX);
    Loaded loaded;
    Vocabulary vocabulary;
    Inference s;
    Error err;
    checkpoint_or_die(&loaded, path);
    const InferModel *m = &loaded.model;
    vocabulary_open(&vocabulary, option_text(args, "tokenizer"), &loaded);
    Ids prompt = prompt_or_die(args, &vocabulary, m);
    // The last token that is generated is not fed back: it needs no position.
    long long positions = (long long)prompt.size + (steps > 1 ? steps - 1 : 0);
    if (positions > m->context)
        die("--steps %d after a prompt of %zu: the model has %d positions", steps,
            prompt.size, m->context);
    if (!inference_new(&s, m, (int)positions, &err)) die("%s: %s", path, err.text);
    generate(&s, &prompt, steps, &choice, &vocabulary,
             vocabulary.path && !option_text(args, "prompt-ids"));
    inference_free(&s), vocabulary_close(&vocabulary), loaded_free(&loaded),
        free(prompt.at);
    return done();
}

static const Option run_options[] = {
    {"checkpoint", NULL,
     "our own, llama2.c's (legacy) or llm.c's GPT-2 (versions 3 and 5)"},
    {"prompt-ids", NULL,
     "the prompt as ids, \"1 2 3\"; no prompt: the token that texts begin with"},
    {"prompt", NULL, "the prompt as text"},
    {"tokenizer", NULL,
     "llama2.c's tokenizer.bin for its models, chapter 1's vocabularies for others: "
     "generate text"},
    {"steps", "64", "how many tokens to generate"},
    {"greedy", OPTION_FLAG, "the most likely token each time"},
    {"temperature", "1", "logits are divided by it before sampling; 0: greedy"},
    {"top-p", "0.9",
     "sample from the most likely tokens that have this probability; 1: all"},
    {"seed", "1", "of the sampling"},
    {0}};

const Command transformer_commands[] = {
    {"params", "[MODEL...]",
     "a model's parameters, counted; or the totals of all models", params, NULL},
    {"memory",
     "--model MODEL [--batch N] [--seq N] [--precision P] [--method M] [--ranks R]",
     "what training a model takes: model state, activations, operations", memory,
     memory_options},
    {"run",
     "--checkpoint FILE [--prompt-ids IDS | --tokenizer FILE --prompt TEXT] [--steps "
     "N] [--greedy]",
     "generate tokens from a checkpoint", run, run_options},
    {0}};
