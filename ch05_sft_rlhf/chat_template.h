// The chat template: a conversation as one row of tokens. Lecture, section 5.1.
//
//     <|system|> text  <|user|> text  <|assistant|> text <|endoftext|>  <|user|> ...
//                                    ^ from here the model goes on      ^ and here it ends
//
// The marks are tokens of their own, which no text can contain: a person who types
// "<|assistant|>" sends these letters. Each text begins with a space, so that a word has
// the same token wherever it stands. The pieces are encoded one by one; so the ids of a
// prompt are a beginning of the ids of the whole, always.
#pragma once
#include "ch01_tokenizer/tokenizer.h"
#include "ch04_pretrain/documents.h"
#include "ch05_sft_rlhf/exchange.h"
#include "ch05_sft_rlhf/instruct.h"

typedef struct {
    const Tokenizer *tokenizer;
    int end, system, user, assistant;
} ChatTemplate;

// The tokenizer must outlive it. False and err where it lacks one of the marks.
bool chat_template_of(ChatTemplate *c, const Tokenizer *t, Error *err);
// A tokenizer for these documents and for conversations: the marks are its last ids.
bool chat_tokenizer(Tokenizer *t, const Documents *d, int vocabulary, Error *err);

// Appends to ids. A turn's end is END; a question ends with the mark of the answer.
bool chat_system(const ChatTemplate *c, const char *text, Ids *ids, Error *err);
bool chat_question(const ChatTemplate *c, const char *text, Ids *ids, Error *err);
bool chat_answer(const ChatTemplate *c, const char *text, Ids *ids, Error *err);

// A whole conversation; counted: 1 for each id that is to be predicted, the answers' and
// their ENDs, else 0. last_only: only the last answer's.
void chat_encode(const ChatTemplate *c, const Conversation *of, bool last_only,
                 Ids *ids, Ids *counted);
// The ids before the answer of turn `turn`: what a model is given to answer it.
void chat_prompt(const ChatTemplate *c, const Conversation *of, int turn, Ids *ids);
// The text of an answer's ids, without its first space and END. The caller frees it.
char *chat_text(const ChatTemplate *c, const int *ids, int count);
