// Whole words as a vocabulary: read from a text, printed as prose, kept in a checkpoint.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/published.h"
#include "ch03_transformer/word_list.h"

static char *list[] = {"Tom", "has", "the", "ball", ".", ",", "?", "<end>", "who"};
static const WordList words = {list, 9, 7};

Test(word_list, texts) {
    Ids ids = {0};
    Error err;
    const int expected[] = {8, 1, 2, 3, 6, 0, 1, 2, 3, 4};
    cr_assert(word_list_encode(&words, " Who has the ball? tom HAS\n the ball. ", &ids,
                               &err));
    cr_assert_eq(ids.size, 10);
    for (int i = 0; i < 10; i++) cr_expect_eq(ids.at[i], expected[i]);
    cr_assert_not(word_list_encode(&words, "Tom has it", &ids, &err));
    cr_expect_str_eq(err.text, "'it' is none of the model's words");
    cr_assert_not(word_list_encode(&words, "Tomato", &ids, &err),
                  "no beginning of one");
    cr_assert_not(word_list_encode(&words, "To", &ids, &err));
    free(ids.at);
}

static char *printed(const WordList *w, const int *ids, int n) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < n; i++) word_list_print(w, out, i ? ids[i - 1] : -1, ids[i]);
    fclose(out);
    return text;
}

Test(word_list, prose) {
    const int ids[] = {7, 8, 1, 2, 3, 6, 2, 3, 5, 0, 4, 7, 12};
    char *text = printed(&words, ids, 13);
    cr_expect_str_eq(text, "Who has the ball? The ball, Tom.");
    free(text);
    char *letters[] = {"a", "b", "<end>"};
    WordList abc = {letters, 3, 2};
    text = printed(&abc, (int[]){2, 0, 1, 1}, 4);
    cr_expect_str_eq(text, "a b b");
    free(text);
}

// The notes of a model, as they are and with one of them changed.
static bool read_back(WordList *w, const char *path, const char *key, const char *value,
                      Error *err) {
    Checkpoint c;
    cr_assert(checkpoint_read(&c, path, err), "%s", err->text);
    for (int i = 0; key && i < c.note_count; i++)
        if (strcmp(c.notes[i].key, key) == 0) {
            free((char *)c.notes[i].value);
            c.notes[i].value = strdup(value);
        }
    bool ok = word_list_is_noted(&c) && word_list_of_notes(w, &c, path, err);
    checkpoint_free(&c);
    return ok;
}

Test(word_list, in_a_checkpoint) {
    char path[] = "/tmp/course-words-XXXXXX";
    close(mkstemp(path));
    Model m;
    Error err;
    Config c = config_small_gpt(9, 4, 8, 1, 2);
    Rng rng = rng_new(1);
    cr_assert(model_new(&m, &c, &err));
    model_allocate(&m, &rng);
    CheckpointNote more = {"language", "tom"};
    cr_assert(model_save_with_word_list(path, &m, &words, &more, 1, &err));
    WordList again;
    cr_assert(read_back(&again, path, NULL, NULL, &err), "%s", err.text);
    cr_assert_eq(again.count, 9);
    cr_expect_eq(again.end, 7);
    for (int i = 0; i < 9; i++) cr_expect_str_eq(again.list[i], list[i]);
    word_list_free(&again);
    const char *const ends[] = {"9", "-1", "x", "3x", ""};
    for (int i = 0; i < 5; i++)
        cr_expect_not(read_back(&again, path, "words.end", ends[i], &err), "%s",
                      ends[i]);
    cr_expect(strstr(err.text, "words.end: expected one of 9 words"), "%s", err.text);
    cr_expect_not(read_back(&again, path, "words.3", "", &err), "a list with a gap");
    model_free(&m), unlink(path);
}
