// chat: talk to a model.
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/dialogue.h"

const Option chat_options[] = {
    {"checkpoint", NULL, "a model that `pipeline` or `sft` made"},
    {"system", "", "a line that stays in front of the conversation"},
    {"temperature", "0", "of the answers; 0: the most likely token"},
    {"seed", "1", "of the sampling"},
    {0}};

// ---- interrupts: one ends the answer, one at the prompt ends the program

static volatile sig_atomic_t interrupted;
static void interrupt(int number) { interrupted = number; }

static void catch_interrupts(void) {
    struct sigaction action = {.sa_handler = interrupt};  // no SA_RESTART: reads return
    sigaction(SIGINT, &action, NULL);
}

// ---- what it says of itself

static void print_topics(void) {
    puts(
        "I was taught on small stories of a girl, a boy and a toy. Tell me one and ask "
        "about it; then another:\n"
        "  Anna met Tom in the park. Anna had a red kite. Tom took the kite from Anna. "
        "Who has the kite?\n"
        "  Where is the kite?   Does Tom have the kite?   Where are Anna and Tom?\n"
        "and without a story:\n"
        "  Say: Tom hid the kite under the bed.    Say Ben for Tom: Tom felt happy.\n"
        "  Say backwards: ball hat kite            Say the first of: ball hat kite\n"
        "  How many are these: ball hat kite       Hello, I am Mia.");
}

static void print_help(void) {
    puts(
        "/help          what you see\n"
        "/new           forget all that was said\n"
        "/system TEXT   begin anew with a line that stays in front; without TEXT: "
        "none\n"
        "/quit          end; so does the end of the input\n"
        "               I know: Be brief.  Be friendly.  Be careful.\n"
        "An interrupt (Ctrl-C) ends an answer, or at the prompt the program.\n"
        "A line that ends with \\ goes on.");
    print_topics();
}

// ---- one exchange

static void say_forgotten(const Exchanged *turn) {
    enum { SHOWN = 60 };
    int n = (int)strlen(turn->question);
    printf("[no more room: I forget \"%.*s%s\" and my answer]\n", SHOWN, turn->question,
           n > SHOWN ? ".." : "");
}

// Bytes as they are, but for what could command a terminal.
static void print_bytes(const char *text, bool first) {
    if (first && text[0] == ' ') text++;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        putchar(c < ' ' || c == 127 ? (c == '\n' ? ' ' : '?') : c);
    }
    stdout_flush();
}

static void answer(Dialogue *d) {
    bool finished = false, first = true;
    interrupted = 0;
    for (const char *text; !interrupted && (text = dialogue_answer(d, &finished));
         first = false)
        print_bytes(text, first);
    if (interrupted) dialogue_stop(d), printf(" [interrupted]");
    else if (!finished) printf(" [no more room]");
    putchar('\n');
    interrupted = 0;
    stdout_flush();
}

static void exchange(Dialogue *d, const char *line) {
    Error err;
    if (dialogue_ask(d, line, say_forgotten, &err)) answer(d);
    else printf("[too long: %s]\n", err.text);
}

// ---- lines

static void begin(Dialogue *d, const char *system) {
    Error err;
    if (!dialogue_begin(d, system, &err)) printf("[%s]\n", err.text);
    else
        printf(system[0] ? "[a new conversation, with that line]\n"
                         : "[a new conversation]\n");
}

// False: the end.
static bool command(Dialogue *d, const char *line) {
    if (strcmp(line, "/quit") == 0 || strcmp(line, "/exit") == 0) return false;
    if (strcmp(line, "/help") == 0) print_help();
    else if (strcmp(line, "/new") == 0) begin(d, "");
    else if (strncmp(line, "/system", 7) == 0 && (line[7] == ' ' || !line[7]))
        begin(d, line + 7 + strspn(line + 7, " "));
    else printf("[%.40s: no such command; /help lists them]\n", line);
    return true;
}

// Without white space at both ends; NULs and control characters are spaces.
static char *clean(char *line, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 127) line[i] = ' ';
    while (size && line[size - 1] == ' ') line[--size] = '\0';
    return line + strspn(line, " ");
}

// A line, and those it goes on in. NULL: the end of the input, or an interrupt.
static char *read_line(bool terminal) {
    Text whole = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;
    if (terminal) printf("> "), stdout_flush();
    while ((n = getline(&line, &capacity, stdin)) >= 0) {
        if (n && line[n - 1] == '\n') line[--n] = '\0';
        bool on = n && line[n - 1] == '\\';
        if (on) line[--n] = '\0';
        text_add(&whole, "%s%s", clean(line, (size_t)n), on ? " " : "");
        if (!on) break;
    }
    free(line);
    if (n < 0 && !whole.size) free(whole.data), whole.data = NULL;
    return whole.data;
}

static void talk(Dialogue *d) {
    bool terminal = isatty(STDIN_FILENO), going = true;
    char *line;
    for (; going && (line = read_line(terminal)); free(line)) {
        if (line[0] == '/') going = command(d, line);
        else if (line[0]) exchange(d, line);
        stdout_flush();
    }
    if (terminal && going) putchar('\n');
}

int command_chat(const Args *args) {
    static Assistant a;
    Dialogue d;
    Error err;
    const char *path = option_text(args, "checkpoint");
    const char *system = option_text(args, "system");
    if (args->file_count) die("chat: unexpected '%s'", args->files[0]);
    if (!path) die("chat: --checkpoint FILE is needed");
    double temperature = option_real(args, "temperature", 0, 100);
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    if (!assistant_load_stage(&a, path, stages_that_answer, &err)
        || !dialogue_new(&d, &a, temperature, rng, &err))
        die("%s", err.text);
    if (!dialogue_begin(&d, system, &err)) die("--system: %s", err.text);
    catch_interrupts();
    print_topics();
    puts("/help says more.");
    talk(&d);
    dialogue_free(&d), assistant_free(&a);
    return 0;
}
