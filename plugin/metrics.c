#define _GNU_SOURCE
#include "metrics.h"

#include <dlfcn.h>
#include <stddef.h>

typedef void *(*create_function)(void *, char *, char *, char *, char *, int, char **);
typedef int (*set_function)(void *, uint64_t, double, int, char **);

static create_function create[2]; /* of a counter, of a gauge */
static set_function set[2];

int metrics_exported(void)
{
    create[0] = (create_function) dlsym(RTLD_DEFAULT, "cmt_counter_create");
    create[1] = (create_function) dlsym(RTLD_DEFAULT, "cmt_gauge_create");
    set[0] = (set_function) dlsym(RTLD_DEFAULT, "cmt_counter_set");
    set[1] = (set_function) dlsym(RTLD_DEFAULT, "cmt_gauge_set");
    return create[0] != NULL && create[1] != NULL && set[0] != NULL && set[1] != NULL;
}

void *metric_create(void *metrics, int gauge, char *name, char *help, int n, char **labels)
{
    return create[gauge](metrics, "fluentbit", "siphunt", name, help, n, labels);
}

void metric_set(void *metric, int gauge, uint64_t time, double value, int n, char **labels)
{
    set[gauge](metric, time, value, n, labels);
}
