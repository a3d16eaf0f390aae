/*
 * The functions of Fluent Bit's metrics library (lib/cmetrics/include/cmetrics/cmt_counter.h, cmt_gauge.h) that a plugin
 * needs. A host that is linked without this file is a Fluent Bit without metrics.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 16 };

struct metric {
    void *set;
    char *name;
    int n;
    char *labels[MAX];
};

struct series {
    struct metric *metric;
    char *labels;
    double value;
    struct series *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct series *all;

static void *create(void *set, char *space, char *subsystem, char *name, char *help, int n, char **labels)
{
    struct metric *m = calloc(1, sizeof(*m));
    if (help[0] == '\0' || n > MAX || asprintf(&m->name, "%s_%s_%s", space, subsystem, name) < 0) {
        abort();
    }
    m->set = set;
    m->n = n;
    for (int i = 0; i < n; i++) {
        m->labels[i] = strdup(labels[i]);
    }
    return m;
}

static struct series *find(struct metric *m, const char *labels)
{
    for (struct series *s = all; s != NULL; s = s->next) {
        if (s->metric == m && strcmp(s->labels, labels) == 0) {
            return s;
        }
    }
    struct series *s = calloc(1, sizeof(*s));
    *s = (struct series) {m, strdup(labels), 0, all};
    all = s;
    return s;
}

static int set(struct metric *m, uint64_t time, double value, int n, char **values)
{
    char labels[1024] = "", one[256];
    if (n != m->n || time == 0) {
        abort();
    }
    for (int i = 0; i < n; i++) {
        snprintf(one, sizeof(one), "%s%s=\"%s\"", i ? "," : "", m->labels[i], values[i]);
        strncat(labels, one, sizeof(labels) - strlen(labels) - 1);
    }
    pthread_mutex_lock(&lock);
    find(m, labels)->value = value;
    pthread_mutex_unlock(&lock);
    return 0;
}

void *cmt_counter_create(void *s, char *a, char *b, char *c, char *h, int n, char **l)
{
    return create(s, a, b, c, h, n, l);
}

void *cmt_gauge_create(void *s, char *a, char *b, char *c, char *h, int n, char **l)
{
    return create(s, a, b, c, h, n, l);
}

int cmt_counter_set(void *m, uint64_t time, double value, int n, char **labels)
{
    return set(m, time, value, n, labels);
}

int cmt_gauge_set(void *m, uint64_t time, double value, int n, char **labels)
{
    return set(m, time, value, n, labels);
}

void print_metrics(void)
{
    for (struct series *s = all; s != NULL; s = s->next) {
        printf("metric %s{%s} %g\n", s->metric->name, s->labels, s->value);
    }
}
