#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "ch01_tokenizer/base64.h"
#include "ch01_tokenizer/byte_letters.h"
#include "ch01_tokenizer/encodings.h"
#include "ch01_tokenizer/format_gpt2.h"
#include "ch01_tokenizer/format_own.h"
#include "ch01_tokenizer/format_ranks.h"
#include "ch01_tokenizer/model_file.h"
#include "ch01_tokenizer/pieces.h"
#include "ch01_tokenizer/tokenizer.h"
#include "ch01_tokenizer/utf8.h"
#include "common/numeric/rng.h"

// ---- patterns

// The pieces of a text, with a bar between.
static const char *split(const char *pattern, const char *text) {
    static char out[512];
    Error err;
    Pattern *p = pattern_new(pattern, &err);
    cr_assert(p, "%s", err.text);
    Splitter s = splitter_new(p);
    splitter_start(&s, text, strlen(text));
    char *to = out;
    for (size_t at = 0, end; at < strlen(text); at = end) {
        end = splitter_next(&s, at, &err);
        cr_assert(end != SIZE_MAX && end > at);
        to += sprintf(to, "%s%.*s", at ? "|" : "", (int)(end - at), text + at);
    }
    *to = '\0';
    splitter_free(&s), pattern_free(p);
    return out;
}

Test(pattern, pieces_of_the_named_ones) {
    cr_assert_str_eq(split("gpt2", "Hello world's  12345 x!?\n\n a"),
                     "Hello| world|'s| | 12345| x|!?|\n\n| a");
    cr_assert_str_eq(split("cl100k", "Hello world'S  12345 x!?\n\n a"),
                     "Hello| world|'S| | |123|45| x|!?\n\n| a");
    cr_assert_str_eq(split("o200k", "HelloWorld's ab/\n\n12345"),
                     "Hello|World's| ab|/\n\n|123|45");
    cr_assert_str_eq(split("none", "a b c"), "a b c");
    cr_assert_str_eq(split("cl100k_base", "1234"), "123|4");
    cr_assert_str_eq(split("gpt2", "今天 天气"), "今天| 天气");
    cr_assert_str_eq(split("gpt2",
                           "a\xc2\x85\xe3\x80\x80"
                           "b"),
                     "a|\xc2\x85|\xe3\x80\x80|b");
    // U+180E left White_Space in Unicode 6.3; PCRE2's \s still takes it.
    cr_assert_str_eq(split("gpt2",
                           "a \xe1\xa0\x8e"
                           "b"),
                     "a| \xe1\xa0\x8e|b");
}

// Each by itself: a pattern that forgets one still splits most texts rightly.
Test(pattern, every_contraction) {
    static const char *const ends[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    static const char *const capitals[] = {"'S", "'T", "'RE", "'VE", "'M", "'LL", "'D"};
    char text[16], apart[16];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(text, sizeof text, "a%sa", ends[i]);
        snprintf(apart, sizeof apart, "a|%s|a", ends[i]);
        cr_expect_str_eq(split("gpt2", text), apart);
        cr_expect_str_eq(split("cl100k", text), apart);
        snprintf(apart, sizeof apart, "a%s|a", ends[i]);
        cr_expect_str_eq(split("o200k", text), apart);
        snprintf(text, sizeof text, "a%sa", capitals[i]);
        snprintf(apart, sizeof apart, "a|%s|a", capitals[i]);
        cr_expect_str_eq(split("cl100k", text), apart);
        snprintf(apart, sizeof apart, "a|'|%sa", capitals[i] + 1);
        cr_expect_str_eq(split("gpt2", text), apart);
        snprintf(apart, sizeof apart, "a%s|a", capitals[i]);
        cr_expect_str_eq(split("o200k", text), apart);
    }
}

// Unicode's White_Space (PropList.txt), all of it, and what is easily taken for it.
Test(pattern, white_space) {
    static const int spaces[] = {'\t',   '\n',   '\v',   '\f',   '\r',   0x85,
                                 0xa0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
                                 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
                                 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000},
                     others[] = {0x08,   0x0e,   0x1f,   0x84,   0x86,   0x9f,  0x180e,
                                 0x200b, 0x200c, 0x200d, 0x2060, 0x202a, 0xfeff};
    enum {
        SPACES = sizeof spaces / sizeof *spaces,
        OTHERS = sizeof others / sizeof *others
    };
    for (int i = 0; i < SPACES + OTHERS; i++) {
        bool space = i < SPACES;
        char character[5] = "", text[16], apart[16];
        utf8_encode(character, space ? spaces[i] : others[i - SPACES]);
        snprintf(text, sizeof text, "!%s!", character);
        snprintf(apart, sizeof apart, space ? "!|%s|!" : "!%s!", character);
        cr_expect_str_eq(split("gpt2", text), apart, "%s", apart);
        if (space && (spaces[i] == '\n' || spaces[i] == '\r'))
            snprintf(apart, sizeof apart, "!%s|!", character);
        cr_expect_str_eq(split("cl100k", text), apart);
        cr_expect_str_eq(split("o200k", text), apart);
    }
}

// \\w and \\d are Unicode's in expressions of one's own.
Test(pattern, classes_are_unicodes) {
    cr_assert_str_eq(split("\\w+", "dé今1 ж"), "dé今1| |ж");
    cr_assert_str_eq(split("\\d+", "a٣٤5b"), "a|٣٤5|b");
    cr_assert_str_eq(split("(?i)straße", "xSTRAßE"), "x|STRAßE");
}

Test(pattern, every_published_name) {
    Error err;
    const Encoding *e;
    for (int i = 0; (e = encoding_nth(i)) != NULL; i++) {
        for (const char *const *name = e->names; *name; name++) {
            Pattern *p = pattern_new(*name, &err);
            cr_assert(p, "%s", err.text);
            pattern_free(p);
        }
        cr_assert_str_eq(split(e->pattern, "a 12"),
                         strstr(e->pattern, "00k") || strstr(e->pattern, "llama")
                             ? "a| |12"
                             : "a| 12");
    }
    static char names[] = PATTERN_NAMES;
    for (char *name = strtok(names, ", "); name; name = strtok(NULL, ", ")) {
        Pattern *p = pattern_new(name, &err);
        cr_assert(p, "%s", err.text);
        pattern_free(p);
    }
}

// How runs of white space end, against \\s*[\\r\\n]+ as it was published.
Test(pattern, newlines_as_published) {
    static const char alphabet[] = " \t\n\ra";
    for (int number = 0; number < 5 * 5 * 5 * 5 * 5; number++) {
        char text[6] = "", ours[64];
        for (int i = 0, rest = number; i < 5; i++, rest /= 5)
            text[i] = alphabet[rest % 5];
        strcpy(ours, split("cl100k", text));
        cr_assert_str_eq(ours, split("[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\s*[\\r\\n]+"
                                     "|\\s+(?!\\S)|\\s+",
                                     text));
    }
}

// No limit of PCRE2's shows, with its JIT or without, and time is linear: each of these
// would take hours otherwise.
Test(pattern, long_runs) {
    enum { N = 10000000 };
    static const char *const units[] = {" ", "A", "\n", " \n", "!", "今"};
    static const char *const patterns[] = {"gpt2", "cl100k", "o200k", "(?:a|A)+|(?s)."};
    char *text = malloc(N);
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t length = strlen(units[u]), n = N / length * length;
        for (size_t i = 0; i < n; i += length) memcpy(text + i, units[u], length);
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
            Error err = {""};
            Pattern *pattern = pattern_new(patterns[p], &err);
            Splitter s = splitter_new(pattern);
            // the last has a choice at each letter, which costs memory
            if (p == 3) n = n / 10 / length * length;
            splitter_start(&s, text, n);
            size_t at = 0, end;
            for (int pieces = 0; at < n && pieces < 3; at = end, pieces++) {
                end = splitter_next(&s, at, &err);
                cr_assert_neq(end, SIZE_MAX, "%s: %s", patterns[p], err.text);
            }
            cr_assert(at == n || p == 3, "%s, %s", patterns[p], units[u]);
            splitter_free(&s), pattern_free(pattern);
        }
    }
    free(text);
}

// A piece that what follows could change reaches the end.
Test(pattern, open_ends) {
    static const struct {
        const char *text;
        size_t at, end;
    } cases[] = {{"ab cd", 0, 2},  {"ab cd", 2, 5},   {"x \n  ", 0, 1},
                 {"x \n  ", 1, 5}, {"x \n  y", 1, 3}, {"123", 0, 3},
                 {"  x", 0, 1},    {"  ", 0, 2},      {"a'", 1, 2}};
    Error err;
    Pattern *pattern = pattern_new("cl100k", &err);
    Splitter s = splitter_new(pattern);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        splitter_start_open(&s, cases[c].text, strlen(cases[c].text));
        cr_assert_eq(splitter_next(&s, cases[c].at, &err), cases[c].end, "'%s' at %zu",
                     cases[c].text, cases[c].at);
    }
    splitter_free(&s), pattern_free(pattern);
}

Test(pattern, nothing_is_skipped) {
    cr_assert_str_eq(split("[a-z]+", "ab, cd!"), "ab|, |cd|!");
    cr_assert_str_eq(split("x*", "axxb"), "a|xx|b");
    cr_assert_str_eq(split("z+z", "abc"), "abc");
}

Test(pattern, bad_ones_are_explained) {
    Error err;
    cr_assert_null(pattern_new("(a", &err));
    cr_assert(strstr(err.text, "parenthesis") && strstr(err.text, "(a <-- here"), "%s",
              err.text);
    cr_assert_null(pattern_new("a\\Cb", &err));
    cr_assert_null(pattern_new("gpt2x", &err));  // a misspelt name would be a literal
    cr_assert_null(pattern_new("a\nb|c", &err));
}

// ---- encoding

static void add_text(Pieces *pieces, const char *pattern, const char *text, size_t n) {
    Error err;
    Pattern *p = pattern_new(pattern, &err);
    cr_assert(pieces_add(pieces, p, NULL, 0, text, n, &err));
    pattern_free(p);
}

// A byte that is no character is a piece by itself, whatever follows in memory.
Test(pieces, broken_bytes_are_no_text) {
    static const char text[] = "ab\xe4 c\xff\xfe";
    static const char *const want[] = {"ab", "\xe4", " c", "\xff\xfe"};
    Pieces pieces = {0};
    add_text(&pieces, "gpt2", text, sizeof text - 1);
    add_text(&pieces, "gpt2", "\xe4\xb8\xad", 1);  // the character's first byte only
    cr_assert_eq(pieces.size, 4);
    for (size_t i = 0; i < 4; i++) {
        const Piece *piece = &pieces.items[i];
        cr_expect(piece->size == strlen(want[i])
                      && memcmp(pieces.bytes + piece->begin, want[i], piece->size) == 0,
                  "piece %zu has %zu bytes", i, piece->size);
        cr_expect_eq(piece->count, i == 1 ? 2 : 1);
    }
    pieces_free(&pieces);
}

// Text of many kinds: words, Chinese, digits, spaces, broken bytes if wanted. Without
// them it is one stretch, which long texts are cut into blocks for.
static size_t random_text(Rng *rng, char *text, size_t n, bool broken) {
    static const char *const words[] = {
        " the", " token", "今天", "天气", "\n", "  ", "123", "é",        "'s",
        "!?",   " ",      "izer", "\t\t", "a",  "😀",  " 12", "\xff\xc0", "\xe4\xbb"};
    size_t size = 0;
    for (;;) {
        const char *word = words[rng_below(rng, broken ? 18 : 16)];
        if (size + strlen(word) > n) return size;
        memcpy(text + size, word, strlen(word));
        size += strlen(word);
    }
}

static Tokenizer trained(const char *pattern) {
    Rng rng = rng_new(5);
    char text[20000];
    size_t n = random_text(&rng, text, sizeof text, true);
    Pieces pieces = {0};
    add_text(&pieces, pattern, text, n);
    Words words = pieces_to_words(&pieces);
    Special special = {"<|end|>", 7, NO_SYMBOL};
    Tokenizer t;
    Error err;
    cr_assert(tokenizer_train(&t, &words, 60, &special, 1, pattern, &err), "%s",
              err.text);
    words_free(&words), pieces_free(&pieces);
    return t;
}

// What encoding is, with none of what makes it fast: stretches, pieces, the naive loop.
static size_t encode_plainly(const Tokenizer *t, const char *text, size_t n, int *ids) {
    Stretch *stretches;
    size_t count = cut_stretches(&stretches, text, n, NULL, 0), size = 0;
    Splitter s = splitter_new(t->pattern);
    for (size_t i = 0; i < count; i++) {
        const char *begin = text + stretches[i].begin;
        size_t length = stretches[i].end - stretches[i].begin;
        splitter_start(&s, begin, length);
        for (size_t at = 0, end; at < length; at = end) {
            end = stretches[i].kind == STRETCH_BROKEN ? length
                                                      : splitter_next(&s, at, NULL);
            for (size_t b = at; b < end; b++)
                ids[size + b - at] = t->byte_id[(unsigned char)begin[b]];
            // the square of 40,000 bytes is too much; test_bpe.c holds the two together
            size += (end - at > 1000 ? bpe_encode_heap : bpe_encode_naive)(
                &t->pairs, ids + size, end - at, NULL);
        }
    }
    splitter_free(&s);
    free(stretches);
    return size;
}

static void check_encoding(const char *pattern, size_t n, uint64_t seed, bool broken) {
    Tokenizer t = trained(pattern);
    Rng rng = rng_new(seed);
    char *text = malloc(n);
    int *plain = malloc(n * sizeof *plain);
    n = random_text(&rng, text, n, broken);
    size_t size = encode_plainly(&t, text, n, plain);
    for (int threads = 1; threads <= 3; threads += 2) {
#ifdef _OPENMP
        omp_set_num_threads(threads);
#endif
        Ids ids = {0};
        Error err;
        cr_assert(tokenizer_encode(&t, text, n, false, &ids, &err));
        cr_assert_eq(ids.size, size, "%s: %zu ids, not %zu", pattern, ids.size, size);
        cr_assert(memcmp(ids.at, plain, size * sizeof *plain) == 0);
        size_t at = 0, length;
        for (size_t i = 0; i < ids.size; i++, at += length) {
            const char *bytes = token_bytes(&t, ids.at[i], &length);
            cr_assert(memcmp(bytes, text + at, length) == 0);
        }
        cr_assert_eq(at, n);
        free(ids.at);
    }
    free(text), free(plain);
    tokenizer_free(&t);
}

Test(tokenizer, fast_encoding_is_plain_encoding) {
    const char *patterns[] = {"gpt2", "cl100k", "o200k", "(?<=a) |[a-z]+|\\s"};
    for (int p = 0; p < 4; p++)
        for (size_t n = 20; n <= 40000; n *= 12)
            check_encoding(patterns[p], n, n, true);
    check_encoding("none", 3000, 1, true);
}

// One piece that no block can cut, and a JIT stack that a long word needs.
Test(tokenizer, long_pieces) {
    Tokenizer t = trained("gpt2"), own = trained("(\\p{L}|')+|.");
    size_t n = 3 << 20, size;
    char *text = malloc(n);
    memset(text, 'a', n);
    for (int i = 0; i < 2; i++) {
        Ids ids = {0};
        Error err = {""};
        cr_assert(
            tokenizer_encode(i ? &own : &t, text, i ? 100000 : n, false, &ids, &err),
            "%s", err.text);
        size_t at = 0;
        for (size_t j = 0; j < ids.size; j++, at += size)
            token_bytes(i ? &own : &t, ids.at[j], &size);
        cr_assert_eq(at, i ? 100000 : n);
        free(ids.at);
    }
    free(text);
    tokenizer_free(&t), tokenizer_free(&own);
}

// Several blocks, joined; the pattern [a-z]{1,7} keeps a wrong guess wrong for long.
Test(tokenizer, blocks_are_joined) {
    check_encoding("gpt2", 3 << 20, 1, false);
    check_encoding("cl100k", 3 << 20, 1, true);
    check_encoding("(?:[^q]){1,7}|q", 2 << 20, 2, false);
    check_encoding("(?s).{1,40000}", 1 << 20, 3, false);
    check_encoding("(?s).", 1 << 20, 3, false);  // a block begins between characters
    check_encoding("(?s).{0,9}izer|.", 1 << 20, 3, false);
    // these see what comes before a piece
    check_encoding("(?: |y)\\Kt|th", 2 << 20, 4, false);
    check_encoding("\\G th|t", 2 << 20, 5, false);
    check_encoding("(?<=[^ ]{3})[a-z]|(?s).{1,5}", 2 << 20, 6, false);
    check_encoding("\\b[a-z]{1,3}|(?s).", 1 << 20, 7, false);
}

// Nothing but one piece, or few, over many blocks.
Test(tokenizer, blocks_within_one_piece) {
    enum { N = 3 << 18 };
    Tokenizer t = trained("cl100k");
    char *text = malloc(N);
    for (int kind = 0; kind < 3; kind++) {
        memset(text, kind == 1 ? 'a' : ' ', N);
        if (kind == 2) text[0] = '\n', text[N / 2] = '\n', text[N - 1] = 'x';
        Ids one = {0}, four = {0};
        for (int threads = 1; threads <= 4; threads += 3) {
#ifdef _OPENMP
            omp_set_num_threads(threads);
#endif
            cr_assert(tokenizer_encode(&t, text, N, false, threads == 1 ? &one : &four,
                                       NULL));
        }
        cr_assert(one.size == four.size
                  && memcmp(one.at, four.at, one.size * sizeof *one.at) == 0);
        size_t at = 0, size;
        for (size_t i = 0; i < one.size; i++, at += size)
            token_bytes(&t, one.at[i], &size);
        cr_assert_eq(at, N);
        free(one.at), free(four.at);
    }
    free(text);
    tokenizer_free(&t);
}

// A piece by the merges alone, and the merges it is told of.
static void count_merge(void *count, int left, int right, int merged) {
    cr_assert(left < merged && right < merged);
    ++*(int *)count;
}

Test(tokenizer, one_piece) {
    Tokenizer t = trained("none");
    const char text[] = " the token izer 今天";
    int ids[sizeof text], told = 0;
    EncodeWork work = {.on_merge = count_merge, .context = &told};
    size_t n = sizeof text - 1, count = tokenizer_encode_piece(&t, text, n, ids, &work);
    Ids all = {0};
    tokenizer_encode(&t, text, n, false, &all, NULL);
    cr_assert(all.size == count && memcmp(all.at, ids, count * sizeof *ids) == 0);
    cr_assert_eq((size_t)told, n - count);
    free(all.at);
    tokenizer_free(&t);
}

Test(tokenizer, special_tokens) {
    Tokenizer t = trained("gpt2");
    const char *text = "a<|end|><|end|>b<|end";
    Ids with = {0}, without = {0};
    tokenizer_encode(&t, text, strlen(text), true, &with, NULL);
    tokenizer_encode(&t, text, strlen(text), false, &without, NULL);
    int end = t.size - 1;
    cr_assert(tokenizer_is_special(&t, end));
    cr_assert(with.at[0] == 'a' && with.at[1] == end && with.at[2] == end
              && with.at[3] == 'b');
    for (size_t i = 0; i < without.size; i++) cr_assert_neq(without.at[i], end);
    free(with.at), free(without.at);
    tokenizer_free(&t);
}

// Of two at one place the longer wins, in whatever order they are listed.
Test(tokenizer, the_longer_special_token) {
    Special specials[] = {
        {"<|a", 3, 7}, {"<|a|>b", 6, 8}, {"<|a|>", 5, 9}, {"#", 1, 3}};
    const char *text = "#<|a|>c<|a<|a|>b<|";
    static const int kinds[] = {3, 9, -1, 7, 8, -1};
    for (int turn = 0; turn < 4; turn++) {
        Stretch *s;
        size_t count = cut_stretches(&s, text, strlen(text), specials, 4);
        cr_assert_eq(count, 6);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(s[i].kind == STRETCH_SPECIAL, kinds[i] >= 0);
            cr_assert_eq(s[i].id, kinds[i]);
        }
        free(s);
        Special first = specials[0];
        memmove(specials, specials + 1, 3 * sizeof first);
        specials[3] = first;
    }
}

// In training a special token has no id yet, and is no text.
Test(tokenizer, training_counts_no_special_token) {
    Special special = {"<|end|>", 7, NO_SYMBOL};
    Pieces pieces = {0};
    Error err;
    Pattern *p = pattern_new("gpt2", &err);
    cr_assert(pieces_add(&pieces, p, &special, 1, "ab<|end|>ab<|end|>", 18, &err));
    cr_assert(pieces.size == 1 && pieces.items[0].count == 2);
    pattern_free(p), pieces_free(&pieces);
}

Test(tokenizer, escape_shows_every_byte) {
    char out[64];
    escape(out, "a\n\x00\xff\\今\x7f", 9);
    cr_assert_str_eq(out, "a\\n\\x00\\xff\\\\今\\x7f");
}

// ---- files

static char path[64];

static const char *file_of(const char *text, size_t n) {
    strcpy(path, "/tmp/course-test-XXXXXX");
    FILE *f = fdopen(mkstemp(path), "wb");
    fwrite(text, 1, n, f);
    fclose(f);
    return path;
}

static void refused(const char *text, const char *message) {
    Tokenizer t;
    Error err = {""};
    cr_assert(!model_read(&t, file_of(text, strlen(text)), NULL, NULL, 0, &err),
              "read: %s", text);
    cr_assert(strstr(err.text, message), "'%s', not '%s'", err.text, message);
    cr_assert_null(t.tokens);
    remove(path);
}

#define OWN "course-bpe 1\npattern gpt2\nmerges "

Test(model_file, malformed_files_are_refused) {
    refused("", "empty");
    refused("course-bpe 9\n", ":1: expected 'course-bpe 1'");
    refused("course-bpe 1\n", "expected 'pattern");
    refused("course-bpe 1\npattern (\n", ":2: pattern");
    refused("course-bpe 1\npattern gpt2\nmerges x\n", "expected 'merges NUMBER'");
    refused(OWN "2\nmerge 97 98 1\n", "cut short: 1 merges of 2");
    refused(OWN "1\nmerge 97 300 1\nend\n", ":4: token 256 is merged from 300");
    refused(OWN "1\nmerge 97 256 1\nend\n", "merged from 256, which is not there yet");
    refused(OWN "2\nmerge 97 98 1\nmerge 97 98 1\nend\n",
            ":5: the merge of 97 and 98 is listed twice");
    refused(OWN "1\nmerge 97 99999999999999999999 1\nend\n",
            "expected 'merge LEFT RIGHT COUNT'");
    refused(OWN "1\nmerge 97 98 1\n", "expected 'end'");
    refused(OWN "1\nmerge 97 98 1\nspecial a\nspecial a\nend\n", "listed twice");
    refused("hello there, this is text\n", ":1: expected a vocabulary");
    refused("#version: 0.2\na b\nab c d\n", ":3: expected two tokens");
    refused("#version: 0.2\nab c\na b\n", ":2: the left token is not there yet");
    refused("#version: 0.2\na bc\n", ":2: the right token");
    refused("#version: 0.2\na b\na b\n", ":3: the merge of");
    refused("\xff\xfe\x00 binary", "expected a vocabulary");
    refused("YQ== 0\nYQ== 1\n", ":2: ids 0 and 1 have the same bytes");
    refused("YQ== 0\nYg== 0\n", ":2: id 0 is listed twice");
    refused("YQ== 0\nYg== 99999999\n", ":2: rank 99999999");
    char bomb[4000] = OWN "40\nmerge 97 97 1\n";
    for (int i = 256; i < 290; i++)
        sprintf(bomb + strlen(bomb), "merge %d %d 1\n", i, i);
    refused(bomb, "longer than 256 MiB");
    refused("YQ== 0\nYg=\n", ":2: expected 'BASE64 RANK'");
    refused("YQ== 0\n", "the byte 0x00 has no token");
    refused("YWI= 0\n", "the byte 0x00 has no token");
    refused("YQ== 0\nYg 1\n",
            ":2: expected 'BASE64 RANK' with one blank between: this "
            "base64 has no padding");
    refused("YQ== 0\nYg==\t1\n",
            ":2: expected 'BASE64 RANK' with one blank between: "
            "this line has a tab");
    refused("YQ== 0\nYg==  1\n", "two blanks");
    refused("YQ== 0\n\n\nYg== x\n", ":4: expected 'BASE64 RANK'");
    refused("YQ== 0 1\n", ":1: expected");
    refused("\n\nhello there\n", ":3: expected a vocabulary");
}

static void same_ids(const Tokenizer *a, const Tokenizer *b) {
    Rng rng = rng_new(9);
    char text[5000];
    size_t n = random_text(&rng, text, sizeof text, true);
    Ids x = {0}, y = {0};
    tokenizer_encode(a, text, n, false, &x, NULL);
    tokenizer_encode(b, text, n, false, &y, NULL);
    cr_assert(x.size == y.size && memcmp(x.at, y.at, x.size * sizeof *x.at) == 0);
    free(x.at), free(y.at);
}

Test(model_file, written_files_read_back) {
    const char *patterns[] = {"gpt2", "a\\n|[^a]+"};
    for (int p = 0; p < 2; p++) {
        Tokenizer t = trained(patterns[p]), own, ranks, gpt2;
        Error err = {""};
        FILE *f = fopen(file_of("", 0), "w");
        write_own(&t, f, &err), fclose(f);
        cr_assert(model_read(&own, path, NULL, NULL, 0, &err), "%s", err.text);
        same_ids(&t, &own);
        cr_assert_eq(own.special_count, 1);
        cr_assert_eq(own.tokens[260].count, t.tokens[260].count);
        f = fopen(path, "w");
        write_ranks(&t, f, &err), fclose(f);
        cr_assert(model_read(&ranks, path, patterns[p], NULL, 0, &err), "%s", err.text);
        same_ids(&t, &ranks);
        f = fopen(path, "w");
        cr_assert(write_gpt2(&t, f, &err));
        fclose(f);
        cr_assert(model_read(&gpt2, path, patterns[p], NULL, 0, &err), "%s", err.text);
        // Only the bytes' ids differ, by GPT-2's own order.
        for (int id = 256; id < t.size - 1; id++) {
            size_t a, b;
            const char *x = token_bytes(&t, id, &a), *y = token_bytes(&gpt2, id, &b);
            cr_assert(a == b && memcmp(x, y, a) == 0);
        }
        cr_assert_not(write_gpt2(&ranks, stderr, &err));
        remove(path);
        tokenizer_free(&t), tokenizer_free(&own), tokenizer_free(&ranks),
            tokenizer_free(&gpt2);
    }
}

// ---- rank files

// One of `ranks` lines: the 256 bytes, all pairs of bytes, then three bytes each.
static void write_rank_file(FILE *f, int ranks) {
    for (int id = 0; id < ranks; id++) {
        int k = id < 256 ? id : id < 256 + 65536 ? id - 256 : id - 256 - 65536;
        char bytes[3] = {(char)(k >> 8), (char)k, (char)(k >> 16)};
        if (id < 256) base64_write(f, bytes + 1, 1);
        else base64_write(f, bytes, id < 256 + 65536 ? 2 : 3);
        // p50k leaves out the id of its special token
        fprintf(f, " %d\n", ranks == 50280 && id >= 50256 ? id + 1 : id);
    }
}

static void read_rank_file(Tokenizer *t, int ranks, const char *pattern) {
    FILE *f = fopen(file_of("", 0), "w");
    write_rank_file(f, ranks), fclose(f);
    Error err = {""};
    cr_assert(model_read(t, path, pattern, NULL, 0, &err), "%s", err.text);
    remove(path);
}

static int id_of_special(const Tokenizer *t, const char *text) {
    for (int s = 0; s < t->special_count; s++)
        if (strcmp(t->specials[s].text, text) == 0) return t->specials[s].id;
    return NO_SYMBOL;
}

// By hand, from how the encodings were built: the size of the vocabulary that their
// authors state, ids counted from its two ends.
Test(model_file, special_tokens_of_published_encodings) {
    static const struct {
        int ranks;
        const char *names[5];
        int specials, size;
        struct {
            const char *text;
            int id;
        } some[6];
    } published[] = {
        {50256,
         {"gpt2", "r50k", "r50k_base"},
         1,
         50257,
         {{"<|endoftext|>", 50257 - 1}}},
        {50257, {"multilingual"}, 2, 50259, {{"<|endoftext|>", 50257}}},
        {50280, {"p50k", "p50k_base"}, 1, 50281, {{"<|endoftext|>", 50257 - 1}}},
        {50280,
         {"p50k_edit"},
         4,
         50284,
         {{"<|endoftext|>", 50257 - 1},
          {"<|fim_prefix|>", 50284 - 3},
          {"<|fim_middle|>", 50284 - 2},
          {"<|fim_suffix|>", 50284 - 1}}},
        {100256,
         {"cl100k", "cl100k_base"},
         5,
         100277,
         {{"<|endoftext|>", 100256 + 1},
          {"<|fim_prefix|>", 100256 + 2},
          {"<|fim_middle|>", 100256 + 3},
          {"<|fim_suffix|>", 100256 + 4},
          {"<|endofprompt|>", 100277 - 1}}},
        {128000,
         {"llama3"},
         256,
         128256,
         {{"<|begin_of_text|>", 128000},
          {"<|reserved_special_token_3|>", 128000 + 5},
          {"<|end_header_id|>", 128000 + 7},
          {"<|eot_id|>", 128000 + 9},
          {"<|reserved_special_token_250|>", 128256 - 1}}},
        {199998,
         {"o200k", "o200k_base"},
         2,
         200019,
         {{"<|endoftext|>", 200000 - 1}, {"<|endofprompt|>", 200019 - 1}}},
        {199998,
         {"o200k_harmony"},
         1090,
         201088,
         {{"<|startoftext|>", 200000 - 2},
          {"<|endoftext|>", 200000 - 1},
          {"<|message|>", 200000 + 8},
          {"<|call|>", 200000 + 12},
          {"<|endofprompt|>", 200019 - 1},
          {"<|reserved_201087|>", 201088 - 1}}}};
    for (size_t e = 0; e < sizeof published / sizeof *published; e++)
        for (int n = 0; published[e].names[n]; n++) {
            Tokenizer t;
            read_rank_file(&t, published[e].ranks, published[e].names[n]);
            cr_assert_eq(t.special_count, published[e].specials, "%s: %d",
                         published[e].names[n], t.special_count);
            cr_assert_eq(t.size, published[e].size, "%s", published[e].names[n]);
            for (int s = 0; s < 6 && published[e].some[s].text; s++)
                cr_assert_eq(id_of_special(&t, published[e].some[s].text),
                             published[e].some[s].id, "%s", published[e].some[s].text);
            tokenizer_free(&t);
        }
}

// The file has them, whatever pattern is asked for; only an unknown file with no pattern
// has to guess.
Test(model_file, the_number_of_ranks_decides) {
    Tokenizer t;
    read_rank_file(&t, 100256, "[a-z]+");
    cr_assert_eq(id_of_special(&t, "<|endoftext|>"), 100257);
    cr_assert_not(t.pattern_assumed);
    tokenizer_free(&t);
    read_rank_file(&t, 128000, NULL);
    cr_assert_str_eq(t.expression, "llama3");
    cr_assert_not(t.pattern_assumed);
    tokenizer_free(&t);
    read_rank_file(&t, 100000, NULL);
    cr_assert(t.pattern_assumed && t.special_count == 0);
    cr_assert_str_eq(t.expression, "gpt2");
    tokenizer_free(&t);
    read_rank_file(&t, 100000, "cl100k");
    cr_assert(!t.pattern_assumed && t.special_count == 0);
    tokenizer_free(&t);
}

// Whisper's multilingual.tiktoken has one: id 50256.
Test(model_file, an_empty_token) {
    FILE *f = fopen(file_of("", 0), "w");
    write_rank_file(f, 300), fputs("= 300\n", f), fclose(f);
    Tokenizer t;
    Error err = {""};
    cr_assert(model_read(&t, path, NULL, NULL, 0, &err), "%s", err.text);
    size_t size = 9;
    cr_assert(token_bytes(&t, 300, &size) && size == 0);
    cr_assert_null(token_bytes(&t, 301, &size));
    Ids ids = {0};
    cr_assert(tokenizer_encode(&t, "ab", 2, false, &ids, &err));
    for (size_t i = 0; i < ids.size; i++) cr_assert_neq(ids.at[i], 300);
    free(ids.at);
    f = fopen(path, "w");
    cr_assert(write_ranks(&t, f, &err));
    fclose(f);
    tokenizer_free(&t);
    cr_assert(model_read(&t, path, NULL, NULL, 0, &err), "%s", err.text);
    cr_assert_eq(t.size, 301);
    remove(path);
    tokenizer_free(&t);
}

// Ranks in no order of merges: bbb, bb, aaab, bbbb, aa. tiktoken merges the lowest rank
// whose text is a token.
Test(model_file, ranks_in_any_order) {
    FILE *f = fopen(file_of("", 0), "w");
    write_rank_file(f, 256);
    fputs("YmJi 256\nYmI= 257\nYWFhYg== 258\nYmJiYg== 259\nYWE= 260\n", f);
    fclose(f);
    Tokenizer t;
    Error err = {""};
    cr_assert(model_read(&t, path, "none", NULL, 0, &err), "%s", err.text);
    remove(path);
    Ids ids = {0};
    cr_assert(tokenizer_encode(&t, "abbbb", 5, false, &ids, &err));
    cr_assert(ids.size == 2 && ids.at[0] == 'a' && ids.at[1] == 259, "%d ids",
              (int)ids.size);
    free(ids.at);
    tokenizer_free(&t);
}

Test(byte_letters, every_byte_has_its_letter) {
    char letter[4], byte;
    bool seen[256] = {false};
    for (int b = 0; b < 256; b++) {
        int length = letter_of_byte(letter, b);
        cr_assert_eq(bytes_of_letters(&byte, letter, (size_t)length), 1);
        cr_assert_eq((unsigned char)byte, b);
        seen[byte_in_gpt2_order(b)] = true;
    }
    for (int b = 0; b < 256; b++) cr_assert(seen[b]);
    // As GPT-2 has it: '!' is id 0, a space is id 220 and the letter U+0120, a newline
    // U+010A.
    cr_assert_eq(byte_in_gpt2_order(0), '!');
    cr_assert_eq(byte_in_gpt2_order(220), ' ');
    cr_assert_eq(letter_of_byte(letter, ' '), 2);
    cr_assert(memcmp(letter, "Ġ", 2) == 0);
    // its table at the edges of what can be seen
    static const struct {
        int byte;
        const char *letter;
    } known[] = {{0x00, "Ā"}, {'\n', "Ċ"}, {' ', "Ġ"},  {'!', "!"},
                 {'~', "~"},  {0x7f, "ġ"}, {0xa0, "ł"}, {0xa1, "¡"},
                 {0xac, "¬"}, {0xad, "Ń"}, {0xae, "®"}, {0xff, "ÿ"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int length = letter_of_byte(letter, known[i].byte);
        cr_expect(length == (int)strlen(known[i].letter)
                      && memcmp(letter, known[i].letter, (size_t)length) == 0,
                  "byte %#x is not %s", (unsigned)known[i].byte, known[i].letter);
    }
}
