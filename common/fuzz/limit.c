// Linked to every fuzz target (`make fuzz`): an input may take five seconds of a
// processor's time. libFuzzer's own -timeout counts the clock's, and on a busy machine
// a tenth of a second of work takes as long.
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { SECONDS = 5 };

// The linker's --wrap puts these two names in the target's place, and in that of ours.
int __real_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void limit(int seconds) {
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = seconds}, NULL);
}

// libFuzzer writes the input down when the program aborts.
static void too_long(int number) {
    (void)number;
    static const char text[] = "fuzz: more than 5 s of processor time\n";
    if (write(2, text, sizeof text - 1) < 0) _exit(2);
    abort();
}

int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    signal(SIGPROF, too_long);
    limit(SECONDS);
    int result = __real_LLVMFuzzerTestOneInput(data, size);
    limit(0);
    return result;
}
