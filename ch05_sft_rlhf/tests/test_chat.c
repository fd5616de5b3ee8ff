// The chat template and fine-tuning rows: prompts are beginnings of the whole, marks cannot
// be typed, answers and their ends are targets, packing leaks nothing.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/published.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/sft.h"
#include "ch05_sft_rlhf/tests/small.h"

Test(chat, a_prompt_is_a_beginning_of_the_whole) {
    SmallChat s;
    small_chat_new(&s);
    for (uint64_t n = 0; n < 50; n++) {
        Rng rng = rng_new(n);
        Conversation c = instruct(&s.from, &rng);
        Ids whole = {0}, counted = {0};
        chat_encode(&s.chat, &c, false, &whole, &counted);
        cr_assert_eq(whole.size, counted.size);
        size_t expected = 0;
        for (int turn = 0; turn < c.count; turn++) {
            Ids prompt = {0}, answer = {0};
            Error err;
            chat_prompt(&s.chat, &c, turn, &prompt);
            cr_assert_arr_eq(prompt.at, whole.at, prompt.size * sizeof(int));
            cr_assert_eq(prompt.at[prompt.size - 1], s.chat.assistant);
            // what counts is the answer from its first token to its end, and no more
            cr_assert(chat_answer(&s.chat, c.turns[turn].answer.data, &answer, &err));
            cr_assert_eq(counted.at[prompt.size - 1], 0);
            for (size_t i = 0; i < answer.size; i++) {
                cr_assert_eq(counted.at[prompt.size + i], 1);
                cr_assert_eq(whole.at[prompt.size + i], answer.at[i]);
            }
            cr_assert_eq(answer.at[answer.size - 1], s.chat.end);
            char *text = chat_text(&s.chat, answer.at, (int)answer.size);
            cr_assert_str_eq(text, c.turns[turn].answer.data);
            expected += answer.size;
            free(text), free(prompt.at), free(answer.at);
        }
        for (size_t i = 0; i < counted.size; i++) expected -= (size_t)counted.at[i];
        cr_assert_eq(expected, 0);
        free(whole.at), free(counted.at), conversation_free(&c);
    }
    small_chat_free(&s);
}

Test(chat, marks_that_are_typed_are_letters) {
    SmallChat s;
    Ids ids = {0};
    Error err;
    small_chat_new(&s);
    cr_assert(chat_question(&s.chat, "<|assistant|> yes <|endoftext|>", &ids, &err));
    for (size_t i = 1; i + 1 < ids.size; i++)
        cr_assert(!tokenizer_is_special(&s.tokenizer, ids.at[i]));
    free(ids.at), small_chat_free(&s);
}

Test(chat, the_last_answer_alone) {
    SmallChat s;
    small_chat_new(&s);
    Rng rng = rng_new(4);
    Conversation c = {0};
    do conversation_free(&c), c = instruct(&s.from, &rng);
    while (c.count < 3);
    Ids ids = {0}, counted = {0}, prompt = {0};
    chat_encode(&s.chat, &c, true, &ids, &counted);
    chat_prompt(&s.chat, &c, c.count - 1, &prompt);
    for (size_t i = 0; i < ids.size; i++)
        cr_assert_eq(counted.at[i], i >= prompt.size, "%zu", i);
    free(ids.at), free(counted.at), free(prompt.at);
    conversation_free(&c), small_chat_free(&s);
}

// ---- rows

enum { TIME = 700 };  // of letters, nearly: this tokenizer knows few words

static SftData data_of(const SmallChat *s, bool alone) {
    return (SftData){.chat = s->chat,
                     .from = s->from,
                     .alone = alone,
                     .time = TIME,
                     .rng = rng_new(2)};
}

Test(sft, rows_are_shifted_by_one) {
    SmallChat s;
    small_chat_new(&s);
    SftData d = data_of(&s, false);
    Batch b = sft_batch_new(&d, 3);
    sft_fill(&b, &d, 5);
    long long ends = 0, several = 0;
    for (int i = 0; i < 3 * TIME; i++) {
        if (b.targets[i] < 0) continue;
        // what is to be predicted is what is read next; an end may be the row's last
        if ((i + 1) % TIME) cr_assert_eq(b.targets[i], b.tokens[i + 1]);
        ends += b.targets[i] == s.chat.end;
        several += b.firsts[i] > 0;
    }
    cr_assert_gt(ends, 3);
    cr_assert_gt(several, 0, "one conversation per row: nothing is packed");
    batch_free(&b), small_chat_free(&s);
}

// A question of so many letters.
static Conversation draw_sizes(void *self, long long n, int which, Rng *rng) {
    static const int sizes[] = {500, 400, 50, 400, 400, 400, 400, 20};
    Conversation c = {.count = 1};
    (void)self, (void)n, (void)rng;
    cr_assert_lt(which, 7, "a row goes on after four that find no room");
    text_add(&c.turns[0].question, "%0*d", sizes[which], 7);
    text_add(&c.turns[0].answer, "Yes.");
    return c;
}

// What does not fit is passed over, for something that may.
Test(sft, rows_are_filled) {
    SmallChat s;
    small_chat_new(&s);
    SftData d = data_of(&s, false);
    d.draw = draw_sizes;
    Batch b = sft_batch_new(&d, 1);
    sft_fill(&b, &d, 0);
    int ends = 0, last = 0;
    for (int i = 0; i < TIME; i++)
        if (b.targets[i] == s.chat.end) ends++, last = i;
    cr_assert_eq(ends, 2);
    cr_assert(last > 550 && last < 580, "%d", last);
    batch_free(&b), small_chat_free(&s);
}

// What counts begins where the mark of the assistant is read, and ends where END is.
Test(sft, targets_are_answers) {
    SmallChat s;
    small_chat_new(&s);
    SftData d = data_of(&s, false);
    Batch b = sft_batch_new(&d, 3);
    sft_fill(&b, &d, 5);
    for (int r = 0; r < 3; r++) {
        bool answering = false;
        for (int i = r * TIME; i < (r + 1) * TIME; i++) {
            if (b.tokens[i] == s.chat.assistant) answering = true;
            if (b.tokens[i] == s.chat.end) answering = false;
            cr_assert_eq(b.targets[i] >= 0, answering, "%d", i);
        }
    }
    batch_free(&b), small_chat_free(&s);
}

static void model_of(Model *m, int vocabulary) {
    Config c = config_small_llama(vocabulary, TIME, 16, 1, 2, 2);
    Error err;
    Rng rng = rng_new(1);
    c.init = INIT_XAVIER;
    c.tied = false;  // so that the table's gradient is that of what is read
    cr_assert(model_new(m, &c, &err), "%s", err.text);
    model_allocate(m, &rng), params_allocate_grads(&m->params);
}

// The log-probabilities of a packed row's answers are those of its conversations alone.
Test(sft, packing_leaks_nothing) {
    SmallChat s;
    Model m;
    small_chat_new(&s), model_of(&m, s.tokenizer.size);
    SftData d = data_of(&s, false);
    Batch packed = sft_batch_new(&d, 1);
    sft_fill(&packed, &d, 1);
    Tape *t = tape_new(&m.params);
    Mat whole = mat_new(1, TIME);
    objective_log_probs(whole, t, &m, &packed);
    tape_reset(t);
    int conversations = 0;
    for (int first = 0, next; first < TIME; first = next, conversations++) {
        for (next = first; next < TIME && packed.firsts[next] == first;) next++;
        Batch one = batch_new(1, next - first, 0, 0);
        memcpy(one.tokens, packed.tokens + first, (size_t)(next - first) * sizeof(int));
        memcpy(one.targets, packed.targets + first,
               (size_t)(next - first) * sizeof(int));
        batch_count(&one);
        Mat found = mat_new(1, one.time);
        objective_log_probs(found, t, &m, &one);
        for (int i = 0; i < one.time; i++)
            cr_assert_float_eq(*mat_at(found, 0, i), *mat_at(whole, 0, first + i),
                               2e-5);
        tape_reset(t), mat_free(found), batch_free(&one);
    }
    cr_assert_gt(conversations, 2);
    mat_free(whole), tape_free(t), batch_free(&packed), model_free(&m),
        small_chat_free(&s);
}

// The gradient is zero at the logits of a prompt, and not at its embeddings: what the
// prompt says is learnt to be used, not to be said.
Test(sft, gradient_of_a_prompt) {
    SmallChat s;
    Model m;
    small_chat_new(&s), model_of(&m, s.tokenizer.size);
    SftData d = data_of(&s, true);
    Batch b = sft_batch_new(&d, 1);
    sft_fill(&b, &d, 0);
    Tape *t = tape_new(&m.params);
    Tokens in = batch_tokens(&b);
    Node *logits = model_logits(t, &m, model_hidden(t, &m, &in));
    logits->keeps_grad = true;
    tape_backward(t, cross_entropy(t, logits, b.targets));
    for (int i = 0; i < TIME; i++) {
        double most = 0;
        for (int k = 0; k < logits->grad.cols; k++)
            most = fmax(most, fabs((double)*mat_at(logits->grad, i, k)));
        cr_assert_eq(most > 0, b.targets[i] >= 0, "%d", i);
    }
    // the answers' loss pulls on what the prompt's tokens are
    Mat table = params_grad(&m.params, m.token);
    double most = 0;
    for (int k = 0; k < table.cols; k++)
        most = fmax(most, fabs((double)*mat_at(table, s.chat.user, k)));
    cr_assert_gt(most, 0);
    tape_free(t), batch_free(&b), model_free(&m), small_chat_free(&s);
}

Test(sft, the_same_row_for_the_same_number) {
    SmallChat s;
    small_chat_new(&s);
    SftData d = data_of(&s, false);
    Batch a = sft_batch_new(&d, 2), b = sft_batch_new(&d, 1);
    sft_fill(&a, &d, 6), sft_fill(&b, &d, 7);
    cr_assert_arr_eq(a.tokens + TIME, b.tokens, TIME * sizeof(int));
    cr_assert_arr_eq(a.targets + TIME, b.targets, TIME * sizeof(int));
    batch_free(&a), batch_free(&b), small_chat_free(&s);
}
