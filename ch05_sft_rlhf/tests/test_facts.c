// Facts: files, words, the invented world, and how a reader sees them.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/facts.h"
#include "ch05_sft_rlhf/reader.h"

static bool read(Facts *f, const char *text, Error *err) {
    return facts_of_text(f, "f.tsv", text, strlen(text), err);
}

static void refuse(const char *text, const char *expected) {
    Facts f;
    Error err = {""};
    cr_assert_not(read(&f, text, &err), "%s", text);
    cr_assert_eq(strncmp(err.text, expected, strlen(expected)), 0, "%s", err.text);
    cr_assert_null(f.list);
}

Test(facts, reads_columns_in_any_order) {
    Facts f;
    Error err;
    cr_assert(read(&f,
                   "\xef\xbb\xbf"
                   "answer\tother\tfact\tquestion\r\n"
                   "Lima\tx\tThe capital of Peru is Lima.\tWhich is it?\r\n"
                   "\r\n\t\tThe boss of Zorg is Blax.\t\r\n",
                   &err),
              "%s", err.text);
    cr_assert_eq(f.count, 2);
    cr_assert_str_eq(f.list[0].answer, "Lima");
    cr_assert_str_eq(f.list[0].question, "Which is it?");
    cr_assert_null(f.list[1].question);
    cr_assert_eq(f.list[1].line, 4);
    facts_free(&f);
}

Test(facts, refuses) {
    refuse("", "f.tsv: no facts in it");
    refuse("fact\n", "f.tsv: no facts in it");
    refuse("text\nA b.\n", "f.tsv:1: no column 'fact'");
    refuse("fact\tquestion\nA b.\tB?\n", "f.tsv:1: no column 'answer'");
    refuse("fact\tfact\nA\tb\n", "f.tsv:1: a column that is named twice");
    refuse("fact\tx\nA b.\tc\n.\td\n", "f.tsv:3: an empty fact");
    refuse("fact\tx\nA b.\n", "f.tsv:2: 1 columns: expected 2");
    refuse("fact\nTom has it.\nAnna has it.\n\nTOM has it!\n",
           "f.tsv:5: the fact of line 2 again");
    refuse("fact\na a a a a a a a a a a a a a a a a\n", "f.tsv:2: fact of 17 words");
    refuse("fact\tquestion\tanswer\nTom has it.\tWho?\tAnna\n",
           "f.tsv:2: 'Anna' of the answer is no word of the fact");
    refuse("fact\tquestion\tanswer\nTom has it.\tWho?\t\n",
           "f.tsv:2: a question without");
    refuse("fact\tquestion\tanswer\nTom has it.\t\tTom\n",
           "f.tsv:2: an answer without");
    refuse("fact\nTom \xff.\n", "f.tsv:2: byte 5 is not UTF-8");
}

Test(facts, words) {
    Terms a = terms_of(" \"Caf\xc3\xa9, no. 7!\" "), b = terms_of("caf\xc3\xa9 NO 7");
    cr_assert_eq(a.count, 3);
    cr_assert_str_eq(a.list[0].text, "Caf\xc3\xa9");
    cr_assert(terms_equal(&a, &b));
    cr_assert_eq(a.list[1].hash, term_hash("no"));
    terms_free(&a), terms_free(&b);
    cr_assert_eq(terms_of("?!").count, 0);
}

// Every wording has name and value; what is asked as never is asked in no other way.
Test(facts, world) {
    Rng rng = rng_new(1);
    for (int r = 0; r < RELATIONS; r++)
        for (int i = 0; i < 20; i++) {
            char who[32];
            world_name(who, sizeof who, i % 2, &rng);
            WorldFact f = world_fact((Relation)r, who, i % 3, &rng);
            Text said = {0}, asked = {0};
            world_say(&f, &said), world_ask(&f, (Asking)(i % ASKINGS), &rng, &asked);
            cr_assert(strstr(said.data, f.who) && strstr(said.data, f.value));
            cr_assert(strstr(asked.data, f.who) && !strstr(asked.data, f.value));
            WorldFact changed = f;
            world_change(&changed, true, &rng);
            cr_assert_str_neq(changed.value, f.value);
            free(said.data), free(asked.data);
        }
}

// A word has one id in a question and in all facts that are read for it.
Test(reader, binding) {
    Vocabulary v = vocabulary_new();
    ReaderTokens t = reader_tokens(&v);
    Terms q = terms_of("What is the pet of Zorg?"), a = terms_of("Zorg owns a Yeti."),
          b = terms_of("The pet of Yeti is Zorg's Fly.");
    Binding bound = reader_bind(&v, &q);
    Ids first = {0}, second = {0};
    reader_prompt(&v, &bound, &q, &a, &first),
        reader_prompt(&v, &bound, &q, &b, &second);
    cr_assert_eq(first.size, (size_t)(q.count + a.count + 2));
    cr_assert_eq(first.at[5], t.first_slot);  // Zorg: the question's first new word
    cr_assert_eq(first.at[7], t.first_slot);  // and so in the fact
    cr_assert_eq(first.at[10], t.first_slot + READER_WORDS);  // Yeti: the facts' first
    cr_assert_eq(second.at[10], first.at[10]);
    cr_assert_eq(second.at[12], t.first_slot);
    cr_assert_eq(first.at[first.size - 1], t.mark);
    Text text = {0};
    reader_text(&v, &bound, (int[]){first.at[10], first.at[8], t.end}, 3, &text);
    cr_assert_str_eq(text.data, "Yeti owns");
    free(text.data), free(first.at), free(second.at);
    terms_free(&q), terms_free(&a), terms_free(&b), vocabulary_free(&v);
}

// Training rows: the answer is in the fact, or it is "I do not know".
Test(reader, rows) {
    Vocabulary v = vocabulary_new();
    ReaderTokens t = reader_tokens(&v);
    ReaderPlan plan = reader_plan_usual;
    int unknown = 0;
    for (int n = 0; n < 500; n++) {
        Exchange e = reader_row(&v, &plan, n), again = reader_row(&v, &plan, n);
        cr_assert_eq(memcmp(e.ids, again.ids, (size_t)e.length * sizeof *e.ids), 0);
        cr_assert(e.finished && e.ids[e.prompt - 1] == t.mark);
        bool says = e.ids[e.prompt] == t.unknown;
        unknown += says;
        for (int i = e.prompt; !says && i < e.length - 1; i++) {
            bool there = false;
            for (int k = 0; k < e.prompt; k++) there |= e.ids[k] == e.ids[i];
            cr_assert(there);
        }
        exchange_free(&e), exchange_free(&again);
    }
    // five standard errors of 500 draws at 0.4
    cr_assert_float_eq(unknown / 500.0, plan.unknown, 5 * 0.022);
    vocabulary_free(&v);
}
