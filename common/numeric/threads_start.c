// Idle threads spin for a moment, then sleep: the policy of waiting, chosen before the
// OpenMP runtime starts.
//
// A thread that waits for the others may spin (it is awake at once, and its processor
// busy) or sleep (it takes some 20 us to wake). A step of training shares out work some
// hundred times, with little in between: threads that always sleep lose a quarter of
// their time with a small model, threads that spin for half a millisecond lose nothing.
// gcc's runtime by itself spins for milliseconds, clang's for 200 of them, which is ruin
// on a machine with other work: the thread that is waited for may be the one that got
// no processor, because another spins on it. (With other work about, one thread is best:
// contention.h.)
//
// Both runtimes read the environment only once. clang's does so at its first use, so
// setenv in a constructor is early enough. gcc's is a shared library with a constructor
// of its own, which runs before any of the program's. Only .preinit_array is earlier,
// but there libc has not yet taken over the environment, and setenv is lost:
//
//     .preinit_array     the libraries' constructors        our constructor      main
//     lend an entry -->  libc: environ = envp               give it back,
//     of envp            libgomp: reads OMP_WAIT_POLICY      setenv
//
// So an entry that no library's constructor needs is lent for that moment. Where there
// is none (an empty environment), or no .preinit_array (musl), gcc's runtime keeps its
// own policy; GOMP_SPINCOUNT=10000 in the environment does the same there.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/numeric/threads.h"

static const char GCC_SPINS[] = "GOMP_SPINCOUNT=10000";  // rounds: 0.2 to 0.5 ms
static const char CLANG_SPINS[] = "1";                   // ms: its least but 0

static bool chosen_by_user(void) {
    return getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")
           || getenv("KMP_BLOCKTIME");
}

#ifdef __GLIBC__

static char **lent, *lent_entry;

// "PWD=/home/a" begins with the name PWD.
static bool has_name(const char *entry, const char *name) {
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static char **entry_of(char **environment, const char *name) {
    for (char **e = environment; *e; e++)
        if (has_name(*e, name)) return e;
    return NULL;
}

static void lend(int argc, char **argv, char **environment) {
    static const char *const set_by_user[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT",
                                              "KMP_BLOCKTIME"};
    static const char *const harmless[] = {"_",    "OLDPWD", "SHLVL", "PWD",  "LOGNAME",
                                           "USER", "SHELL",  "TERM",  "HOME", "PATH"};
    (void)argc, (void)argv;
    for (size_t i = 0; i < sizeof set_by_user / sizeof *set_by_user; i++)
        if (entry_of(environment, set_by_user[i])) return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless && !lent; i++)
        lent = entry_of(environment, harmless[i]);
    if (!lent) return;
    lent_entry = *lent;
    *lent = (char *)GCC_SPINS;
}

typedef void AtStart(int argc, char **argv, char **environment);
__attribute__((section(".preinit_array"), used)) static AtStart *const first = lend;

static void give_back(void) {
    if (lent) *lent = lent_entry;
}

#else

static void give_back(void) {}

#endif

bool threads_wait_by_user;

// 101: the first priority that is not the compiler's own, before any other constructor
// of the program.
__attribute__((constructor(101))) static void start(void) {
    give_back();
    threads_wait_by_user = chosen_by_user();
    if (threads_wait_by_user) return;
    setenv("GOMP_SPINCOUNT", strchr(GCC_SPINS, '=') + 1, 0);
    setenv("KMP_BLOCKTIME", CLANG_SPINS, 0);
}
