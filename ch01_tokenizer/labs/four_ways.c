// One sentence cut four ways, and what a vocabulary costs texts that it was not made for.
// Lecture, section 1.1.
//
// The vocabulary is learned from four lines of stories, so that everything here can be
// checked by eye: Tom and Anna are in them, a kite is not.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/longest_match.h"
#include "ch01_tokenizer/pieces.h"
#include "ch01_tokenizer/tokenizer.h"
#include "common/program/file.h"
#include "common/program/lab.h"
#include "common/program/text.h"

static const char stories[] =
    "Anna took the ball from Tom. Then Tom took it from her. He hid it under the "
    "table. Anna looked under the bed. Then she looked under the table, and there it "
    "was. She hid the ball in the garden, under the tree. Tom found it there. He gave "
    "the ball to Anna, and Anna gave it to Ben.\n";
static const char sentence[] =
    "Tom took the kite from Anna. Then he hid it under the bed.";
static const char weather[] = "今天天气真好啊";  // seven characters

enum { MERGES = 44, DIGITS_MOST = 30, TEXT_MOST = 1000 };

static const Option options[] = {{"text", sentence, "the text to cut"},
                                 {"merges", "44", "merges to learn from the stories"},
                                 {0}};

static Tokenizer train_on_stories(int merges) {
    Error err;
    Pattern *pattern = pattern_new("gpt2", &err);
    Pieces pieces = {0};
    Tokenizer t;
    if (!pieces_add(&pieces, pattern, NULL, 0, stories, strlen(stories), &err))
        die("%s", err.text);
    Words words = pieces_to_words(&pieces);
    if (!tokenizer_train(&t, &words, merges, NULL, 0, "gpt2", &err))
        die("%s", err.text);
    words_free(&words), pieces_free(&pieces), pattern_free(pattern);
    return t;
}

// ---- by words

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The next word from *at on: letters, or one other character. False: there is none.
static bool next_word(const char *text, size_t *at, size_t *length) {
    while (text[*at] == ' ' || text[*at] == '\n') ++*at;
    for (*length = 0; is_letter(text[*at + *length]);) ++*length;
    if (*length == 0 && text[*at]) *length = 1;
    return *length > 0;
}

static bool in_stories(const char *word, size_t n) {
    for (size_t at = 0, length; next_word(stories, &at, &length); at += length)
        if (length == n && memcmp(stories + at, word, n) == 0) return true;
    return false;
}

// How many words a text has, and how many of them no story has.
static int cut_by_words(const char *text, int *unknown, Text *line) {
    int count = 0;
    *unknown = 0;
    for (size_t at = 0, length; next_word(text, &at, &length); at += length, count++) {
        bool known = in_stories(text + at, length);
        *unknown += !known;
        text_add(line, count ? "|" : "");
        if (known) text_append(line, text + at, length);
        else text_add(line, "[UNK]");
    }
    return count;
}

// ---- by bytes, by the longest match, by merges

static void add_tokens(Text *line, const Tokenizer *t, const int *ids, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t size;
        char shown[4 * TEXT_MOST
                   + 1];  // no token is longer than the text or the stories
        const char *bytes = token_bytes(t, ids[i], &size);
        escape(shown, bytes, size);
        text_add(line, "%s%s", i ? "|" : "", shown);
    }
}

static Trie trie_of(const Tokenizer *t) {
    Trie trie = {0};
    for (int id = 0; id < t->size; id++) {
        size_t size;
        const char *bytes = token_bytes(t, id, &size);
        trie_add(&trie, bytes, size, id);
    }
    return trie;
}

static Ids by_merges(const Tokenizer *t, const char *text) {
    Ids ids = {0};
    Error err;
    if (!tokenizer_encode(t, text, strlen(text), false, &ids, &err))
        die("%s", err.text);
    return ids;
}

// Marks where tokens end in a text of n bytes.
static void mark_ends(char *ends, const Tokenizer *t, const int *ids, size_t count) {
    for (size_t i = 0, at = 0, size; i < count; i++) {
        token_bytes(t, ids[i], &size);
        ends[(at += size) - 1] = 1;
    }
}

// Places that are an end in one segmentation and none in the other.
static int ends_unlike(const Tokenizer *t, size_t n, const Ids *a, const int *b,
                       size_t b_count) {
    char of_a[TEXT_MOST] = {0}, of_b[TEXT_MOST] = {0};
    mark_ends(of_a, t, a->at, a->size), mark_ends(of_b, t, b, b_count);
    int unlike = 0;
    for (size_t i = 0; i < n; i++) unlike += of_a[i] != of_b[i];
    return unlike;
}

typedef struct {
    int words, unknown, bytes, longest, merges;
    int unlike;  // places that longest match and merges cut differently
} Cuts;

static Cuts cut(const Tokenizer *t, const char *text, Lab *show) {
    Text lines[5] = {0};
    size_t n = strlen(text);
    Cuts c = {.bytes = (int)n};
    c.words = cut_by_words(text, &c.unknown, &lines[0]);
    int bytes[TEXT_MOST], longest[TEXT_MOST];
    for (size_t i = 0; i < n; i++) bytes[i] = t->byte_id[(unsigned char)text[i]];
    add_tokens(&lines[1], t, bytes, n);
    Trie trie = trie_of(t);
    size_t count = longest_match(&trie, text, n, longest, NULL);
    add_tokens(&lines[2], t, longest, count);
    Ids ids = by_merges(t, text);
    add_tokens(&lines[3], t, ids.at, ids.size);
    for (size_t i = 0; i < ids.size; i++)
        text_add(&lines[4], "%s%d", i ? " " : "", ids.at[i]);
    c.longest = (int)count, c.merges = (int)ids.size;
    c.unlike = ends_unlike(t, n, &ids, longest, count);
    if (show) {
        lab_print(show, "%3d words          %s", c.words, lines[0].data);
        lab_print(show, "%3d bytes          %s", c.bytes, lines[1].data);
        lab_print(show, "%3d longest match  %s", c.longest, lines[2].data);
        lab_print(show, "%3d merges (BPE)   %s", c.merges, lines[3].data);
        lab_print(show, "    their ids      %s", lines[4].data);
    }
    trie_free(&trie), free(ids.at);
    for (int i = 0; i < 5; i++) free(lines[i].data);
    return c;
}

// ---- claims

// Counted by hand, in the lecture's drawing.
static void claim_sentence(Lab *lab, const Tokenizer *t) {
    Cuts c = cut(t, sentence, NULL);
    claim_equal(lab, "1.39", "the sentence: words and full stops", 15, c.words);
    claim_equal(lab, "1.39", "words that no story has: kite, he", 2, c.unknown);
    claim_equal(lab, "1.39", "tokens by single bytes", 58, c.bytes);
    claim_equal(lab, "1.39", "tokens by longest match", 24, c.longest);
    claim_equal(lab, "1.39", "tokens by merges", 24, c.merges);
    // " he": longest match takes " h" and leaves e, merges made "he" before " h"
    claim_equal(lab, "1.39", "places where these two cut differently", 2, c.unlike);
}

// A number of k digits under a pattern that allows three at most: pieces of three from
// the left, and at the end what is left over.
static int wrong_pieces(const char *name) {
    Error err;
    Pattern *pattern = pattern_new(name, &err);
    if (!pattern) die("%s", err.text);
    Splitter s = splitter_new(pattern);
    int wrong = 0;
    for (size_t k = 1; k <= DIGITS_MOST; k++) {
        char number[DIGITS_MOST + FILE_PADDING];
        memset(number, 0, sizeof number);
        memset(number, '7', k);
        splitter_start(&s, number, k);
        size_t pieces = 0, last = 0;
        for (size_t at = 0, end; at < k; at = end, pieces++) {
            end = splitter_next(&s, at, &err);
            if (end == SIZE_MAX) die("%s", err.text);
            last = end - at;
        }
        wrong += pieces != (k + 2) / 3 || last != (k - 1) % 3 + 1;
    }
    splitter_free(&s);
    pattern_free(pattern);
    return wrong;
}

static void claim_numbers(Lab *lab) {
    claim_equal(lab, "1.40", "numbers of 1 to 30 digits not cut by threes: cl100k", 0,
                wrong_pieces("cl100k"));
    claim_equal(lab, "1.40", "the same, o200k", 0, wrong_pieces("o200k"));
}

// The stories hold no byte above 0x7F, so no merge was learned of such bytes.
static void claim_weather(Lab *lab, const Tokenizer *t) {
    Ids ids = by_merges(t, weather);
    claim_equal(lab, "1.41", "7 Chinese characters, English merges: tokens", 3 * 7,
                (long long)ids.size);
    free(ids.at);
}

static void run(Lab *lab) {
    const char *text = option_text(&lab->args, "text");
    int merges = (int)option_int(&lab->args, "merges", 0, 1000);
    size_t n = strlen(text);
    if (n < 1 || n > TEXT_MOST)
        die("--text: expected 1 to %d bytes, this has %zu", TEXT_MOST, n);
    Tokenizer shown = train_on_stories(merges), t = train_on_stories(MERGES);
    cut(&shown, text, lab);
    claim_sentence(lab, &t);
    claim_numbers(lab);
    claim_weather(lab, &t);
    tokenizer_free(&shown), tokenizer_free(&t);
}

const LabSpec lab_four_ways = {"four-ways", "1.1", "One sentence, cut four ways", run,
                               options};
