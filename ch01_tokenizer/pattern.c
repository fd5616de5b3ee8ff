#include "ch01_tokenizer/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
// White space up to its last newline. As published, \s*[\r\n]+, it gives back a run
// without newlines byte by byte; this one never goes back.
#define NEWLINES "(?:[" BLANK "]*+[\\r\\n]++)++"

#define GPT2 \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE \
    "\\p{L}\\p{N}]+" \
    "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"
#define CL100K \
    SUFFIX \
    "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" \
    "| ?[^" SPACE \
    "\\p{L}\\p{N}]+[\\r\\n]*" \
    "|" NEWLINES "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"
#define O200K \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" SUFFIX \
    "?" \
    "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" SUFFIX \
    "?" \
    "|\\p{N}{1,3}| ?[^" SPACE \
    "\\p{L}\\p{N}]+[\\r\\n/]*" \
    "|" NEWLINES "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"

// The names that the field uses: of encodings, with and without tiktoken's _base.
typedef struct {
    const char *expression;
    SplitRule rule;
    const char *names[8];
} Named;
static const Named named[] = {
    {GPT2,
     SPLIT_GPT2,
     {"gpt2", "r50k", "r50k_base", "p50k", "p50k_base", "p50k_edit", "multilingual"}},
    {CL100K, SPLIT_CL100K, {"cl100k", "cl100k_base", "llama3"}},
    {O200K, SPLIT_O200K, {"o200k", "o200k_base", "o200k_harmony"}},
    {"", SPLIT_ENGINE, {"none"}},
};

static const Named *by_name(const char *name) {
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        for (const char *const *n = named[i].names; *n; n++)
            if (strcmp(*n, name) == 0) return &named[i];
    return NULL;
}

const char *pattern_expression(const char *name) {
    const Named *known = by_name(name);
    return known ? known->expression : NULL;
}

// A misspelt name would compile, and split at that word only.
static bool is_a_name(const char *expression) {
    for (const char *c = expression; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_') return false;
    return expression[0] != '\0';
}

struct Pattern {
    // the engine's; NULL: split by hand, or one piece, whatever the text
    pcre2_code *code;
    SplitRule rule;
    const CharClasses *classes;  // of a rule
    bool jit;
    bool looks_back;
};

static Pattern *compile(const char *expression, Error *err) {
    Pattern *pattern = allocate(1, sizeof *pattern);
    if (expression[0] == '\0') return pattern;
    int problem;
    PCRE2_SIZE place;
    // a piece ends where a character does
    uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    pattern->code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, flags,
                                  &problem, &place, NULL);
    if (!pattern->code) {
        char message[256];
        pcre2_get_error_message(problem, (PCRE2_UCHAR *)message, sizeof message);
        error_set(err, "pattern: %s, at byte %zu: %.*s <-- here", message,
                  (size_t)place, (int)place, expression);
        free(pattern);
        return NULL;
    }
    pattern->jit =
        pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD)
        == 0;
    // characters; \\G and \\K are not among them, but see the last match too
    uint32_t behind = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
    pattern->looks_back =
        behind > 0 || strstr(expression, "\\G") || strstr(expression, "\\K");
    return pattern;
}

Pattern *pattern_new(const char *name, Error *err) {
    const Named *known = by_name(name);
    if (known && known->rule != SPLIT_ENGINE) {
        Pattern *pattern = allocate(1, sizeof *pattern);
        pattern->rule = known->rule;
        pattern->classes = char_classes();
        return pattern;
    }
    if (!known && is_a_name(name)) {
        error_set(err, "pattern %s: expected " PATTERN_NAMES ", or an expression",
                  name);
        return NULL;
    }
    if (strpbrk(name, "\r\n")) {  // a model keeps it on one line
        error_set(err, "pattern: expected one line; write \\r and \\n");
        return NULL;
    }
    return compile(known ? known->expression : name, err);
}

void pattern_free(Pattern *pattern) {
    if (!pattern) return;
    pcre2_code_free(pattern->code);
    free(pattern);
}

bool pattern_looks_back(const Pattern *pattern) { return pattern->looks_back; }

bool pattern_splits(const Pattern *pattern) {
    return pattern->code != NULL || pattern->rule != SPLIT_ENGINE;
}

// bytes; (a|b)+ needs some for each letter
enum { JIT_STACK_LEAST = 1 << 15, JIT_STACK_MOST = 1 << 26 };

Splitter splitter_new(const Pattern *pattern) {
    Splitter s = {.pattern = pattern};
    s.text.rule = pattern->rule;
    s.text.classes = pattern->classes;
    if (!pattern->code) return s;
    s.match = pcre2_match_data_create(1, NULL);  // one pair of offsets: the whole match
    s.context = pcre2_match_context_create(NULL);
    if (!s.match || !s.context) die("out of memory");
    if (pattern->jit) {
        s.stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL);
        pcre2_jit_stack_assign(s.context, NULL, s.stack);
    }
    return s;
}

void splitter_free(Splitter *s) {
    pcre2_match_data_free(s->match);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    *s = (Splitter){0};
}

// How much PCRE2 may go back and forth before it gives up: more the longer the text, so
// that only an expression that backtracks without end meets it. The named ones take a few
// steps per byte.
static uint32_t most_steps(size_t size) {
    uint64_t steps = 10000000 + 64 * (uint64_t)size;
    return steps < UINT32_MAX ? (uint32_t)steps : UINT32_MAX;
}

static void start(Splitter *s, const char *text, size_t size, bool open) {
    s->text.bytes = text;
    s->text.size = size;
    s->text.open = open;
    s->match_begin = s->match_end = 0;
    if (!s->context) return;
    pcre2_set_match_limit(s->context, most_steps(size));
    pcre2_set_depth_limit(s->context, most_steps(size));
}

void splitter_start(Splitter *s, const char *text, size_t size) {
    start(s, text, size, false);
}

void splitter_start_open(Splitter *s, const char *text, size_t size) {
    start(s, text, size, true);
}

// PCRE2 on the text from `at` on, by its JIT if it can: that has a stack with an end, the
// interpreter only the heap.
static int match(Splitter *s, size_t at) {
    const Pattern *p = s->pattern;
    PCRE2_SPTR text = (PCRE2_SPTR)s->text.bytes;
    // The text was checked once, as a whole. pcre2_jit_match is pcre2_match without its
    // checks of the arguments.
    uint32_t flags = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
    if (s->text.open) flags |= PCRE2_PARTIAL_HARD;
    int result = PCRE2_ERROR_JIT_STACKLIMIT;
    if (p->jit)
        result = pcre2_jit_match(p->code, text, s->text.size, at, flags, s->match,
                                 s->context);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT)
        result = pcre2_match(p->code, text, s->text.size, at, flags | PCRE2_NO_JIT,
                             s->match, s->context);
    return result;
}

// Finds the next match that is not empty, from `at` on; none is an empty match at the
// end, and so is one that what follows the end might change.
static bool find_match(Splitter *s, size_t at, Error *err) {
    int result = match(s, at);
    s->match_begin = s->match_end = s->text.size;
    if (result == PCRE2_ERROR_NOMATCH || result == PCRE2_ERROR_PARTIAL) return true;
    if (result < 0) {
        char message[256];
        pcre2_get_error_message(result, (PCRE2_UCHAR *)message, sizeof message);
        return error_set(err, "pattern: gave up at byte %zu of the text: %s", at,
                         message);
    }
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(s->match);
    if (offsets[0] < at || offsets[1] <= offsets[0])
        return error_set(err, "pattern: \\K must not move a match backwards");
    s->match_begin = offsets[0];
    s->match_end = offsets[1];
    return true;
}

size_t splitter_next(Splitter *s, size_t at, Error *err) {
    if (s->text.rule != SPLIT_ENGINE) return split_hand(&s->text, at);
    if (!s->pattern->code) return s->text.size;
    // not inside what the last call found
    if (at < s->match_begin || at >= s->match_end)
        if (!find_match(s, at, err)) return SIZE_MAX;
    return at < s->match_begin ? s->match_begin : s->match_end;
}

size_t splitter_ends(Splitter *s, size_t at, size_t *ends, Error *err) {
    if (s->text.rule != SPLIT_ENGINE && !s->one_by_one) {
        size_t count = split_vector(&s->text, at, ends);
        if (count) return count;
    }
    ends[0] = splitter_next(s, at, err);
    return ends[0] != SIZE_MAX;
}

void unicode_version(char *text, size_t size) {
    char unicode[64] = "", pcre2[64] = "";
    pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, unicode);
    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    snprintf(text, size, "Unicode %s (PCRE2 %s)", unicode, pcre2);
}
