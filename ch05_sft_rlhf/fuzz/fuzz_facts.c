// libFuzzer target (`make fuzz`): tables of facts that nobody would write.
//
// Whatever can be read keeps what facts.h promises: facts of some words, questions with
// answers in the fact's words. Everything else is refused in one line that begins with the
// file. Nothing touches the disk.
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "ch05_sft_rlhf/facts.h"
#include "ch05_sft_rlhf/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(const char *text, int most) {
    Terms words = terms_of(text);
    assert(words.count >= 1 && words.count <= most);
    terms_free(&words);
}

static void check(const Fact *x) {
    assert(x->line > 0 && !x->question == !x->answer);
    check_words(x->text, FACT_WORDS);
    if (!x->question) return;
    check_words(x->question, FACT_WORDS), check_words(x->answer, FACT_ANSWER_WORDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Facts f;
    Error err = {""};
    if (facts_of_text(&f, "fuzz", (const char *)data, size, &err)) {
        assert(f.count > 0);
        for (size_t i = 0; i < f.count; i++) check(&f.list[i]);
        facts_free(&f);
    } else {
        assert(strncmp(err.text, "fuzz:", 5) == 0 && !strchr(err.text, '\n'));
        assert(!f.list && !f.path);
    }
    return 0;
}
