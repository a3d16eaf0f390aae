/*
 * host does what Fluent Bit's Go proxy does (src/flb_plugin_proxy.c, src/proxy/go/go.c of Fluent Bit 5.1.1), so that the
 * library is tested wherever there is a C compiler. It reads commands from standard input, one a line:
 *
 *   load PATH                   dlopen and register; as often as the library would be listed
 *   input NAME [KEY=VALUE ...]  an instance of an input, likewise output: "siphunt_alerts", "siphunt"
 *   start                       initialise the inputs, then the outputs; what was running exits first (a hot reload)
 *   flush N FILE THREADS TIMES  give FILE to the output number N (from 0), TIMES times from each of THREADS threads
 *   share N FILE ...            give each FILE to the output number N, from a thread of its own, all at the same time
 *   collect N FILE              ask the input number N until it gives no more, append what it gives to FILE
 *   full YES                    1: the storage is full, what an input gives is dropped; 0: it is taken again
 *   metrics                     print the metrics, as they are a second later
 *   handler WHOSE               put a handler of SIGSEGV in the place of the one there: of the "program", of another "library",
 *                               or "none"
 *   handled                     print whose handler of SIGSEGV is in place
 *   sleep MILLISECONDS
 *   stop                        let all exit, and unregister
 *
 * The log goes to standard error, one line a message, "[level] text". The exit code is 1 where Fluent Bit would refuse
 * to start, 2 for a mistake in the commands. With metrics.c it has Fluent Bit's functions for metrics.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT = 1, OUTPUT = 2, MAX = 128 };

struct definition {
    int type, proxy, flags;
    char *name, *description;
    int event_type;
    void *config_map;
};

struct instance;

struct api {
    const char *(*output_get_property)(const char *, struct instance *);
    const char *(*input_get_property)(const char *, struct instance *);
    void *(*output_get_cmt_instance)(struct instance *);
    void *(*input_get_cmt_instance)(struct instance *);
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(struct instance *, int);
    int (*output_log_check)(struct instance *, int);
};

struct proxy {
    void *object;
    struct definition *definition;
    int (*init)(void *);
};

struct output_context {
    void *remote;
    struct proxy *proxy;
};

struct input_context {
    int collector;
    void *remote;
    struct proxy *proxy;
};

struct plugin {
    char *name;
    struct api *api;
    struct instance *instance;
    void *context;
};

struct instance {
    int type;
    char *plugin, *properties[MAX];
    char name[64];
    int n_properties, log_level;
    struct proxy *proxy;
    struct output_context output;
    struct input_context input;
};

/* One configuration of Fluent Bit; a hot reload makes a second one before the first one goes. */
struct configuration {
    struct proxy proxies[MAX];
    struct instance *instances[MAX];
    int n_proxies, n_instances, running;
};

static struct configuration *running, *next;

static void die(const char *what)
{
    fprintf(stderr, "host: %s\n", what);
    exit(2);
}

/* In metrics.c, if that is linked. */
extern void print_metrics(void) __attribute__((weak));
extern void destroy_metrics(void *set) __attribute__((weak));
extern void count_taken(void *set, long records) __attribute__((weak));

/* What Fluent Bit's executable exports. */

void flb_log_print(int level, const char *file, int line, const char *format, ...)
{
    static const char *names[] = {"off", "error", "warn", "info", "debug"};
    char text[4096];
    va_list args;
    (void) file;
    (void) line;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "[%s] %s\n", names[level], text);
}

const char *flb_input_name(struct instance *i) { return i->name; }
const char *flb_output_name(struct instance *i) { return i->name; }

/* The functions that a plugin is given. */

static const char *get_property(const char *key, struct instance *i)
{
    size_t n = strlen(key);
    for (int p = 0; p < i->n_properties; p++) {
        if (strncmp(i->properties[p], key, n) == 0 && i->properties[p][n] == '=') {
            return i->properties[p] + n + 1;
        }
    }
    return NULL;
}

static void *get_metrics(struct instance *i) { return i; }

static int log_check(struct instance *i, int level) { return level <= i->log_level; }

static struct api api = {
    get_property, get_property, get_metrics, get_metrics, flb_log_print, log_check, log_check,
};

static void *symbol(void *library, const char *name)
{
    void *p = dlsym(library, name);
    if (p == NULL) {
        die(name);
    }
    return p;
}

/* What happens to a plugin, in Fluent Bit's order. */

static void load(const char *path)
{
    struct proxy *p = &next->proxies[next->n_proxies];
    int (*registered)(struct definition *);
    p->object = dlopen(path, RTLD_LAZY);
    if (p->object == NULL) {
        die(dlerror());
    }
    registered = symbol(p->object, "FLBPluginRegister");
    p->definition = calloc(1, sizeof(struct definition));
    if (registered(p->definition) == -1) {
        free(p->definition);
        printf("refused\n");
        return; /* Fluent Bit goes on without it */
    }
    p->init = symbol(p->object, "FLBPluginInit");
    printf("registered %s\n", p->definition->name);
    next->n_proxies++;
}

static void unregister(struct configuration *c)
{
    void (*unregistered)(struct definition *);
    for (int i = 0; i < c->n_proxies; i++) {
        unregistered = symbol(c->proxies[i].object, "FLBPluginUnregister");
        unregistered(c->proxies[i].definition);
        free(c->proxies[i].definition);
    }
    c->n_proxies = 0;
}

static int add(int type, char *arguments)
{
    struct instance *in = calloc(1, sizeof(*in));
    char *save, *word;
    in->type = type;
    in->plugin = strdup(strtok_r(arguments, " ", &save));
    in->log_level = 3;
    while ((word = strtok_r(NULL, " ", &save)) != NULL) {
        if (strncmp(word, "log_level=", 10) == 0) {
            in->log_level = atoi(word + 10);
        }
        in->properties[in->n_properties++] = strdup(word);
    }
    snprintf(in->name, sizeof(in->name), "%s.%d", in->plugin, next->n_instances);
    next->instances[next->n_instances++] = in;
    for (int i = 0; i < next->n_proxies; i++) {
        struct definition *d = next->proxies[i].definition;
        if (d->type == type && strcmp(d->name, in->plugin) == 0) {
            in->proxy = &next->proxies[i];
            return 0;
        }
    }
    fprintf(stderr, "[error] [config] section '%s' tried to instance a plugin name that doesn't exist\n", in->plugin);
    unregister(next);
    return 1;
}

static int init(struct instance *in)
{
    struct plugin p = {in->plugin, &api, in, NULL};
    in->output.proxy = in->input.proxy = in->proxy;
    p.context = in->type == INPUT ? (void *) &in->input : (void *) &in->output;
    if (in->proxy->init(&p) <= 0) {
        fprintf(stderr, "[error] [go proxy]: plugin '%s' failed to initialize\n", in->plugin);
        return 1;
    }
    return 0;
}

/* Outputs exit before inputs. */
static void shut_down(struct configuration *c, int hot_reload)
{
    for (int type = OUTPUT; type >= INPUT; type--) {
        for (int i = 0; i < c->n_instances; i++) {
            struct instance *in = c->instances[i];
            if (in->type != type || (type == INPUT && !c->running)) {
                continue; /* the thread of an input that never ran ends without an exit */
            }
            void (*pre_exit)(int) = symbol(in->proxy->object, type == INPUT ? "FLBPluginInputPreExit" : "FLBPluginOutputPreExit");
            pre_exit(hot_reload);
            if (type == INPUT) {
                int (*finish)(void) = symbol(in->proxy->object, "FLBPluginExit");
                finish();
            }
            else {
                int (*finish)(void *) = symbol(in->proxy->object, "FLBPluginExitCtx");
                finish(in->output.remote);
            }
            if (destroy_metrics != NULL) { /* as flb_output_instance_destroy does */
                destroy_metrics(in);
            }
        }
    }
}

static void *init_input(void *in) { return init(in) ? in : NULL; }

static void *pre_run(void *data)
{
    struct instance *in = data;
    int (*run)(int) = symbol(in->proxy->object, "FLBPluginInputPreRun");
    run(1);
    return NULL;
}

/* An input lives on a thread of its own. */
static int on_thread(void *(*f)(void *), void *argument)
{
    pthread_t thread;
    void *failed;
    pthread_create(&thread, NULL, f, argument);
    pthread_join(thread, &failed);
    return failed != NULL;
}

static int start(void)
{
    if (running != NULL) {
        shut_down(running, 1);
        unregister(running);
    }
    running = next;
    next = calloc(1, sizeof(*next));
    for (int type = INPUT; type <= OUTPUT; type++) {
        for (int i = 0; i < running->n_instances; i++) {
            struct instance *in = running->instances[i];
            if (in->type == type && (type == INPUT ? on_thread(init_input, in) : init(in))) {
                shut_down(running, 0);
                unregister(running);
                return 1;
            }
        }
    }
    running->running = 1;
    for (int i = 0; i < running->n_instances; i++) {
        if (running->instances[i]->type == INPUT) {
            on_thread(pre_run, running->instances[i]);
        }
    }
    return 0;
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *data;
    if (f == NULL) {
        die(path);
    }
    fseek(f, 0, SEEK_END);
    *size = (size_t) ftell(f);
    rewind(f);
    data = malloc(*size + 1);
    if (fread(data, 1, *size, f) != *size) {
        die(path);
    }
    fclose(f);
    return data;
}

static struct instance *find(int type, int number)
{
    for (int i = 0; i < running->n_instances; i++) {
        if (running->instances[i]->type == type && number-- == 0) {
            return running->instances[i];
        }
    }
    die("no such instance");
    return NULL;
}

struct flush {
    struct instance *output;
    const char *path;
    int times, failed;
};

/* The chunk is overwritten after each call: a plugin must keep nothing of it. */
static void *flush_thread(void *argument)
{
    struct flush *f = argument;
    int (*flush)(void *, void *, size_t, char *) = symbol(f->output->proxy->object, "FLBPluginFlushCtx");
    for (int i = 0; i < f->times; i++) {
        size_t size;
        char *data = read_file(f->path, &size);
        if (flush(f->output->output.remote, data, size, "flows") != 1) {
            f->failed++;
        }
        memset(data, 0xc1, size);
        __asm__ volatile("" : : "r"(data) : "memory"); /* or the compiler leaves that out, as nobody reads it */
        free(data);
    }
    return NULL;
}

static void run_flushes(struct flush *work, int threads)
{
    pthread_t ids[MAX];
    int times = 0, failed = 0;
    for (int i = 0; i < threads; i++) {
        pthread_create(&ids[i], NULL, flush_thread, &work[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        times += work[i].times;
        failed += work[i].failed;
    }
    printf("flushed %d, failed %d\n", times, failed);
}

static void flush(int number, const char *path, int threads, int times)
{
    struct flush work[MAX];
    struct instance *output = find(OUTPUT, number);
    if (threads < 1 || threads > MAX) {
        die("flush: not 1 to 128 threads");
    }
    for (int i = 0; i < threads; i++) {
        work[i] = (struct flush) {output, path, times, 0};
    }
    run_flushes(work, threads);
}

static void share(char *arguments)
{
    struct flush work[MAX];
    char *save, *word = strtok_r(arguments, " ", &save);
    struct instance *output = find(OUTPUT, word != NULL ? atoi(word) : 0);
    int threads = 0;
    while (threads < MAX && (word = strtok_r(NULL, " ", &save)) != NULL) {
        work[threads++] = (struct flush) {output, word, 1, 0};
    }
    run_flushes(work, threads);
}

/* Returns the end of a msgpack object, or NULL. */
static const unsigned char *skip(const unsigned char *p, const unsigned char *end)
{
    static const int sizes[] = {1, 1, 1, 1, -1, -2, -4, -12, -13, -15, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18, -1, -2, -4, -22, -24, -42, -44};
    unsigned long n = 0, members = 0;
    if (p >= end) {
        return NULL;
    }
    unsigned char c = *p;
    if (c < 0x80 || c >= 0xe0) {
        return p + 1;
    }
    if (c < 0x90 || c < 0xa0) { /* fixmap, fixarray */
        members = c < 0x90 ? 2 * (c & 15) : c & 15;
        p++;
    }
    else if (c < 0xc0) { /* fixstr */
        return p + 1 + (c & 31);
    }
    else {
        int size = sizes[c - 0xc0];
        if (size > 0) {
            return p + size;
        }
        int bytes = c >= 0xdc ? (c & 1 ? 4 : 2) : c == 0xc4 || c == 0xc7 || c == 0xd9 ? 1 : c == 0xc5 || c == 0xc8 || c == 0xda ? 2 : 4;
        for (int i = 1; i <= bytes; i++) {
            n = n << 8 | p[i];
        }
        p += 1 + bytes;
        if (c < 0xdc) { /* bin, ext, str */
            return p + n + (c >= 0xc7 && c <= 0xc9 ? 1 : 0);
        }
        members = c >= 0xde ? 2 * n : n;
    }
    for (; members > 0 && p != NULL; members--) {
        p = skip(p, end);
    }
    return p;
}

static long count_records(const void *data, size_t size)
{
    const unsigned char *p = data, *end = p + size;
    long n = 0;
    while (p != NULL && p < end) {
        p = skip(p, end);
        n++;
    }
    return n;
}

static int full; /* the storage */

/* Returns the bytes that an input has given. */
static size_t collect_once(struct instance *in, const char *path)
{
    int (*callback)(void *, void **, size_t *) = symbol(in->proxy->object, "FLBPluginInputCallbackCtx");
    int (*cleanup)(void *, void *) = symbol(in->proxy->object, "FLBPluginInputCleanupCallbackCtx");
    void *data = NULL;
    size_t size = 0;
    int code = callback(in->input.remote, &data, &size);
    if (size > 0 && code != -1) {
        if (!full) {
            FILE *f = fopen(path, "ab");
            fwrite(data, 1, size, f);
            fclose(f);
            if (count_taken != NULL) {
                count_taken(in, count_records(data, size));
            }
        }
        cleanup(in->input.remote, data);
    }
    return size;
}

/* What was flushed just now is judged by another thread: an input has given all when it gives nothing for 200 ms. */
static void collect(int number, const char *path)
{
    struct instance *in = find(INPUT, number);
    size_t total = 0;
    for (int silent = 0; silent < 10; silent++) {
        size_t size = collect_once(in, path);
        if (size > 0) {
            total += size;
            silent = 0;
        }
        usleep(20 * 1000);
    }
    printf("collected %zu from %s\n", total, in->name);
}

/* SIGTERM ends the host as "stop" does. */
static volatile sig_atomic_t terminated;
static void terminate(int signal) { terminated = signal; }

static void nothing(int signal) { (void) signal; }

static void set_handler(const char *whose)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_DFL;
    if (strcmp(whose, "program") == 0) {
        action.sa_handler = nothing;
    }
    else if (strcmp(whose, "library") == 0) {
        action.sa_handler = (void (*)(int)) symbol(RTLD_NEXT, "exit"); /* any function there will do: it is never called */
    }
    sigaction(SIGSEGV, &action, NULL);
}

static void print_handler(void)
{
    struct sigaction action;
    Dl_info in, plugin, program;
    sigaction(SIGSEGV, NULL, &action);
    void *handler = (void *) action.sa_sigaction;
    dladdr(symbol(running->proxies[0].object, "FLBPluginInit"), &plugin);
    dladdr((void *) nothing, &program);
    const char *whose = "nobody";
    if (action.sa_handler != SIG_DFL && dladdr(handler, &in) != 0) {
        whose = in.dli_fbase == plugin.dli_fbase ? "the plugin" : in.dli_fbase == program.dli_fbase ? "the program" : "another library";
    }
    printf("SIGSEGV is handled by %s\n", whose);
}

int main(void)
{
    char line[4096], path[4096];
    int a, b, c;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGTERM, terminate);
    next = calloc(1, sizeof(*next));
    while (!terminated && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "load %4095s", path) == 1) {
            load(path);
        }
        else if (strncmp(line, "input ", 6) == 0 || strncmp(line, "output ", 7) == 0) {
            int type = line[0] == 'i' ? INPUT : OUTPUT;
            if (add(type, strchr(line, ' ') + 1)) {
                return 1;
            }
        }
        else if (strcmp(line, "start") == 0) {
            if (start()) {
                return 1;
            }
        }
        else if (sscanf(line, "flush %d %4095s %d %d", &a, path, &b, &c) == 4) {
            flush(a, path, b, c);
        }
        else if (strncmp(line, "share ", 6) == 0) {
            share(line + 6);
        }
        else if (sscanf(line, "collect %d %4095s", &a, path) == 2) {
            collect(a, path);
        }
        else if (sscanf(line, "full %d", &full) == 1) {
        }
        else if (print_metrics != NULL && strcmp(line, "metrics") == 0) {
            usleep(1500 * 1000); /* they are brought up to date each second */
            print_metrics();
        }
        else if (sscanf(line, "handler %4095s", path) == 1) {
            set_handler(path);
        }
        else if (strcmp(line, "handled") == 0) {
            print_handler();
        }
        else if (sscanf(line, "sleep %d", &a) == 1) {
            usleep((useconds_t) a * 1000);
        }
        else if (strcmp(line, "stop") == 0) {
            break;
        }
        else {
            die(line);
        }
    }
    if (running != NULL) {
        shut_down(running, 0);
        unregister(running);
    }
    return 0;
}
