// Files of examples: what is read from them, and what is refused, with which line.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/examples.h"

static Examples e;
static Error err;

static bool reads(const char *text) {
    return examples_of_text(&e, "f.tsv", text, strlen(text), &err);
}

static void refuses(const char *text, const char *message) {
    cr_assert(!reads(text), "was read: %s", text);
    cr_assert_str_eq(err.text, message);
    cr_assert_null(e.list);
}

#define PREFERENCES "prompt\tchosen\trejected\tstrength\n"

Test(examples, a_table_in_any_order) {
    cr_assert(reads("note\trejected\tprompt\tstrength\tchosen\n"
                    "x\tno\tWho?\t2.5\tTom.\n\n"
                    "\tNo, no\tWhere?\t1\tHere.\n"),
              "%s", err.text);
    cr_assert(e.count == 2 && e.preferences);
    cr_assert_str_eq(e.list[0].messages[0].text, "Who?");
    cr_assert_str_eq(e.list[0].answer, "Tom.");
    cr_assert_str_eq(e.list[1].rejected, "No, no");
    cr_assert_eq(e.list[0].strength, 2.5);
    cr_assert(e.list[0].line == 2 && e.list[1].line == 4);
    examples_free(&e);
}

Test(examples, answers_with_a_system_line_and_escapes) {
    cr_assert(
        reads("\xef\xbb\xbfsystem\tprompt\tanswer\r\nBe kind.\ta\\tb\\n\\\\c\\d\tTom."
              "\r\n\tWho?\tAnna."),
        "%s", err.text);
    cr_assert(e.count == 2 && !e.preferences);
    cr_assert(e.list[0].count == 2 && e.list[0].messages[0].speaker == SPEAKER_SYSTEM);
    cr_assert_str_eq(e.list[0].messages[1].text, "a\tb\n\\c\\d");
    cr_assert_str_eq(e.list[0].answer, "Tom.");
    cr_assert_eq(e.list[1].count, 1);
    cr_assert_null(e.list[1].rejected);
    examples_free(&e);
}

Test(examples, tables_that_are_refused) {
    refuses("", "f.tsv: no examples in it");
    refuses("\n \n", "f.tsv: no examples in it");
    refuses("prompt\tanswer\n", "f.tsv: no examples in it");
    const char *names =
        "f.tsv:1: expected the names of columns: prompt and answer, or prompt, chosen "
        "and rejected";
    refuses("prompt\tchosen\nWho?\tTom.\n", names);
    refuses("prompt\tanswer\tchosen\trejected\na\tb\tc\td\n", names);
    refuses("Who?\tTom.\n", names);
    refuses("prompt\tanswer\tprompt\na\tb\tc\n",
            "f.tsv:1: a column that is named twice");
    refuses(PREFERENCES "Who?\tTom.\tAnna.\n",
            "f.tsv:2: 3 columns: expected 4, as in the first line");
    refuses(PREFERENCES "\nWho?\tTom.\tTom.\t1\n",
            "f.tsv:3: chosen and rejected are the same");
    refuses(PREFERENCES " \tTom.\tAnna.\t1\n", "f.tsv:2: an empty prompt");
    refuses(PREFERENCES "Who?\tTom.\t\t1\n", "f.tsv:2: an empty answer");
    refuses(PREFERENCES "Who?\tTom.\tAnna.\tmuch\n",
            "f.tsv:2: strength 'much': expected a number");
    refuses(PREFERENCES "Who?\tTom.\tAnna.\t-1\n",
            "f.tsv:2: strength -1: expected a number above 0, at most 100");
    refuses(PREFERENCES "Who?\tTom.\tAnna.\tnan\n",
            "f.tsv:2: strength nan: expected a number above 0, at most 100");
    refuses("prompt\tanswer\nWho?\tTom \xc3(\n", "f.tsv:2: byte 10 is not UTF-8");
}

Test(examples, zero_bytes_and_huge_lines_are_refused) {
    static const char zero[] = "prompt\tanswer\nWho?\tT\0m.\n";
    cr_assert(!examples_of_text(&e, "f.tsv", zero, sizeof zero - 1, &err));
    cr_assert_str_eq(err.text, "f.tsv:2: a zero byte: expected text");
    size_t size = TABLE_LONGEST_LINE + 100;
    char *long_line = malloc(size + 1);
    memset(long_line, 'a', size), long_line[size] = '\0';
    memcpy(long_line, "prompt\tanswer\nb\t", 16);
    cr_assert(!reads(long_line));
    cr_assert_not_null(strstr(err.text, "f.tsv:2: a line of"));
    free(long_line);
}

#if __has_include(<jansson.h>)

#define SAYS(role, text) "{\"role\": \"" role "\", \"content\": \"" text "\"}"

Test(examples, messages) {
    cr_assert(
        reads("{\"messages\": [" SAYS("system", "Be kind.") "," SAYS(
            "user", "A?") "," SAYS("assistant",
                                   "B.") "," SAYS("user",
                                                  "C?") "," SAYS("assistant",
                                                                 "D \\u00e4.") "]}\n"),
        "%s", err.text);
    cr_assert(e.count == 1 && e.list[0].count == 4 && !e.preferences);
    cr_assert_str_eq(e.list[0].messages[3].text, "C?");
    cr_assert_str_eq(e.list[0].answer, "D \xc3\xa4.");
    examples_free(&e);
}

Test(examples, preferences_of_texts_and_of_messages) {
    const char *same[] = {
        "{\"prompt\": \"A?\", \"chosen\": \"B.\", \"rejected\": \"C.\", \"strength\": 3}",
        "{\"prompt\": [" SAYS("user", "A?") "], \"chosen\": [" SAYS("assistant", "B.")
            "], \"rejected\": [" SAYS("assistant", "C.") "], \"strength\": 3.0}",
        "{\"chosen\": [" SAYS("user", "A?") "," SAYS("assistant", "B.") "], "
        "\"rejected\": [" SAYS("user", "A?") "," SAYS("assistant", "C.") "], "
        "\"strength\": 3}"};
    for (int i = 0; i < 3; i++) {
        cr_assert(reads(same[i]), "%d: %s", i, err.text);
        cr_assert(e.preferences && e.list[0].count == 1 && e.list[0].strength == 3);
        cr_assert_str_eq(e.list[0].messages[0].text, "A?");
        cr_assert_str_eq(e.list[0].answer, "B.");
        cr_assert_str_eq(e.list[0].rejected, "C.");
        examples_free(&e);
    }
}

Test(examples, json_that_is_refused) {
    refuses(
        "{\"prompt\": \"A?\", \"completion\": \"B.\"}\n{\"prompt\": \"A?\", "
        "\"chosen\": "
        "\"B.\", \"rejected\": \"C.\"}",
        "f.tsv:2: a preference, and line 1 has an answer: expected one kind in a file");
    refuses(
        "{\"prompt\": \"A?\"}",
        "f.tsv:1: expected the keys messages, or prompt and answer, or prompt, chosen "
        "and rejected");
    refuses("{\"prompt\": \"A?\", \"answer\": 3}",
            "f.tsv:1: \"answer\": expected text, or messages that end with an "
            "assistant's");
    refuses("{\"prompt\": \"\", \"answer\": \"B.\"}", "f.tsv:1: an empty prompt");
    refuses("{\"answer\": \"B.\"}", "f.tsv:1: no prompt before the answer");
    refuses(
        "{\"messages\": [" SAYS("user", "A?") "," SAYS("user", "B?") "," SAYS(
            "assistant", "C.") "]}",
        "f.tsv:1: message 2 is of user: expected system first, then user and assistant "
        "in turn");
    refuses("{\"messages\": [" SAYS("robot", "A?") "]}",
            "f.tsv:1: \"messages\", message 1: expected a \"role\" (system, user or "
            "assistant) and a \"content\" that is text");
    refuses("{\"messages\": []}",
            "f.tsv:1: \"messages\": expected text, or messages that end with an "
            "assistant's");
    refuses("{\"chosen\": [" SAYS("user", "A?") "," SAYS("assistant", "B.") "], "
            "\"rejected\": [" SAYS("user", "X?") "," SAYS("assistant", "C.") "]}",
            "f.tsv:1: \"rejected\": another conversation than before it");
    cr_assert(!reads("{\"prompt\": \"A\", \"prompt\": \"B\", \"answer\": \"C\"}"));
    cr_assert_not_null(strstr(err.text, "f.tsv:1: not JSON: column"), "%s", err.text);
    cr_assert(!reads("{\"prompt\": \"A\\u0000\", \"answer\": \"C\"}"));
    cr_assert_not_null(strstr(err.text, "f.tsv:1: not JSON"), "%s", err.text);
    refuses("[{\"prompt\": \"A\", \"answer\": \"C\"}]",
            "f.tsv:1: a list of JSON: expected an object, {...}, on each line");
    cr_assert(!reads("{\"prompt\": \"A\", \"answer\": \"C\"}\n[1]"));
    cr_assert_str_eq(err.text, "f.tsv:2: expected an object, {...}");
}

#endif
