// One thread: what the course asks of pthread.h.
#pragma once
#include <stdlib.h>

typedef int pthread_once_t, pthread_key_t;
#define PTHREAD_ONCE_INIT 0

static inline int pthread_once(pthread_once_t *once, void (*run)(void)) {
    if (!*once) *once = 1, run();
    return 0;
}

// A key is a place among a few.
enum { PTHREAD_MOST_KEYS = 8 };
extern void *pthread_places[PTHREAD_MOST_KEYS];
int pthread_key_create(pthread_key_t *key, void (*at_the_end)(void *));

static inline void *pthread_getspecific(pthread_key_t key) {
    return pthread_places[key];
}
static inline int pthread_setspecific(pthread_key_t key, const void *value) {
    pthread_places[key] = (void *)value;
    return 0;
}
