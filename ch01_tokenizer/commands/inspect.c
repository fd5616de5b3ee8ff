// inspect: the vocabulary, one line per id.
#include <inttypes.h>
#include <stdlib.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/commands/shared.h"

const Option inspect_options[] = {MODEL_OPTIONS, {0}};

int inspect(const Args *args) {
    no_files(args, "inspect");
    Tokenizer t;
    model_or_die(&t, args);
    printf("# %d ids; pattern %s\n# id\tleft\tright\tcount\ttext\n", t.size,
           t.expression);
    char *text = NULL;
    size_t capacity = 0, size;
    for (int id = 0; id < t.size; id++) {
        const char *bytes = token_bytes(&t, id, &size);
        if (!bytes) continue;
        reserve(text, capacity, 4 * size + 1);
        escape(text, bytes, size);
        const Token *token = &t.tokens[id];
        printf("%d\t", id);
        if (token->left == NO_SYMBOL) printf("-\t-\t");
        else printf("%d\t%d\t", token->left, token->right);
        if (token->count) printf("%" PRIu64 "\t", token->count);
        else printf("-\t");
        printf("\"%s\"%s\n", text, tokenizer_is_special(&t, id) ? " special" : "");
    }
    free(text);
    Output out = standard_output();
    commit_or_die(&out);
    tokenizer_free(&t);
    return 0;
}
