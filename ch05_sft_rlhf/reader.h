// A reader: a small transformer that answers a question from one fact, or says that it
// does not know. Lecture, section 5.16.
//
//     Where is the home of Kamiro ? | Kamiro lives in Oslo . |  ->  Oslo END
//     Where is the home of Kamiro ? | Dobatu lives in Rome . |  ->  (I do not know) END
//     Where is the home of Kamiro ? |                          the same, closed-book
//
// Words that it does not know (names, and whatever one's own facts are about) become
// slots: tokens without a meaning, which it learns to recognise and to copy. A binding
// says which word is in which slot: those of the question come first, in order, so that
// "the person who was asked about" is slot 0 whoever it is. A binding holds for a question
// and all facts that are read for it: a token means the same word in all of them.
//
//     Where is the home of [0] ? | [0] lives in Oslo . |
//     Where is the home of [0] ? | [16] lives in Rome . |
#pragma once
#include "ch03_transformer/model.h"
#include "ch05_sft_rlhf/exchange.h"
#include "ch05_sft_rlhf/fact_world.h"
#include "ch05_sft_rlhf/facts.h"
#include "ch05_sft_rlhf/stages.h"

enum {
    READER_WORDS = FACT_WORDS,  // of a question, of a fact, at most
    READER_FACTS = 4,           // that are read for one question, at most
    READER_SLOTS = READER_WORDS * (1 + READER_FACTS),
    READER_MOST_IDS = 1024
};

typedef struct {
    int end, unknown, mark;  // END; "I do not know"; what follows question and fact
    int first_slot, size;    // ids before it are the vocabulary's
} ReaderTokens;
ReaderTokens reader_tokens(const Vocabulary *v);

// Which word an id stands for here; NULL: none so far. Of the vocabulary's words it keeps
// how they were written.
typedef struct {
    const Term *word[READER_MOST_IDS];
    int first;  // of the facts' slots, where the next search begins
} Binding;

// The words of question and facts must stay where they are.
Binding reader_bind(const Vocabulary *v, const Terms *question);
// The prompt: question, mark, fact (NULL: closed-book), mark. Appended; words of the fact
// that are new are bound.
void reader_prompt(const Vocabulary *v, Binding *b, const Terms *question,
                   const Terms *fact, Ids *to);
// The words of an answer's ids, up to END; "I do not know" where it says so, ".." where
// there are none. Appended.
void reader_text(const Vocabulary *v, const Binding *b, const int *ids, int count,
                 Text *to);

// What a reader is made of: no model has the sizes of another by chance.
Config reader_config(const Vocabulary *v);

typedef struct {
    long long steps;
    int rows;
    double rate;
    // share of training rows whose fact does not answer the question
    double unknown;
    // closed-book: these facts are asked about, and no fact is shown; NULL: open-book,
    // on facts that are invented for each row
    const WorldFact *closed;
    int closed_count;
    uint64_t seed;
} ReaderPlan;
extern const ReaderPlan reader_plan_usual;

// m: of reader_config, with gradients.
void reader_train(Model *m, const Vocabulary *v, const ReaderPlan *plan,
                  StageProgress *progress, void *self);
// Row `n` of the training data.
Exchange reader_row(const Vocabulary *v, const ReaderPlan *plan, long long n);
