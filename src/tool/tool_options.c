/* tool_options.c: one option parser for all commands; mistakes get one line that says what would be right. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "tool.h"

static const char *nearest_name(const char *name, const tool_option *options, int count) {
    const char **names = lgg_allocate((size_t)count + 1, sizeof *names, "the names of options");
    for (int i = 0; i < count; ++i)
        names[i] = options[i].name;
    const char *nearest = lgg_nearest_name(name, names);
    free(names);
    return nearest;
}

static int is_choice(const char *choices, const char *value) {
    size_t length = strlen(value);
    if (strchr(value, '|')) return 0;
    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL) {
        if (strncmp(c, value, length) == 0 && (c[length] == '|' || c[length] == '\0')) return length > 0;
    }
    return 0;
}

static void fail_range(const tool_option *option, const char *text) {
    const char *kind = option->kind == TOOL_INT ? "a whole number" : "a number";
    if (option->minimum == 0 && option->maximum == 0) tool_fail("-%s %s: should be %s", option->name, text, kind);
    if (option->kind == TOOL_DOUBLE && option->maximum >= 1e9)
        tool_fail("-%s %s: should be %s from %g", option->name, text, kind, option->minimum);
    tool_fail("-%s %s: should be %s from %.10g to %.10g", option->name, text, kind, option->minimum, option->maximum);
}

/* "0.03" or "8/255". */
static double read_number(const char *text, char **end) {
    double number = strtod(text, end);
    if (*end == text || **end != '/' || (*end)[1] == '\0') return number;
    return number / strtod(*end + 1, end);
}

static void set_option(const tool_option *option, const char *text) {
    if (option->kind == TOOL_STRING) {
        if (option->choices && !is_choice(option->choices, text)) {
            tool_fail("-%s %s: should be one of %s", option->name, text, option->choices);
        }
        *(const char **)option->value = text;
        return;
    }
    char *end;
    errno = 0;
    double number = option->kind == TOOL_INT ? (double)strtol(text, &end, 10) : read_number(text, &end);
    int ranged = option->minimum != 0 || option->maximum != 0;
    /* written so that NaN fails it */
    int inside = !ranged || (number >= option->minimum && number <= option->maximum);
    int finite = number - number == 0;
    if (*text == '\0' || *end != '\0' || errno || !inside || !finite) fail_range(option, text);
    if (option->kind == TOOL_INT && (number > INT_MAX || number < INT_MIN)) fail_range(option, text);
    if (option->kind == TOOL_INT) {
        *(int *)option->value = (int)number;
    } else {
        *(double *)option->value = number;
    }
}

int tool_parse_options(int argc, char **argv, const tool_option *options, int count, const char **positional,
                       int max_positional) {
    int positions = 0;
    tool_forget_files();
    for (int i = 0; i < argc; ++i) {
        if (argv[i][0] != '-') {
            if (positions == max_positional) tool_fail("'%s' is one argument too many", argv[i]);
            positional[positions++] = argv[i];
            continue;
        }
        const char *name = argv[i] + 1 + (argv[i][1] == '-');
        if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0) {
            tool_print_options(stdout, options, count);
            exit(0);
        }
        int o = 0;
        while (o < count && strcmp(options[o].name, name) != 0)
            ++o;
        if (o == count) {
            tool_fail("no option '%s'; did you mean -%s?", argv[i], nearest_name(name, options, count));
        }
        if (options[o].given) *options[o].given = 1;
        if (options[o].kind == TOOL_FLAG) {
            *(int *)options[o].value = 1;
            continue;
        }
        if (i + 1 == argc) tool_fail("-%s needs a value", options[o].name);
        set_option(&options[o], argv[++i]);
    }
    for (int i = 0; i < positions; ++i)
        tool_add_input(positional[i]);
    return positions;
}

void tool_print_options(FILE *file, const tool_option *options, int count) {
    tool_print_usage(file);
    for (int i = 0; i < count; ++i) {
        const tool_option *o = &options[i];
        fprintf(file, "  -%-12s %s", o->name, o->help);
        if (o->choices) fprintf(file, " (%s)", o->choices);
        if (o->kind == TOOL_INT) fprintf(file, " [%d]", *(int *)o->value);
        if (o->kind == TOOL_DOUBLE) fprintf(file, " [%g]", *(double *)o->value);
        if (o->kind == TOOL_STRING && *(const char **)o->value) fprintf(file, " [%s]", *(const char **)o->value);
        fputc('\n', file);
    }
}

int tool_split(const char *text, char separator, char ***parts) {
    int count = 1;
    for (const char *c = text; *c; ++c)
        count += *c == separator;
    *parts = lgg_allocate((size_t)count, sizeof **parts, "a list");
    for (int i = 0; i < count; ++i) {
        const char *end = strchr(text, separator);
        size_t length = end ? (size_t)(end - text) : strlen(text);
        (*parts)[i] = lgg_allocate(length + 1, 1, "a list");
        memcpy((*parts)[i], text, length);
        text += length + 1;
    }
    return count;
}

int tool_parse_layers(const char *text, int layers, int **indices) {
    char **parts;
    int count = tool_split(text, ',', &parts);
    *indices = lgg_allocate((size_t)count, sizeof **indices, "layers");
    for (int i = 0; i < count; ++i) {
        char *end;
        long index = strtol(parts[i], &end, 10);
        if (strcmp(parts[i], "input") == 0) {
            (*indices)[i] = TOOL_INPUT;
        } else if (*parts[i] == '\0' || *end != '\0') {
            tool_fail("layer '%s': should be an index or 'input'", parts[i]);
        } else if (index >= layers || index < -layers) {
            tool_fail("layer %ld: the network has layers 0 to %d", index, layers - 1);
        } else {
            (*indices)[i] = (int)(index < 0 ? index + layers : index);
        }
        free(parts[i]);
    }
    free(parts);
    return count;
}

int tool_is_one_of(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; ++i)
        if (strcmp(word, words[i]) == 0) return 1;
    return 0;
}

char *tool_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    char *base = lgg_copy_string(slash ? slash + 1 : path), *dot = strrchr(base, '.');
    if (dot && dot != base) *dot = '\0';
    return base;
}

void tool_layer_index(int layer, char text[16]) {
    if (layer == TOOL_INPUT) {
        strcpy(text, "input");
    } else {
        snprintf(text, 16, "%d", layer);
    }
}

void tool_graph_options_default(tool_graph_options *graph) {
    *graph = (tool_graph_options){.similarity = "cosine", .alpha = 1};
}

void tool_graph_option_list(tool_graph_options *graph, tool_option list[TOOL_GRAPH_OPTIONS]) {
    const tool_option options[TOOL_GRAPH_OPTIONS] = {
        {"similarity", TOOL_STRING, &graph->similarity, 0, 0, "weight of an edge", "cosine|rbf|exp", NULL},
        {"alpha", TOOL_DOUBLE, &graph->alpha, 1e-30, 1e30, "scale of rbf and exp", NULL, &graph->alpha_given},
        {"unit", TOOL_INT, &graph->unit, 0, 1, "1: vectors are divided by their length first", NULL, NULL},
        {"k", TOOL_INT, &graph->k, 0, 1e9, "nearest neighbours kept, 0 all", NULL, NULL},
        {"normalize", TOOL_INT, &graph->normalize, 0, 1, "1: D^-1/2 A D^-1/2", NULL, NULL},
    };
    memcpy(list, options, sizeof options);
}

lgg_graph_options tool_graph_options_get(const tool_graph_options *graph) {
    lgg_similarity similarity = LGG_COSINE;
    if (strcmp(graph->similarity, "rbf") == 0) similarity = LGG_RBF;
    if (strcmp(graph->similarity, "exp") == 0) similarity = LGG_EXP;
    return (lgg_graph_options){.similarity = similarity,
                               .alpha = (float)graph->alpha,
                               .unit = graph->unit,
                               .k = graph->k,
                               .normalize = graph->normalize};
}

void tool_graph_doubt(tool_graph_doubts *doubts, const char *name, const float *x, int n, int d) {
    int negative = 0, zero_vectors = 0;
    for (int i = 0; i < n; ++i) {
        int zero = 1;
        for (int j = 0; j < d; ++j) {
            float value = x[(size_t)i * (size_t)d + (size_t)j];
            negative |= value < 0;
            zero &= value == 0;
        }
        zero_vectors += zero;
    }
    if (negative && doubts->negative++ == 0) doubts->first_negative = name;
    if (2 * zero_vectors > n && doubts->dead++ == 0) doubts->first_dead = name;
}

void tool_graph_doubts_print(const tool_graph_doubts *doubts, const tool_graph_options *graph) {
    int cosine = strcmp(graph->similarity, "cosine") == 0;
    if (cosine && graph->alpha_given) tool_note("-alpha %g changes nothing under cosine", graph->alpha);
    if (cosine && doubts->negative) {
        tool_note(
            "%d of these layers, the first %s, have negative outputs, and under cosine edges with negative weights; "
            "-similarity rbf or exp suits them",
            doubts->negative, doubts->first_negative);
    }
    if (doubts->dead) {
        tool_note(
            "%d of these layers, the first %s, give zero vectors for most images: their graphs say nothing of classes",
            doubts->dead, doubts->first_dead);
    }
}
