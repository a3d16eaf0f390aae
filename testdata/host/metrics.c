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

enum { MAX = 128 };

struct metric {
    struct metric *next;
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
static struct metric *metrics; /* that are alive */

static int is_alive(struct metric *m)
{
    for (struct metric *i = metrics; i != NULL; i = i->next) {
        if (i == m) {
            return 1;
        }
    }
    return 0;
}

/* The records that Fluent Bit has taken from an input, by its instance. */
static struct taken {
    void *set;
    long records;
} taken[MAX];

static struct taken *taken_from(void *set)
{
    for (int i = 0; i < MAX; i++) {
        if (taken[i].set == set || taken[i].set == NULL) {
            taken[i].set = set;
            return &taken[i];
        }
    }
    abort();
}

void count_taken(void *set, long records)
{
    pthread_mutex_lock(&lock);
    taken_from(set)->records += records;
    pthread_mutex_unlock(&lock);
}

/* As lib/cmetrics/src/cmt_encode_text.c writes them. */
char *cmt_encode_text_create(void *set)
{
    char *text = NULL;
    pthread_mutex_lock(&lock);
    long n = taken_from(set)->records;
    pthread_mutex_unlock(&lock);
    if (asprintf(&text, "2026-11-24T17:00:00.000000000Z fluentbit_input_bytes_total{name=\"x\"} = 5\n"
                 "2026-11-24T17:00:00.000000000Z fluentbit_input_records_total{name=\"x\"} = %ld\n", n) < 0) {
        abort();
    }
    return text;
}

void cmt_encode_text_destroy(char *text) { free(text); }

/* The metrics of an instance go with it. Whoever sets one of them afterwards is found out. */
void destroy_metrics(void *set)
{
    pthread_mutex_lock(&lock);
    struct series **s = &all;
    while (*s != NULL) {
        struct series *gone = *s;
        if (gone->metric->set != set) {
            s = &gone->next;
            continue;
        }
        *s = gone->next;
        free(gone->labels);
        free(gone);
    }
    struct metric **m = &metrics;
    while (*m != NULL) {
        struct metric *gone = *m;
        if (gone->set != set) {
            m = &gone->next;
            continue;
        }
        *m = gone->next;
        for (int i = 0; i < gone->n; i++) {
            free(gone->labels[i]);
        }
        free(gone->name);
        free(gone);
    }
    taken_from(set)->records = 0;
    pthread_mutex_unlock(&lock);
}

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
    pthread_mutex_lock(&lock);
    m->next = metrics;
    metrics = m;
    pthread_mutex_unlock(&lock);
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
    pthread_mutex_lock(&lock);
    if (!is_alive(m) || n != m->n || time == 0) {
        abort();
    }
    for (int i = 0; i < n; i++) {
        snprintf(one, sizeof(one), "%s%s=\"%s\"", i ? "," : "", m->labels[i], values[i]);
        strncat(labels, one, sizeof(labels) - strlen(labels) - 1);
    }
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
    pthread_mutex_lock(&lock);
    for (struct series *s = all; s != NULL; s = s->next) {
        printf("metric %s{%s} %g\n", s->metric->name, s->labels, s->value);
    }
    pthread_mutex_unlock(&lock);
}
