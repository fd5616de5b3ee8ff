// source: texts of a language with their exact log-probabilities.
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/commands/commands.h"
#include "common/program/output.h"

enum { LONGEST = 1 << 20 };

const Option source_options[] = {
    {"sample", "5", "how many texts"},
    {"length", "64", "symbols of a text; a story ends by itself, 4096 words at most"},
    {"logprob", OPTION_FLAG, "with the natural logarithm of each text's probability"},
    {"seed", "1", "seed of the texts"},
    {"format", "text", "text, or tsv: sample, tokens, log_prob, text"},
    LANGUAGE_OPTIONS,
    {0}};

static void print_text(const Language *l, FILE *out, const int *text, int n,
                       long sample, bool tsv, bool log_prob) {
    double p = tsv || log_prob ? language_log_prob(l, text, n) : 0;
    if (tsv) fprintf(out, "%ld\t%d\t%.12g\t", sample, n, p);
    else if (log_prob) fprintf(out, "%.6f\t", p);
    language_print(l, out, text, n);
    fputc('\n', out);
}

int command_source(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count != 1)
        die("source: expected one language: story, markov, hmm, chains or glossary");
    Language l = language_of(args, args->files[0]);
    bool tsv = option_choice(args, "format", formats) == 1;
    long samples = option_int(args, "sample", 1, 1000000000);
    int length = (int)option_int(args, "length", 1, LONGEST);
    if (l.kind->ends) length = 4096;
    Rng all = rng_new((uint64_t)option_int(args, "seed", 0, 1LL << 62));
    int *text = allocate((size_t)length, sizeof *text);
    Output out;
    Error err;
    if (!output_open(&out, "-", &err)) die("%s", err.text);
    if (tsv) fputs("sample\ttokens\tlog_prob\ttext\n", out.stream);
    for (long i = 0; i < samples && !ferror(out.stream); i++) {
        Rng rng = rng_split(&all, (uint64_t)i);
        int n = l.kind->generate(&l, &rng, text, length);
        print_text(&l, out.stream, text, n, i, tsv, option_flag(args, "logprob"));
    }
    if (!output_commit(&out, &err)) die("%s", err.text);
    free(text);
    language_free(&l);
    return 0;
}
