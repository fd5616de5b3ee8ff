// run: tokens from a checkpoint, as ids or as text.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/commands/commands.h"
#include "ch03_transformer/commands/vocabulary.h"
#include "ch03_transformer/infer.h"
#include "ch03_transformer/sample.h"
#include "common/program/output.h"

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
        ids_append(&ids, (int)id);
        at = end;
    }
}

static Ids prompt_or_die(const Args *args, const Vocabulary *w, const InferModel *m) {
    const char *list = option_text(args, "prompt-ids"),
               *text = option_text(args, "prompt");
    if (list && text) die("--prompt and --prompt-ids: expected one of them");
    if (text && !w->known) die("--prompt: --tokenizer FILE is needed");
    Ids ids = text ? vocabulary_ids(w, text, m) : ids_of_list(list ? list : "", m);
    if (ids.size == 0) ids_append(&ids, vocabulary_start(w, m));
    return ids;
}

static Sampling sampling_of(const Args *args) {
    long long seed = option_int(args, "seed", 0, LLONG_MAX);
    Sampling s = sampling_plain(rng_new((uint64_t)seed));
    s.temperature = option_real(args, "temperature", 0, 1e6);
    s.top_p = option_real(args, "top-p", 0, 1);
    if (option_flag(args, "greedy")) s.temperature = 0;
    return s;
}

// `steps` tokens after the prompt: as ids on one line, or as text up to an end token.
static void generate(Inference *s, const char *path, const Ids *prompt, int steps,
                     Sampling *sampling, const Vocabulary *w, bool text) {
    Error err;
    Mat logits = mat_new(1, s->model->vocab);
    for (size_t i = prompt->at[0] == vocabulary_start(w, s->model);
         text && i < prompt->size; i++)
        vocabulary_print(w, i ? prompt->at[i - 1] : -1, prompt->at[i]);
    int previous = prompt->at[prompt->size - 1];
    for (int i = 0; i < steps; i++) {
        if (i == 0) infer(s, prompt->at, (int)prompt->size, logits);
        else infer(s, &previous, 1, logits);
        if (!infer_finite(s, &err)) die("%s: %s", path, err.text);
        int next = token_choose(logits, sampling).token;
        if (text && vocabulary_is_end(w, s->model, next)) break;
        if (text) vocabulary_print(w, previous, next);
        else printf(i ? " %d" : "%d", next);
        stdout_flush();  // a reader sees each token, and one who has gone ends the work
        previous = next;
    }
    printf("\n");
    mat_free(logits);
}

// The default is shortened to what the model has room for; a wish is refused. The last
// token that is generated is not fed back: it needs no position.
static int steps_or_die(const Args *args, size_t prompt, int context) {
    int steps = (int)option_int(args, "steps", 0, INT_MAX);
    long long positions = (long long)prompt + (steps > 1 ? steps - 1 : 0);
    bool chosen = option_nth(args, "steps", 0) != NULL;
    if (positions > context && !chosen && prompt <= (size_t)context)
        return context - (int)prompt + 1;
    if (positions > context)
        die("--steps %d after a prompt of %zu: the model has %d positions", steps,
            prompt, context);
    return steps;
}

int run_command(const Args *args) {
    const char *path = option_text(args, "checkpoint");
    if (!path) die("run: --checkpoint FILE is needed");
    if (args->file_count) die("run: unexpected '%s'", args->files[0]);
    Sampling sampling = sampling_of(args);
    AnyCheckpoint checkpoint;
    Vocabulary vocabulary;
    Inference s;
    Error err;
    option_int(args, "steps", 0, INT_MAX);  // a wrong one is found before the file
    if (!any_checkpoint_read(&checkpoint, path, &err)) die("%s", err.text);
    const InferModel *m = &checkpoint.model;
    vocabulary_open(&vocabulary, option_text(args, "tokenizer"), &checkpoint, path);
    Ids prompt = prompt_or_die(args, &vocabulary, m);
    int steps = steps_or_die(args, prompt.size, m->context),
        positions = (int)prompt.size + (steps > 1 ? steps - 1 : 0);
    if (!inference_new(&s, m, positions, &err)) die("%s: %s", path, err.text);
    generate(&s, path, &prompt, steps, &sampling, &vocabulary,
             vocabulary.known && !option_text(args, "prompt-ids"));
    inference_free(&s), vocabulary_close(&vocabulary), any_checkpoint_free(&checkpoint);
    free(prompt.at);
    return output_done();
}

const Option run_options[] = {
    {"checkpoint", NULL,
     "our own, llama2.c's (legacy) or llm.c's GPT-2 (versions 3 and 5)"},
    {"prompt-ids", NULL,
     "the prompt as ids, \"1 2 3\"; no prompt: the token that texts begin with"},
    {"prompt", NULL, "the prompt as text"},
    {"tokenizer", NULL,
     "llama2.c's tokenizer.bin for its models, chapter 1's vocabularies for others; "
     "the "
     "default is the checkpoint's own, where it has one: generate text"},
    {"steps", "64",
     "how many tokens to generate; the default is shortened to the model's positions"},
    {"greedy", OPTION_FLAG, "the most likely token each time"},
    {"temperature", "1", "logits are divided by it before sampling; 0: greedy"},
    {"top-p", "0.9",
     "sample from the most likely tokens that have this probability; 1: all"},
    {"seed", "1", "of the sampling"},
    {0}};
