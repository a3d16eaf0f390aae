/*
 * witness stands between a real Fluent Bit and siphunt.so: it is listed in its place, hands every call on, and writes
 * down what went by, so that a test can tell what Fluent Bit repeats or loses from what siphunt does. It can also end
 * the process by SIGKILL at a given call. The environment says what to do:
 *
 *   WITNESS_LIBRARY   path of siphunt.so
 *   WITNESS_LOG       file to append to: records of a letter, the length (8 bytes, little endian), and data
 *                       F data   a chunk comes to be flushed         A   and was answered for
 *                       C data   alerts were given                   D   and were copied
 *   WITNESS_KILL      where the process ends before it goes on: the letter and its number, from 1; "-0" for never
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Calls go by one at a time. So what was handed on when a process ended was also answered for, as far as siphunt goes. */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER, lock = PTHREAD_MUTEX_INITIALIZER;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) {
        fprintf(stderr, "witness: no %s\n", name);
        abort();
    }
    return value;
}

static void *symbol(const char *name)
{
    static void *library;
    pthread_mutex_lock(&lock);
    if (library == NULL) {
        library = dlopen(setting("WITNESS_LIBRARY"), RTLD_LAZY);
    }
    void *p = library == NULL ? NULL : dlsym(library, name);
    pthread_mutex_unlock(&lock);
    if (p == NULL) {
        fprintf(stderr, "witness: %s\n", dlerror());
        abort();
    }
    return p;
}

static void note(char what, const void *data, uint64_t size)
{
    static int file = -1, calls[128];
    if (file < 0) {
        file = open(setting("WITNESS_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    struct iovec parts[] = {{&what, 1}, {&size, 8}, {(void *) data, size}};
    if (writev(file, parts, 3) != (ssize_t) (9 + size)) {
        abort();
    }
    if (++calls[(int) what] == atoi(setting("WITNESS_KILL") + 1) && setting("WITNESS_KILL")[0] == what) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

int FLBPluginRegister(void *def) { return ((int (*)(void *)) symbol("FLBPluginRegister"))(def); }
void FLBPluginUnregister(void *def) { ((void (*)(void *)) symbol("FLBPluginUnregister"))(def); }
int FLBPluginInit(void *plugin) { return ((int (*)(void *)) symbol("FLBPluginInit"))(plugin); }
int FLBPluginInputPreRun(int last) { return ((int (*)(int)) symbol("FLBPluginInputPreRun"))(last); }
void FLBPluginOutputPreExit(int reload) { ((void (*)(int)) symbol("FLBPluginOutputPreExit"))(reload); }
void FLBPluginInputPreExit(int reload) { ((void (*)(int)) symbol("FLBPluginInputPreExit"))(reload); }
int FLBPluginExitCtx(void *ctx) { return ((int (*)(void *)) symbol("FLBPluginExitCtx"))(ctx); }
int FLBPluginExit(void) { return ((int (*)(void)) symbol("FLBPluginExit"))(); }

int FLBPluginFlushCtx(void *ctx, void *data, size_t size, char *tag)
{
    int (*flush)(void *, void *, size_t, char *) = symbol("FLBPluginFlushCtx");
    pthread_mutex_lock(&one);
    note('F', data, size);
    int code = flush(ctx, data, size, tag);
    note('A', NULL, 0);
    pthread_mutex_unlock(&one);
    return code;
}

int FLBPluginInputCallbackCtx(void *ctx, void **data, size_t *size)
{
    int (*collect)(void *, void **, size_t *) = symbol("FLBPluginInputCallbackCtx");
    pthread_mutex_lock(&one);
    int code = collect(ctx, data, size);
    if (*size > 0) {
        note('C', *data, *size);
    }
    pthread_mutex_unlock(&one);
    return code;
}

int FLBPluginInputCleanupCallbackCtx(void *ctx, void *data)
{
    int (*cleanup)(void *, void *) = symbol("FLBPluginInputCleanupCallbackCtx");
    pthread_mutex_lock(&one);
    int code = cleanup(ctx, data);
    if (data != NULL) {
        note('D', NULL, 0);
    }
    pthread_mutex_unlock(&one);
    return code;
}
