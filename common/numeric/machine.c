#include "common/numeric/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

static size_t l1 = 32 << 10, l2 = 256 << 10, l3_share = 1 << 20;
static char name[128] = "unknown processor";

// A plausible size replaces the default: containers report 0 or -1.
static void set_size(size_t *size, long long found) {
    if (found >= 4096) *size = (size_t)found;
}

#ifdef __APPLE__

static void set_by_sysctl(size_t *size, const char *key) {
    long long found = 0;
    size_t length = sizeof found;
    if (sysctlbyname(key, &found, &length, NULL, 0) == 0) set_size(size, found);
}

static void ask(void) {
    size_t length = sizeof name;
    sysctlbyname("machdep.cpu.brand_string", name, &length, NULL, 0);
    set_by_sysctl(&l1, "hw.l1dcachesize"), set_by_sysctl(&l2, "hw.l2cachesize");
    set_by_sysctl(&l1, "hw.perflevel0.l1dcachesize");  // of the fast cores
}

#else

// The first line of a file that begins with `key`, what follows its colon or, with an
// empty key, the line: into text. False where there is none.
static bool read_line(const char *path, const char *key, char *text, size_t size) {
    FILE *file = fopen(path, "r");
    bool found = false;
    char line[512];
    while (file && !found && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        const char *colon = strchr(line, ':');
        const char *value = *key && colon ? colon + 1 + strspn(colon + 1, " \t") : line;
        snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
        found = *text != '\0';
    }
    if (file) fclose(file);
    return found;
}

// "0-3,8" are five.
static int count_list(const char *list) {
    int count = 0;
    for (char *end; *list; list = end + (*end == ',')) {
        long first = strtol(list, &end, 10), last = first;
        if (end == list) break;
        if (*end == '-') last = strtol(end + 1, &end, 10);
        count += (int)(last - first + 1);
    }
    return int_max(count, 1);
}

// Linux, level 1 to 3: "48K" and who shares it; 0 where it does not say.
static long long cache_of(int level, int *sharers) {
    for (int index = 0; index < 8; index++) {
        char path[96], text[64];
        const char *folder = "/sys/devices/system/cpu/cpu0/cache";
        snprintf(path, sizeof path, "%s/index%d/level", folder, index);
        if (!read_line(path, "", text, sizeof text)) return 0;
        if (atoi(text) != level) continue;
        snprintf(path, sizeof path, "%s/index%d/type", folder, index);
        if (!read_line(path, "", text, sizeof text) || *text == 'I') continue;
        snprintf(path, sizeof path, "%s/index%d/shared_cpu_list", folder, index);
        *sharers = read_line(path, "", text, sizeof text) ? count_list(text) : 1;
        snprintf(path, sizeof path, "%s/index%d/size", folder, index);
        if (!read_line(path, "", text, sizeof text)) return 0;
        char *end;
        long long size = strtoll(text, &end, 10);
        return *end == 'M' ? size << 20 : *end == 'K' ? size << 10 : size;
    }
    return 0;
}

static void ask(void) {
    int sharers = 1;
#ifdef _SC_LEVEL1_DCACHE_SIZE
    set_size(&l1, sysconf(_SC_LEVEL1_DCACHE_SIZE));
    set_size(&l2, sysconf(_SC_LEVEL2_CACHE_SIZE));
#endif
    set_size(&l1, cache_of(1, &sharers)), set_size(&l2, cache_of(2, &sharers));
    long long l3 = cache_of(3, &sharers);
    set_size(&l3_share, l3 / sharers);
    if (!read_line("/proc/cpuinfo", "model name", name, sizeof name))
        read_line("/sys/firmware/devicetree/base/model", "", name, sizeof name);
}

#endif

static void asked(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask);
}

size_t cache_l1(void) { return asked(), l1; }
size_t cache_l2(void) { return asked(), l2; }
size_t cache_l3_share(void) { return asked(), l3_share; }
const char *processor_name(void) { return asked(), name; }

void machine_print(void) {
    asked();
    printf("%s: L1 %zu KiB, L2 %zu KiB, L3 %.1f MiB per core; vectors of %d bytes; ",
           name, l1 >> 10, l2 >> 10, (double)l3_share / 0x1p20, VEC_BYTES);
    printf("threads: %d, idle ones %s\n\n", threads_count(), threads_waiting());
}
