/* Fluent Bit's metrics library, found in the executable that has loaded us. */
#ifndef SIPHUNT_METRICS_H
#define SIPHUNT_METRICS_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Whether the executable has the library. */
int metrics_exported(void);

/* A new metric fluentbit_siphunt_<name> in a set of metrics, with n labels; NULL if it fails. */
void *metric_create(void *metrics, int gauge, char *name, char *help, int n, char **labels);

/* Sets one series of a metric; time is in nanoseconds since 1970. */
void metric_set(void *metric, int gauge, uint64_t time, double value, int n, char **labels);

#pragma GCC visibility pop

#endif
