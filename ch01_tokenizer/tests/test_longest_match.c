// Longest match: scan, trie and dynamic programming against brute force.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/longest_match.h"
#include "common/numeric/rng.h"

enum { WORDS = 12, LONGEST = 5, TEXT = 14 };

typedef struct {
    char words[WORDS][LONGEST + 1];
    int count;
    Trie trie;
} List;

static void list_add(List *list, const char *word) {
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->words[i], word) == 0) return;
    strcpy(list->words[list->count], word);
    trie_add(&list->trie, word, strlen(word), list->count++);
}

static void random_string(Rng *rng, char *to, int n, int letters) {
    for (int i = 0; i < n; i++) to[i] = (char)('a' + rng_below(rng, letters));
    to[n] = '\0';
}

// Up to WORDS strings over a, b, c; with the letters themselves or not.
static List random_list(Rng *rng, bool letters) {
    List list = {0};
    for (int i = 0; letters && i < 3; i++)
        list_add(&list, (const char[]){(char)('a' + i), '\0'});
    for (int i = rng_below(rng, 9); i > 0; i--) {
        char word[LONGEST + 1];
        random_string(rng, word, 1 + rng_below(rng, LONGEST), 3);
        list_add(&list, word);
    }
    return list;
}

static int find(const List *list, const char *text, size_t n) {
    for (int i = 0; i < list->count; i++)
        if (strlen(list->words[i]) == n && memcmp(list->words[i], text, n) == 0)
            return i;
    return NO_TOKEN;
}

Test(longest_match, trie_is_the_list) {
    Rng rng = rng_new(1);
    for (int round = 0; round < 300; round++) {
        List list = random_list(&rng, round % 2);
        for (int i = 0; i < 100; i++) {
            char text[TEXT + 1];
            random_string(&rng, text, 1 + rng_below(&rng, LONGEST), 3);
            cr_assert_eq(trie_find(&list.trie, text, strlen(text)),
                         find(&list, text, strlen(text)), "%s", text);
        }
        cr_assert_eq(trie_find(&list.trie, "", 0), NO_TOKEN);
        trie_free(&list.trie);
    }
}

// By the definition, on the list: the longest word of the list that the text begins
// with.
static size_t greedy(const List *list, const char *text, int *tokens, bool longest) {
    size_t count = 0, length;
    for (; *text; text += length) {
        int best = NO_TOKEN;
        length = 1;  // unknown letters are one byte here
        for (int i = 0; i < list->count; i++) {
            size_t n = strlen(list->words[i]);
            if (strncmp(list->words[i], text, n) != 0) continue;
            if (best != NO_TOKEN && longest == (n < length)) continue;
            best = i, length = n;
        }
        tokens[count++] = best;
    }
    return count;
}

static size_t fewest_by_trying(const List *list, const char *text) {
    size_t fewest = *text ? NO_SEGMENTATION : 0;
    for (int i = 0; *text && i < list->count; i++) {
        size_t n = strlen(list->words[i]);
        if (strncmp(list->words[i], text, n) != 0) continue;
        size_t rest = fewest_by_trying(list, text + n);
        if (rest != NO_SEGMENTATION && rest + 1 < fewest) fewest = rest + 1;
    }
    return fewest;
}

static void assert_spells(const List *list, const int *tokens, size_t count,
                          const char *text) {
    char spelt[TEXT + 1] = "";
    for (size_t i = 0; i < count; i++) strcat(spelt, list->words[tokens[i]]);
    cr_assert_str_eq(spelt, text);
}

Test(longest_match, against_brute_force) {
    Rng rng = rng_new(2);
    for (int round = 0; round < 3000; round++) {
        List list = random_list(&rng, round % 2);
        char text[TEXT + 1];
        int tokens[TEXT + 1], expected[TEXT + 1];
        // d is unknown
        random_string(&rng, text, rng_below(&rng, TEXT + 1), round % 5 ? 3 : 4);
        size_t n = strlen(text), count = greedy(&list, text, expected, true),
               bytes = count * sizeof *tokens;
        cr_assert_eq(longest_match(&list.trie, text, n, tokens, NULL), count);
        cr_assert(memcmp(tokens, expected, bytes) == 0, "%s", text);
        cr_assert_eq(longest_match_scan(&list.trie, text, n, tokens, NULL, NULL, NULL),
                     count);
        cr_assert(memcmp(tokens, expected, bytes) == 0, "%s", text);
        count = greedy(&list, text, expected, false);
        cr_assert_eq(shortest_match(&list.trie, text, n, tokens), count);
        cr_assert(memcmp(tokens, expected, count * sizeof *tokens) == 0, "%s", text);
        count = fewest_tokens(&list.trie, text, n, tokens);
        cr_assert_eq(count, fewest_by_trying(&list, text), "%s", text);
        if (count != NO_SEGMENTATION) assert_spells(&list, tokens, count, text);
        trie_free(&list.trie);
    }
}

// The note: 6 + 4 + 1 questions, of 7 6 5 4 3 2, 5 4 3 2, 3 characters.
static void remember(void *context, const char *prefix, size_t length, int token) {
    size_t **to = context;
    (void)prefix, (void)token;
    *(*to)++ = length / 3;
}

Test(longest_match, example_of_the_note) {
    static const char text[] = "今天天气真好啊";
    const size_t lengths[] = {7, 6, 5, 4, 3, 2, 5, 4, 3, 2, 3};
    size_t asked[32], *to = asked;
    int tokens[sizeof text];
    Trie trie = {0};
    trie_add(&trie, "今天", 6, 1), trie_add(&trie, "天气", 6, 2),
        trie_add(&trie, "真好啊", 9, 3);
    MatchWork scan = {0}, walk = {0};
    cr_assert_eq(
        longest_match_scan(&trie, text, strlen(text), tokens, &scan, remember, &to), 3);
    cr_assert(tokens[0] == 1 && tokens[1] == 2 && tokens[2] == 3);
    cr_assert_eq(to - asked, 11);
    cr_assert(memcmp(asked, lengths, sizeof lengths) == 0);
    cr_assert(scan.lookups == 11
              && scan.bytes == 3 * (7 + 6 + 5 + 4 + 3 + 2 + 5 + 4 + 3 + 2 + 3));
    cr_assert_eq(longest_match(&trie, text, strlen(text), tokens, &walk), 3);
    cr_assert(tokens[0] == 1 && tokens[1] == 2 && tokens[2] == 3);
    cr_assert(walk.lookups == 7 + 7 + 9,
              "6 + 1, 6 + 1 and, at the end of the text, 9 bytes");
    trie_free(&trie);
}

Test(longest_match, unknown_characters_are_one_token_each) {
    Trie trie = {0};
    trie_add(&trie, "天", 3, 0);
    int tokens[16];
    // Known, 3 bytes, 1 byte, known, two bytes that are no character.
    const char text[] = "天气x天\xff\xe5";
    const int expected[] = {0, NO_TOKEN, NO_TOKEN, 0, NO_TOKEN, NO_TOKEN};
    cr_assert_eq(longest_match(&trie, text, strlen(text), tokens, NULL), 6);
    cr_assert(memcmp(tokens, expected, sizeof expected) == 0);
    cr_assert_eq(shortest_match(&trie, text, strlen(text), tokens), 6);
    cr_assert(memcmp(tokens, expected, sizeof expected) == 0);
    cr_assert_eq(
        longest_match_scan(&trie, text, strlen(text), tokens, NULL, NULL, NULL), 6);
    cr_assert(memcmp(tokens, expected, sizeof expected) == 0);
    cr_assert_eq(fewest_tokens(&trie, text, strlen(text), tokens), NO_SEGMENTATION);
    trie_free(&trie);
    cr_assert_eq(longest_match(&trie, text, strlen(text), tokens, NULL), 6,
                 "the empty vocabulary");
    cr_assert_eq(longest_match_scan(&trie, "ab", 2, tokens, NULL, NULL, NULL), 2);
    cr_assert_eq(fewest_tokens(&trie, "", 0, tokens), 0);
    cr_assert_eq(fewest_tokens(&trie, "a", 1, tokens), NO_SEGMENTATION);
}

// Greedy can run into a dead end where a segmentation exists.
Test(longest_match, dead_end) {
    List list = {0};
    list_add(&list, "ab"), list_add(&list, "abc"), list_add(&list, "cd");
    int tokens[4];
    cr_assert_eq(longest_match(&list.trie, "abcd", 4, tokens, NULL), 2);
    cr_assert(tokens[0] == 1 && tokens[1] == NO_TOKEN);
    cr_assert_eq(fewest_tokens(&list.trie, "abcd", 4, tokens), 2);
    cr_assert(tokens[0] == 0 && tokens[1] == 2);
    trie_free(&list.trie);
}

// a|bc and ab|c are equally short: the longer first token.
Test(longest_match, fewest_tokens_breaks_ties) {
    List list = {0};
    list_add(&list, "a"), list_add(&list, "ab"), list_add(&list, "bc"),
        list_add(&list, "c");
    int tokens[3];
    cr_assert_eq(fewest_tokens(&list.trie, "abc", 3, tokens), 2);
    cr_assert(tokens[0] == 1 && tokens[1] == 3);
    trie_free(&list.trie);
}

// Cohn and Khazan: greedy is optimal once every suffix of a token is a token. All
// prefixes do not help.
Test(longest_match, optimal_with_all_suffixes) {
    Rng rng = rng_new(3);
    int with_prefixes = 0;
    for (int round = 0; round < 3000; round++) {
        List list = random_list(&rng, true);
        Trie suffixes = {0}, prefixes = {0};
        for (int i = 0, t = 0; i < list.count; i++)
            for (size_t k = 0, n = strlen(list.words[i]); k < n; k++, t++) {
                trie_add(&suffixes, list.words[i] + k, n - k, t);
                trie_add(&prefixes, list.words[i], n - k, t);
            }
        char text[TEXT + 1];
        int tokens[TEXT + 1];
        random_string(&rng, text, TEXT, 3);
        cr_assert_eq(longest_match(&suffixes, text, TEXT, tokens, NULL),
                     fewest_tokens(&suffixes, text, TEXT, tokens));
        with_prefixes += longest_match(&prefixes, text, TEXT, tokens, NULL)
                         > fewest_tokens(&prefixes, text, TEXT, tokens);
        trie_free(&suffixes), trie_free(&prefixes), trie_free(&list.trie);
    }
    cr_assert(with_prefixes > 0);
}

// Merges bc < ab < cd on abcd: a|bc|d by the merges' order, ab|cd by length. BPE is not
// longest match.
Test(longest_match, is_not_bpe) {
    enum { a, b, c, d };
    List list = {0};
    for (int i = 0; i < 4; i++) list_add(&list, (const char[]){(char)('a' + i), '\0'});
    list_add(&list, "bc"), list_add(&list, "ab"), list_add(&list, "cd");
    PairTable table = {0};
    pair_table_add(&table, b, c, 4), pair_table_add(&table, a, b, 5),
        pair_table_add(&table, c, d, 6);
    int tokens[] = {a, b, c, d};
    cr_assert_eq(bpe_encode_naive(&table, tokens, 4, NULL), 3);
    cr_assert(tokens[0] == a && tokens[1] == 4 && tokens[2] == d);
    cr_assert_eq(longest_match(&list.trie, "abcd", 4, tokens, NULL), 2);
    cr_assert(tokens[0] == 5 && tokens[1] == 6);
    pair_table_free(&table), trie_free(&list.trie);
}

// The last of equal strings counts; a token that is a prefix of another is found on the
// way.
Test(longest_match, trie_longest) {
    Trie trie = {0};
    size_t length;
    uint64_t steps = 0;
    trie_add(&trie, "ab", 2, 3), trie_add(&trie, "abcd", 4, 4),
        trie_add(&trie, "ab", 2, 5);
    cr_assert(trie_longest(&trie, TRIE_ROOT, "abce", 4, &length, &steps) == 5
              && length == 2 && steps == 4);
    cr_assert(trie_longest(&trie, TRIE_ROOT, "abc", 3, &length, NULL) == 5
              && length == 2);
    cr_assert(trie_longest(&trie, TRIE_ROOT, "abcdx", 5, &length, NULL) == 4
              && length == 4);
    cr_assert(trie_longest(&trie, TRIE_ROOT, "b", 1, &length, NULL) == NO_TOKEN
              && length == 0);
    int from = trie_node(&trie, TRIE_ROOT, "a", 1);
    cr_assert(trie_longest(&trie, from, "bcd", 3, &length, NULL) == 4 && length == 3);
    cr_assert_eq(trie_node(&trie, TRIE_ROOT, "ac", 2), -1);
    trie_free(&trie);
    cr_assert_eq(trie_node(&trie, TRIE_ROOT, "", 0), -1,
                 "the empty trie has not even a root");
}
