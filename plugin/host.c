#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

long long host_records_taken(struct host_api *api, void *instance)
{
    static char *(*encode)(void *);
    static void (*destroy)(char *);
    if (encode == NULL) {
        destroy = (void (*)(char *)) dlsym(RTLD_DEFAULT, "cmt_encode_text_destroy");
        encode = (char *(*)(void *)) dlsym(RTLD_DEFAULT, "cmt_encode_text_create");
    }
    if (encode == NULL || destroy == NULL) {
        return -1;
    }
    void *metrics = api->input_get_cmt_instance(instance);
    char *text = metrics == NULL ? NULL : encode(metrics);
    if (text == NULL) {
        return -1;
    }
    long long n = 0; /* without a line, none was taken yet */
    const char *line = strstr(text, "fluentbit_input_records_total{");
    const char *value = line == NULL ? NULL : strstr(line, "} = ");
    if (value != NULL) {
        n = strtoll(value + strlen("} = "), NULL, 10);
    }
    destroy(text);
    return n;
}

struct range {
    uintptr_t address;
    int found;
};

/* The first object is the program itself. */
static int in_program(struct dl_phdr_info *info, size_t size, void *data)
{
    (void) size;
    struct range *r = data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && r->address >= begin && r->address < begin + info->dlpi_phdr[i].p_memsz) {
            r->found = 1;
        }
    }
    return 1;
}

static int is_of_program(const struct sigaction *action)
{
    struct range r = {(uintptr_t) action->sa_sigaction, 0};
    if (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN) {
        return 1;
    }
    dl_iterate_phdr(in_program, &r);
    return r.found;
}

void host_keep_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE};
    static struct sigaction kept[3];
    static int remembered;
    for (int i = 0; i < 3; i++) {
        struct sigaction now;
        if (!remembered) {
            sigaction(signals[i], NULL, &kept[i]);
        }
        else if (sigaction(signals[i], NULL, &now) == 0 && is_of_program(&now)) {
            sigaction(signals[i], &kept[i], NULL);
        }
    }
    remembered = 1;
}
