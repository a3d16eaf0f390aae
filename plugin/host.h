/*
 * Fluent Bit as a Go plugin sees it. fluent-bit-go wraps the properties only; this adds the log, the metrics and the
 * context of an input. The structures are those of Fluent Bit's include/fluent-bit/flb_api.h, flb_plugin_proxy.h and
 * src/proxy/go/go.h, as far as they are needed: Fluent Bit keeps the order of their first members.
 */
#ifndef SIPHUNT_HOST_H
#define SIPHUNT_HOST_H

#include <stdint.h>

/* Hidden: the executable may have functions of the same names, and its own come first. */
#pragma GCC visibility push(hidden)

struct host_api {
    const char *(*output_get_property)(const char *, void *);
    const char *(*input_get_property)(const char *, void *);
    void *(*output_get_cmt_instance)(void *);
    void *(*input_get_cmt_instance)(void *);
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(void *, int);
    int (*output_log_check)(void *, int);
};

/* What FLBPluginInit is given, for an output and an input alike. */
struct host_plugin {
    char *name;
    struct host_api *api;
    void *instance;
    void *context;
};

/* Keeps id in the context of an instance: 0, or -1 if this Fluent Bit has no room for it (before 3.0). */
int host_set_context(struct host_plugin *p, int input, uintptr_t id);

/* The name of an instance, its alias or "siphunt.0"; NULL if Fluent Bit does not tell. */
const char *host_instance_name(void *instance, int input);

/* Whether Fluent Bit's log_level lets a message of this level through. */
int host_log_check(struct host_api *api, void *instance, int input, int level);

/* Writes a line to Fluent Bit's log. */
void host_log(struct host_api *api, int level, const char *line);

/* Writes a line to Fluent Bit's log before or after there is an instance, to stderr if there is no way. */
void host_log_early(int level, const char *line);

/* The metrics of an output instance. */
void *host_metrics(struct host_api *api, void *instance);

/*
 * How many records Fluent Bit has taken from an input instance so far, by its own counter; -1 if it does not tell. The
 * counter is read from its metrics as text, which is the one form that does not depend on how it keeps them.
 */
long long host_records_taken(struct host_api *api, void *instance);

/* Ends Fluent Bit as SIGTERM does, but with exit code 1. */
void host_stop(void);

/*
 * Keeps Go's handlers of the signals that become panics. Go installs them when the library is loaded; at each SIGHUP and
 * SIGCONT Fluent Bit installs its own once more, and from then on a nil pointer in Go would abort Fluent Bit. The first
 * call remembers the handlers, the following ones put them in the place of the program's own. A handler that is of another
 * library, a crash reporter for example, stays: whoever loads one wants it.
 */
void host_keep_signals(void);

#pragma GCC visibility pop

#endif
