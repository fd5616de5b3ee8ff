#include "ch01_tokenizer/encodings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// OpenAI's, as tiktoken lists them; p50k leaves out id 50256, which <|endoftext|> has.
static const SpecialId gpt2_specials[] = {{"<|endoftext|>", 50256}, {0}};
static const SpecialId p50k_edit_specials[] = {{"<|endoftext|>", 50256},
                                               {"<|fim_prefix|>", 50281},
                                               {"<|fim_middle|>", 50282},
                                               {"<|fim_suffix|>", 50283},
                                               {0}};
static const SpecialId cl100k_specials[] = {
    {"<|endoftext|>", 100257},  {"<|fim_prefix|>", 100258},  {"<|fim_middle|>", 100259},
    {"<|fim_suffix|>", 100260}, {"<|endofprompt|>", 100276}, {0}};
static const SpecialId o200k_specials[] = {
    {"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}, {0}};

// gpt-oss. tiktoken gives id 200018 a second name, <|reserved_200018|>; here an id has
// one.
static const SpecialId harmony_specials[] = {{"<|startoftext|>", 199998},
                                             {"<|endoftext|>", 199999},
                                             {"<|reserved_200000|>", 200000},
                                             {"<|reserved_200001|>", 200001},
                                             {"<|return|>", 200002},
                                             {"<|constrain|>", 200003},
                                             {"<|reserved_200004|>", 200004},
                                             {"<|channel|>", 200005},
                                             {"<|start|>", 200006},
                                             {"<|end|>", 200007},
                                             {"<|message|>", 200008},
                                             {"<|reserved_200009|>", 200009},
                                             {"<|reserved_200010|>", 200010},
                                             {"<|reserved_200011|>", 200011},
                                             {"<|call|>", 200012},
                                             {"<|endofprompt|>", 200018},
                                             {0}};
static const SpecialRange harmony_numbered[] = {
    {"<|reserved_%d|>", 200013, 200013, 200017},
    {"<|reserved_%d|>", 200019, 200019, 201087},
    {0}};

// Whisper's multilingual.tiktoken, whose last token is empty. The languages that follow
// these two differ among its models: --special adds them.
static const SpecialId whisper_specials[] = {
    {"<|endoftext|>", 50257}, {"<|startoftranscript|>", 50258}, {0}};

// Meta's tokenizer.model of Llama 3; Llama 3.1 renames some of the reserved ones.
static const SpecialId llama3_specials[] = {
    {"<|begin_of_text|>", 128000},   {"<|end_of_text|>", 128001},
    {"<|start_header_id|>", 128006}, {"<|end_header_id|>", 128007},
    {"<|eot_id|>", 128009},          {0}};
static const SpecialRange llama3_numbered[] = {
    {"<|reserved_special_token_%d|>", 0, 128002, 128005},
    {"<|reserved_special_token_%d|>", 4, 128008, 128008},
    {"<|reserved_special_token_%d|>", 5, 128010, 128255},
    {0}};

static const Encoding encodings[] = {
    {{"gpt2", "r50k", "r50k_base"}, "gpt2", 50256, gpt2_specials, NULL},
    {{"multilingual"}, "gpt2", 50257, whisper_specials, NULL},
    {{"p50k", "p50k_base"}, "p50k", 50280, gpt2_specials, NULL},
    {{"p50k_edit"}, "p50k_edit", 50280, p50k_edit_specials, NULL},
    {{"cl100k", "cl100k_base"}, "cl100k", 100256, cl100k_specials, NULL},
    {{"llama3"}, "llama3", 128000, llama3_specials, llama3_numbered},
    {{"o200k", "o200k_base"}, "o200k", 199998, o200k_specials, NULL},
    {{"o200k_harmony"}, "o200k_harmony", 199998, harmony_specials, harmony_numbered},
};
enum { ENCODINGS = sizeof encodings / sizeof *encodings };

static bool has_name(const Encoding *e, const char *name) {
    for (const char *const *n = e->names; name && *n; n++)
        if (strcmp(*n, name) == 0) return true;
    return false;
}

const Encoding *encoding_of(int ranks, const char *name) {
    const Encoding *first = NULL;
    for (int e = 0; e < ENCODINGS; e++) {
        if (encodings[e].ranks != ranks) continue;
        if (has_name(&encodings[e], name)) return &encodings[e];
        if (!first) first = &encodings[e];
    }
    return first;
}

const Encoding *encoding_nth(int n) {
    return n >= 0 && n < ENCODINGS ? &encodings[n] : NULL;
}

int encoding_special(const Encoding *e, int n, char *text, int size) {
    for (const SpecialId *s = e->specials; s->text; s++)
        if (n-- == 0) return snprintf(text, (size_t)size, "%s", s->text), s->id;
    for (const SpecialRange *r = e->numbered; r && r->format; r++) {
        int count = r->last_id - r->id + 1;
        if (n < count) {
            snprintf(text, (size_t)size, r->format, r->first + n);
            return r->id + n;
        }
        n -= count;
    }
    return -1;
}
