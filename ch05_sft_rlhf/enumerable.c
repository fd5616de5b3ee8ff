#include "ch05_sft_rlhf/enumerable.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/numeric/small.h"

static const double CUT_OFF = -1;

Enumerable enumerable_new(int symbols, int longest, int prompts, Rng rng) {
    assert(symbols >= 2 && symbols <= 26 && longest >= 1 && prompts >= 1
           && prompts <= symbols);
    Enumerable e = {
        .symbols = symbols, .longest = longest, .prompts = prompts, .end = symbols};
    for (int depth = 0, nodes = 1; depth <= longest; depth++, nodes *= symbols)
        e.inner = e.answers, e.answers += nodes;
    e.size = prompts * e.answers;
    e.reward = allocate((size_t)e.size, sizeof *e.reward);
    for (int i = 0; i < e.size; i++)
        e.reward[i] = i % e.answers < e.inner ? rng_normal(&rng) : CUT_OFF;
    return e;
}

void enumerable_free(Enumerable *e) {
    free(e->reward);
    *e = (Enumerable){0};
}

Config enumerable_config(const Enumerable *e, int channels, int layers) {
    const int HEADS = 2;
    Config c = config_small_llama(e->symbols + 1, ENUMERABLE_PROMPT + e->longest,
                                  channels, layers, HEADS, HEADS);
    c.name = "enumerable", c.init = INIT_XAVIER;
    return c;
}

// ---- the tree

static int parent_of(const Enumerable *e, int node) { return (node - 1) / e->symbols; }
static int symbol_of(const Enumerable *e, int node) { return (node - 1) % e->symbols; }
static int child_of(const Enumerable *e, int node, int symbol) {
    return e->symbols * node + 1 + symbol;
}

static int depth_of(const Enumerable *e, int node) {
    int depth = 0;
    for (; node > 0; node = parent_of(e, node)) depth++;
    return depth;
}

// The symbols on the way to a node; returns how many.
static int path_to(const Enumerable *e, int node, int *to) {
    int depth = depth_of(e, node);
    for (int i = depth - 1; i >= 0; i--, node = parent_of(e, node))
        to[i] = symbol_of(e, node);
    return depth;
}

int enumerable_length(const Enumerable *e, int answer) {
    return depth_of(e, answer) + (answer < e->inner);
}

Exchange enumerable_exchange(const Enumerable *e, int prompt, int answer) {
    int *path = allocate((size_t)e->longest, sizeof *path);
    int length = path_to(e, answer, path), begin[ENUMERABLE_PROMPT] = {e->end, prompt};
    Exchange x =
        exchange_of(begin, ENUMERABLE_PROMPT, path, length, e->end, answer < e->inner);
    free(path);
    return x;
}

void enumerable_text(const Enumerable *e, int prompt, int answer,
                     char to[ENUMERABLE_TEXT]) {
    enum { MOST = (ENUMERABLE_TEXT - 8) / 2 };
    assert(e->longest <= MOST);
    int path[MOST], length = int_min(path_to(e, answer, path), MOST);
    *to++ = (char)('a' + prompt), *to++ = ':';
    for (int i = 0; i < length; i++) *to++ = ' ', *to++ = (char)('a' + path[i]);
    if (answer < e->inner) *to++ = ' ', *to++ = '.';
    *to = 0;
}

// ---- a model as a policy

// A row for each prefix of longest - 1 symbols holds all shorter ones.
static Tokens all_prefixes(Tape *t, const Enumerable *e, int *rows) {
    int first = e->longest > 1 ? parent_of(e, e->inner) : 0;
    int leaves = e->inner - first, time = ENUMERABLE_PROMPT + e->longest - 1;
    int *tokens =
        tape_allocate(t, (size_t)(e->prompts * leaves * time) * sizeof *tokens);
    for (int p = 0; p < e->prompts; p++)
        for (int i = 0; i < leaves; i++) {
            int *row = tokens + (p * leaves + i) * time;
            row[0] = e->end, row[1] = p;
            path_to(e, first + i, row + ENUMERABLE_PROMPT);
        }
    // where each prefix is read: in the first row that goes on from it
    for (int p = 0; p < e->prompts; p++)
        for (int k = 0; k < e->inner; k++) {
            int leaf = k, depth = depth_of(e, k);
            while (leaf < first) leaf = child_of(e, leaf, 0);
            rows[p * e->inner + k] =
                (p * leaves + leaf - first) * time + ENUMERABLE_PROMPT - 1 + depth;
        }
    return (Tokens){.batch = e->prompts * leaves, .time = time, .tokens = tokens};
}

// The last hidden vectors after each prefix, (prompts inner) x channels.
static Node *enumerable_hidden(Tape *t, const Model *m, const Enumerable *e) {
    int count = e->prompts * e->inner;
    int *rows = tape_allocate(t, (size_t)count * sizeof *rows);
    Tokens in = all_prefixes(t, e, rows);
    return gather_rows(t, model_hidden(t, m, &in), rows, count);
}

// The prefix that a token of a row follows: its prompt's, and its node.
static int prefix_of(const Enumerable *e, const int *row, int position) {
    int node = 0;
    for (int i = ENUMERABLE_PROMPT; i <= position; i++)
        node = child_of(e, node, row[i]);
    return row[1] * e->inner + node;
}

Node *enumerable_hidden_of(Tape *t, const Model *m, const Batch *b, const void *of) {
    const Enumerable *e = of;
    const int *places, *ids;
    int counted = batch_targets(t, b, &places, &ids);
    int *prefixes = tape_allocate(t, (size_t)counted * sizeof *prefixes);
    for (int i = 0; i < counted; i++)
        prefixes[i] = prefix_of(e, b->tokens + places[i] / b->time * b->time,
                                places[i] % b->time);
    return gather_rows(t, enumerable_hidden(t, m, e), prefixes, counted);
}

// What comes next after each prefix: (prompts inner) x (symbols + 1).
static Node *enumerable_logits(Tape *t, const Model *m, const Enumerable *e) {
    return model_logits(t, m, enumerable_hidden(t, m, e));
}

size_t enumerable_edges(const Enumerable *e) {
    return (size_t)(e->prompts * e->inner) * (size_t)(e->symbols + 1);
}

Node *enumerable_edge_log_probs(Tape *t, const Model *m, const Enumerable *e) {
    int n = (int)enumerable_edges(e), ids = e->symbols + 1;
    int *prefixes = tape_allocate(t, (size_t)n * sizeof *prefixes),
        *tokens = tape_allocate(t, (size_t)n * sizeof *tokens);
    for (int i = 0; i < n; i++) prefixes[i] = i / ids, tokens[i] = i % ids;
    Node *logits = gather_rows(t, enumerable_logits(t, m, e), prefixes, n);
    return token_log_probs(t, logits, tokens);
}

// The edges of every answer, END's first, and whose they are; returns how many.
static int all_steps(const Enumerable *e, int *edges, int *answers) {
    int count = 0;
    for (int i = 0; i < e->size; i++) {
        int node = i % e->answers, before = i / e->answers * e->inner;
        if (node < e->inner)
            edges[count] = (before + node) * (e->symbols + 1) + e->end,
            answers[count++] = i;
        for (; node > 0; node = parent_of(e, node), answers[count++] = i)
            edges[count] =
                (before + parent_of(e, node)) * (e->symbols + 1) + symbol_of(e, node);
    }
    return count;
}

Node *enumerable_sums(Tape *t, Node *edges, const Enumerable *e) {
    size_t most = (size_t)e->size * (size_t)e->longest * sizeof(int);
    int *steps = tape_allocate(t, most), *answers = tape_allocate(t, most);
    int count = all_steps(e, steps, answers);
    return scatter_rows(t, gather_rows(t, edges, steps, count), answers, e->size);
}

Node *enumerable_log_probs(Tape *t, const Model *m, const Enumerable *e) {
    return enumerable_sums(t, enumerable_edge_log_probs(t, m, e), e);
}

void enumerable_tokens(double *to, const Model *m, const Enumerable *e) {
    Tape *t = tape_new((Params *)&m->params);
    Mat logits = enumerable_logits(t, m, e)->value;
    int ids = e->symbols + 1;
    for (int i = 0; i < logits.rows; i++) {
        double *row = to + (size_t)i * (size_t)ids;
        for (int k = 0; k < ids; k++) row[k] = (double)*mat_at(logits, i, k);
        double sum = log_sum(row, ids);
        for (int k = 0; k < ids; k++) row[k] -= sum;
    }
    tape_free(t);
}

void enumerable_answers(double *to, const double *tokens, const Enumerable *e) {
    for (int p = 0; p < e->prompts; p++) {
        double *log_p = to + p * e->answers;
        const double *next = tokens + p * e->inner * (e->symbols + 1);
        log_p[0] = 0;
        for (int k = 1; k < e->answers; k++) {
            int parent = parent_of(e, k);
            log_p[k] =
                log_p[parent] + next[parent * (e->symbols + 1) + symbol_of(e, k)];
        }
        for (int k = 0; k < e->inner; k++)
            log_p[k] += next[k * (e->symbols + 1) + e->end];
    }
}

void enumerable_policy(double *to, const Model *m, const Enumerable *e) {
    double *tokens = allocate(enumerable_edges(e), sizeof *tokens);
    enumerable_tokens(tokens, m, e), enumerable_answers(to, tokens, e);
    free(tokens);
}

void enumerable_values(double *to, const double *tokens, const double *ref_tokens,
                       double beta, const Enumerable *e) {
    int ids = e->symbols + 1;
    for (int p = 0; p < e->prompts; p++) {
        double *value = to + p * e->answers;
        const double *reward = e->reward + p * e->answers;
        for (int k = e->answers - 1; k >= 0; k--) {
            value[k] = k < e->inner ? 0 : reward[k];
            for (int id = 0; k < e->inner && id < ids; id++) {
                int at = (p * e->inner + k) * ids + id;
                double next = id == e->end ? reward[k] : value[child_of(e, k, id)];
                value[k] +=
                    exp(tokens[at]) * (next - beta * (tokens[at] - ref_tokens[at]));
            }
        }
    }
}

// ---- measures

void enumerable_optimum(double *log_star, const double *log_ref, double beta,
                        const Enumerable *e) {
    for (int at = 0; at < e->size; at += e->answers)
        optimal_policy(log_star + at, log_ref + at, e->reward + at, beta, e->answers);
}

double enumerable_total_variation(const double *log_p, const double *log_q,
                                  const Enumerable *e) {
    double sum = 0;
    for (int at = 0; at < e->size; at += e->answers)
        sum += policy_total_variation(log_p + at, log_q + at, e->answers);
    return sum / e->prompts;
}

Measures enumerable_measure(const double *log_p, const double *log_ref, double beta,
                            const Enumerable *e) {
    double *star = allocate((size_t)e->answers, sizeof *star), share = 1.0 / e->prompts;
    Measures m = {0};
    for (int at = 0; at < e->size; at += e->answers) {
        const double *p = log_p + at, *ref = log_ref + at, *reward = e->reward + at;
        int n = e->answers;
        m.best += share * beta * optimal_policy(star, ref, reward, beta, n);
        m.reward += share * policy_mean(p, reward, n);
        m.kl += share * policy_kl(p, ref, n);
        m.to_star += share * policy_kl(p, star, n);
        m.total_variation += share * policy_total_variation(p, star, n);
    }
    m.objective = m.reward - beta * m.kl;
    free(star);
    return m;
}

double enumerable_frontier(const double *log_ref, double kl, const Enumerable *e) {
    double *star = allocate((size_t)e->size, sizeof *star);
    double near = 1e-4, far = 1e6;  // beta: KL falls as it rises
    Measures m = {0};
    for (int i = 0; i < 200; i++) {
        double beta = sqrt(near * far);
        enumerable_optimum(star, log_ref, beta, e);
        m = enumerable_measure(star, log_ref, beta, e);
        if (m.kl > kl) near = beta;
        else far = beta;
    }
    free(star);
    return m.reward;
}
