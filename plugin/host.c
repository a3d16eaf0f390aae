#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct output_context {
    uintptr_t id;
};

struct input_context {
    int collector;
    uintptr_t id; /* Fluent Bit before 3.0 has a pointer here that is never NULL */
};

int host_set_context(struct host_plugin *p, int input, uintptr_t id)
{
    if (!input) {
        ((struct output_context *) p->context)->id = id;
        return 0;
    }
    struct input_context *c = p->context;
    if (c->id != 0) {
        return -1;
    }
    c->id = id;
    return 0;
}

const char *host_instance_name(void *instance, int input)
{
    const char *(*name)(void *) = dlsym(RTLD_DEFAULT, input ? "flb_input_name" : "flb_output_name");
    return name == NULL ? NULL : name(instance);
}

int host_log_check(struct host_api *api, void *instance, int input, int level)
{
    return input ? api->input_log_check(instance, level) : api->output_log_check(instance, level);
}

void host_log(struct host_api *api, int level, const char *line)
{
    api->log_print(level, NULL, 0, "%s", line);
}

void host_log_early(int level, const char *line)
{
    void (*print)(int, const char *, int, const char *, ...) = dlsym(RTLD_DEFAULT, "flb_log_print");
    if (print == NULL) {
        fprintf(stderr, "%s\n", line);
    }
    else {
        print(level, NULL, 0, "%s", line);
    }
}

void *host_metrics(struct host_api *api, void *instance)
{
    return api->output_get_cmt_instance(instance);
}

static void fail(void)
{
    fflush(NULL);
    _exit(EXIT_FAILURE);
}

void host_stop(void)
{
    atexit(fail);
    kill(getpid(), SIGTERM);
}

void host_keep_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE};
    static struct sigaction kept[3];
    static int remembered;
    for (int i = 0; i < 3; i++) {
        if (remembered) {
            sigaction(signals[i], &kept[i], NULL);
        }
        else {
            sigaction(signals[i], NULL, &kept[i]);
        }
    }
    remembered = 1;
}
