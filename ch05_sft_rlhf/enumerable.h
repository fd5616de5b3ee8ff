// The enumerable problem: so few prompts and answers that every sum over them is taken.
// Lecture, section 5.5.
//
// A prompt is END and a symbol. An answer is up to `longest` tokens, symbols and then
// END; one that has none by then is cut off. Answers are the nodes of a tree, and so
// numbered:
//
//                         0                      answer 0     END
//            1            2            3         answer 1     a END
//       4    5    6    7  8  9    10  11  12     answer 4     a a END
//      13 .. 15  ...                             answer 13    a a a       cut off (longest = 3)
//
// Child s of node k is symbols k + 1 + s. Nodes below `inner` have children: their
// answers end by END; those from `inner` on have no room for it.
//
// Rewards of finished answers are drawn, N(0, 1): no structure helps, a policy has to
// learn each. A cut off answer has the reward CUT_OFF, a declared penalty.
//
// Policies here are transformers like any other (chapter 3's Model), read at all
// `inner` prefixes of all prompts in one pass; probabilities are exact. Numbers of all
// answers: [prompts x answers], prompt by prompt.
#pragma once
#include "ch05_sft_rlhf/exchange.h"
#include "common/numeric/rng.h"

enum { ENUMERABLE_PROMPT = 2 };  // tokens

typedef struct {
    int symbols, longest, prompts;
    int inner, answers;  // of one prompt
    int end;             // the id after the symbols
    int size;            // prompts x answers
    double *reward;      // [size]
} Enumerable;

// 2 <= symbols <= 26, prompts <= symbols.
Enumerable enumerable_new(int symbols, int longest, int prompts, Rng rng);
void enumerable_free(Enumerable *e);
// A small LLaMA with the ids and the room that it takes.
Config enumerable_config(const Enumerable *e, int channels, int layers);

Exchange enumerable_exchange(const Enumerable *e, int prompt, int answer);
// The number of an answer's tokens, END among them.
int enumerable_length(const Enumerable *e, int answer);
// "b: a c ." and "b: a a c a" for an answer that was cut off.
enum { ENUMERABLE_TEXT = 128 };
void enumerable_text(const Enumerable *e, int prompt, int answer,
                     char to[ENUMERABLE_TEXT]);

// ---- a model as a policy

// Those that a batch of its exchanges needs: a HiddenFunction (ppo.h) whose context is
// the problem. What policy_hidden reads again for each answer is read once.
Node *enumerable_hidden_of(Tape *t, const Model *m, const Batch *b, const void *e);
// How many tokens there are at all prefixes: prompts inner (symbols + 1).
size_t enumerable_edges(const Enumerable *e);
// ln pi of each of them, prefix by prefix, edges x 1; and of each answer, size x 1: the
// sum of its tokens'.
Node *enumerable_edge_log_probs(Tape *t, const Model *m, const Enumerable *e);
Node *enumerable_sums(Tape *t, Node *edges, const Enumerable *e);
Node *enumerable_log_probs(Tape *t, const Model *m, const Enumerable *e);
// The same as numbers: of tokens, [edges]; of answers, [size].
void enumerable_tokens(double *to, const Model *m, const Enumerable *e);
void enumerable_answers(double *to, const double *tokens, const Enumerable *e);
void enumerable_policy(double *to, const Model *m, const Enumerable *e);

// V(prefix) = E[reward - beta sum of ln (pi / ref) over the tokens to come], [size]; of
// a cut off answer, whose last token is behind it: its reward.
void enumerable_values(double *to, const double *tokens, const double *ref_tokens,
                       double beta, const Enumerable *e);

// ---- how good a policy is: means over prompts, all of them alike

typedef struct {
    double reward, kl;       // E r, KL(pi || ref)
    double objective;        // reward - beta kl
    double best;             // beta ln Z: the most that objective can be
    double to_star;          // KL(pi || pi*)
    double total_variation;  // between pi and pi*
} Measures;

// log_p, log_ref: [size].
Measures enumerable_measure(const double *log_p, const double *log_ref, double beta,
                            const Enumerable *e);
void enumerable_optimum(double *log_star, const double *log_ref, double beta,
                        const Enumerable *e);
double enumerable_total_variation(const double *log_p, const double *log_q,
                                  const Enumerable *e);
// The most reward at this distance from the reference, by bisection of beta.
double enumerable_frontier(const double *log_ref, double kl, const Enumerable *e);
