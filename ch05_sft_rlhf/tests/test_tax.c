// The loss on stories: of a model that knows nothing, and of pairs by hand.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/tax.h"

// All logits 0: ln V per token, whatever the story, its END included.
Test(tax, a_model_that_knows_nothing) {
    enum { STORIES = 20, VOCABULARY = 300 };
    static Tokenizer tokenizer;
    static Model m;
    static const char text[] = "Anna met Tom in the park. Tom took the red kite home.";
    ChatTemplate chat;
    Documents d;
    Error err;
    double losses[STORIES];
    Story story = story_new();
    documents_of(&d, text, sizeof text - 1);
    cr_assert(chat_tokenizer(&tokenizer, &d, VOCABULARY, &err), "%s", err.text);
    cr_assert(chat_template_of(&chat, &tokenizer, &err), "%s", err.text);
    Config c = config_small_llama(tokenizer.size, 64, 16, 1, 2, 2);
    cr_assert(model_new(&m, &c, &err), "%s", err.text);
    model_allocate(&m, NULL);
    tax_losses(losses, &m, &chat, &story, STORIES, rng_new(3));
    for (int i = 0; i < STORIES; i++)
        cr_assert_float_eq(losses[i], log(tokenizer.size), 1e-5);
    model_free(&m), documents_free(&d), story_free(&story), tokenizer_free(&tokenizer);
}

Test(tax, by_hand) {
    Mean m = tax_of((double[]){2, 3, 5}, (double[]){1, 3, 3}, 3);
    cr_assert_eq(mean_of(m), 1);
    cr_assert_float_eq(mean_error(m), 1 / sqrt(3), 1e-15);
}
