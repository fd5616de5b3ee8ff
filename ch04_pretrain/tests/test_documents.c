// Documents: where they end, which are held out, and that no byte is lost.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/documents.h"

static Documents of(const char *text) {
    Documents d;
    documents_of(&d, text, strlen(text));
    return d;
}

static bool is(const Document *d, const char *text) {
    return d->size == strlen(text) && memcmp(d->at, text, d->size) == 0;
}

static size_t bytes_of(const Documents *d) {
    size_t sum = 0;
    for (size_t i = 0; i < d->count; i++) sum += d->list[i].size;
    return sum;
}

Test(documents, ends) {
    Documents d = of("one<|endoftext|>two\n<|endoftext|> \n<|endoftext|>three");
    cr_assert_eq(d.count, 3, "a blank one is none");
    cr_assert(is(&d.list[0], "one") && is(&d.list[1], "two\n"));
    cr_assert(is(&d.list[2], "three"));
    documents_free(&d);
}

Test(documents, headings) {
    Documents d =
        of("Title\nCHAPTER I\nA CHAPTER of it\nChapter 2\nx\nPART of a whole\n");
    cr_assert_eq(d.count, 3);
    cr_assert(is(&d.list[0], "Title\n"));
    cr_assert(is(&d.list[1], "CHAPTER I\nA CHAPTER of it\n"));
    documents_free(&d);
}

// A text that says nothing, with and without lines, with NULs and broken UTF-8.
Test(documents, no_byte_is_lost) {
    enum { SIZE = 300000 };
    static char text[SIZE];
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < SIZE; i++) text[i] = (char)(33 + i * 7919L % 94);
        for (int i = 90; kind == 1 && i < SIZE; i += 91) text[i] = '\n';
        for (int i = 9; kind == 2 && i < SIZE; i += 10) text[i] = i % 20 ? 0 : '\xff';
        Documents d;
        documents_of(&d, text, SIZE);
        cr_assert_gt(d.count, 4);
        const char *at = text;
        for (size_t i = 0; i < d.count; at += d.list[i++].size) {
            cr_assert_eq(d.list[i].at, at);
            cr_assert_leq(d.list[i].size, 64 << 10);
        }
        cr_assert_eq(at, text + SIZE);
        documents_free(&d);
    }
}

// A copy of a document is gone before the split, so none is on both sides of it.
Test(documents, repeated_ones_go_first) {
    static char text[100000];
    char *to = text;
    for (int i = 0; i < 400; i++)
        to += sprintf(to, "document %d of many<|endoftext|>", i * i % 97);
    Documents d = of(text), rest, held_out;
    bool different[97] = {false};
    size_t expected = 0;
    for (int i = 0; i < 400; i++)
        if (!different[i * i % 97]) different[i * i % 97] = true, expected++;
    cr_assert_eq(d.count, expected);
    cr_assert_eq(d.repeated, 400 - expected);
    documents_split(&d, 5, &rest, &held_out);
    cr_assert_eq(held_out.count, expected / 5);
    cr_assert_eq(rest.count + held_out.count, expected);
    for (size_t i = 0; i < rest.count; i++)
        for (size_t k = 0; k < held_out.count; k++)
            cr_assert(
                rest.list[i].size != held_out.list[k].size
                || memcmp(rest.list[i].at, held_out.list[k].at, rest.list[i].size));
    documents_free(&d), documents_free(&rest), documents_free(&held_out);
}

Test(documents, split) {
    Documents d = of("a<|endoftext|>b<|endoftext|>c<|endoftext|>d"), rest, held_out;
    documents_split(&d, 2, &rest, &held_out);
    cr_assert(rest.count == 2 && is(&rest.list[0], "a") && is(&rest.list[1], "c"));
    cr_assert(is(&held_out.list[0], "b") && is(&held_out.list[1], "d"));
    documents_free(&rest), documents_free(&held_out);
    documents_split(&d, 20, &rest, &held_out);
    cr_assert(rest.count == 3 && held_out.count == 1 && is(&held_out.list[0], "d"));
    documents_free(&d), documents_free(&rest), documents_free(&held_out);
}

Test(documents, split_of_one) {
    const char *texts[] = {
        "a line\nanother\nand a third\nthe last, which is long\nend\n",
        "no line ends in this text at all"};
    for (int i = 0; i < 2; i++) {
        Documents d = of(texts[i]), rest, held_out;
        documents_split(&d, 20, &rest, &held_out);
        cr_assert(rest.count == 1 && held_out.count == 1);
        cr_assert_eq(bytes_of(&rest) + bytes_of(&held_out), strlen(texts[i]));
        documents_free(&d), documents_free(&rest), documents_free(&held_out);
    }
}

// Runs of 13 words: 15 words hold three.
Test(documents, shared_runs) {
    Documents a = of("a b c d e f g h i j k l m n o"),
              b = of("x a b c  d e f g h i j k l\nm n y"),
              c = of("a b c d e f g h i j k l x m n o");
    cr_assert_eq(documents_shared_runs(&a, &a), 3);
    cr_assert_eq(documents_shared_runs(&a, &b), 2);
    cr_assert_eq(documents_shared_runs(&a, &c), 0);
    Documents none = of("of fewer words than 13");
    cr_assert_eq(documents_shared_runs(&a, &none), 0);
    cr_assert_eq(documents_shared_runs(&none, &a), 0);
    documents_free(&none);
    documents_free(&a), documents_free(&b), documents_free(&c);
}
