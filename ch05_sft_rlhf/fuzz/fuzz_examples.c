// libFuzzer target (`make fuzz`): files of examples that nobody would write.
//
// Whatever can be read keeps what examples.h promises: a conversation that ends with a
// user, texts that are not empty, answers that differ, one kind in a file. Everything else
// is refused in one line that begins with the file. Nothing touches the disk.
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "ch05_sft_rlhf/examples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const Examples *e, const Example *x) {
    assert(x->count > 0 && x->messages[x->count - 1].speaker == SPEAKER_USER);
    for (int i = 0; i < x->count; i++) assert(x->messages[i].text[0]);
    assert(x->answer && x->answer[0] && x->line > 0);
    assert(e->preferences == (x->rejected != NULL));
    if (!x->rejected) return;
    assert(x->rejected[0] && strcmp(x->answer, x->rejected) != 0);
    assert(x->strength > 0 && x->strength <= 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Examples e;
    Error err = {""};
    if (examples_of_text(&e, "fuzz", (const char *)data, size, &err)) {
        assert(e.count > 0);
        for (size_t i = 0; i < e.count; i++) check(&e, &e.list[i]);
        examples_free(&e);
    } else {
        assert(strncmp(err.text, "fuzz:", 5) == 0 && !strchr(err.text, '\n'));
        assert(!e.list && !e.path);
    }
    return 0;
}
