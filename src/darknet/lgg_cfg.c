/* lgg_cfg.c: reads the options of an LGG section, and says what is wrong with them. */
#include "lgg_cfg.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "names.h"

#include "host.h"

static const char *const common_options[] = {HOST_COMMON_OPTIONS, NULL};

static void print_place(const lgg_place *place, const char *kind, const char *format, va_list arguments) {
    fflush(stdout);
    if (place->unfinished) fputc('\n', stderr);
    fprintf(stderr, "%s: layer %d [%s]: %s", place->file, place->index, place->type, kind);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void lgg_fail(const lgg_place *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_place(place, "", format, arguments);
    va_end(arguments);
    lgg_exit(EXIT_FAILURE);
}

void lgg_warn(const lgg_place *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_place(place, "warning: ", format, arguments);
    va_end(arguments);
}

static int is_among(const char *word, const char *const *names) {
    for (; *names; ++names) {
        if (strcmp(word, *names) == 0) return 1;
    }
    return 0;
}

static kvp *find_option(const lgg_cfg *cfg, const char *name) {
    for (node *n = cfg->options->front; n; n = n->next) {
        kvp *pair = n->val;
        if (strcmp(pair->key, name) == 0) return pair;
    }
    return NULL;
}

void lgg_cfg_check(const lgg_cfg *cfg, const char *const *known) {
    for (node *n = cfg->options->front; n; n = n->next) {
        kvp *pair = n->val;
        if (!is_among(pair->key, known) && !is_among(pair->key, common_options)) {
            const char *near = lgg_similar_name(pair->key, known), *value = pair->val ? pair->val : "";
            if (near) lgg_fail(&cfg->place, "unknown option %s=%s; did you mean %s?", pair->key, value, near);
            lgg_fail(&cfg->place, "unknown option %s=%s; those of this section: ./darknet lgg sections %s", pair->key,
                     value, cfg->place.type);
        }
        if (find_option(cfg, pair->key) != pair) {
            lgg_fail(&cfg->place, "%s=%s: given twice; keep one of them", pair->key, pair->val ? pair->val : "");
        }
        pair->used = 1;
    }
}

const char *lgg_cfg_string(const lgg_cfg *cfg, const char *name) {
    const kvp *pair = find_option(cfg, name);
    if (!pair) return NULL;
    if (!pair->val || !*pair->val) lgg_fail(&cfg->place, "%s= has no value", name);
    return pair->val;
}

/* Reads a whole number from the start of text; 0 if there is none that an int holds. */
static int parse_whole(const char *text, const char **end, int *value) {
    errno = 0;
    char *stop;
    long number = strtol(text, &stop, 10);
    *end = stop;
    *value = (int)number;
    return stop != text && errno == 0 && number >= INT_MIN && number <= INT_MAX;
}

int lgg_cfg_int(const lgg_cfg *cfg, const char *name, int minimum, int otherwise) {
    const char *text = lgg_cfg_string(cfg, name), *end;
    int value;
    if (!text) return otherwise;
    if (!parse_whole(text, &end, &value) || *end || value < minimum) {
        if (otherwise < minimum)
            lgg_fail(&cfg->place, "%s=%s: must be a whole number, %d or more", name, text, minimum);
        lgg_fail(&cfg->place, "%s=%s: must be a whole number, %d or more (default %d)", name, text, minimum, otherwise);
    }
    return value;
}

static int parse_number(const char *text, float *value) {
    char *end;
    *value = strtof(text, &end);
    return end != text && !*end && isfinite(*value);
}

float lgg_cfg_positive(const lgg_cfg *cfg, const char *name, float otherwise) {
    const char *text = lgg_cfg_string(cfg, name);
    float value;
    if (!text) return otherwise;
    if (!parse_number(text, &value) || value <= 0) {
        lgg_fail(&cfg->place, "%s=%s: must be a number above 0 (default %g)", name, text, otherwise);
    }
    return value;
}

float lgg_cfg_nonnegative(const lgg_cfg *cfg, const char *name, float otherwise) {
    const char *text = lgg_cfg_string(cfg, name);
    float value;
    if (!text) return otherwise;
    if (!parse_number(text, &value) || value < 0) {
        lgg_fail(&cfg->place, "%s=%s: must be a number, 0 or more (default %g)", name, text, otherwise);
    }
    return value;
}

int lgg_cfg_one_or_two(const char *text, float value[2]) {
    char *end;
    value[0] = strtof(text, &end);
    if (end == text || (*end && *end != ',') || !isfinite(value[0]) || value[0] <= 0) return 0;
    if (!*end) return 1;
    return parse_number(end + 1, &value[1]) && value[1] > 0 ? 2 : 0;
}

/* "a, b or c" */
static void join(char *text, size_t size, const char *const *names) {
    size_t length = 0;
    for (int i = 0; names[i]; ++i) {
        const char *between = i == 0 ? "" : names[i + 1] ? ", " : " or ";
        length += (size_t)snprintf(text + length, size - length, "%s%s", between, names[i]);
        if (length >= size) return;
    }
}

int lgg_cfg_choice(const lgg_cfg *cfg, const char *name, const char *const *choices, int otherwise) {
    const char *text = lgg_cfg_string(cfg, name);
    if (!text) return otherwise;
    for (int i = 0; choices[i]; ++i) {
        if (strcmp(text, choices[i]) == 0) return i;
    }
    char all[128];
    join(all, sizeof all, choices);
    lgg_fail(&cfg->place, "%s=%s: must be %s; did you mean %s?", name, text, all, lgg_nearest_name(text, choices));
}

int *lgg_cfg_list(const lgg_cfg *cfg, const char *name, int *n) {
    const char *text = lgg_cfg_string(cfg, name), *next = text;
    *n = 0;
    if (!text) return NULL;
    int *values = calloc(strlen(text) / 2 + 1, sizeof *values);
    if (!values) lgg_fail(&cfg->place, "%s=%s: out of memory", name, text);
    for (;;) {
        if (!parse_whole(next, &next, &values[(*n)++]) || (*next && *next != ',')) {
            lgg_fail(&cfg->place, "%s=%s: must be whole numbers with commas between them", name, text);
        }
        if (!*next) return values;
        ++next;
    }
}
