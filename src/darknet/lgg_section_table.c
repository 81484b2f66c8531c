/* lgg_section_table.c: the sections and their options as data.
 *
 * B is the batch, X (B, d) the output of a tapped layer, V (B, C) the labels, A the graph of the batch, L = D - A its Laplacian. */
#include "lgg_section_table.h"

#include <limits.h>
#include <string.h>

#include "command.h"

/* Far above what float32 holds of an unnormalized graph's powers, and still no training that seems to hang. */
#define LGG_MOST_POWER 1000

const lgg_section_type lgg_section_types[] = {
    {.type = "label_variation",
     .kind = LGG_LABEL_VARIATION,
     .lambda = 1,
     .fewest = 1,
     .most = 1,
     .right = "give one, and a section to each",
     .what = "trains an embedding: different classes drift apart",
     .loss =
         "σ = tr(Vᵀ L^power V) of one layer; `reduction=mean` divides by the ordered inter-class pairs: 1 = every such "
         "pair linked at weight 1; `mean_kept` by those that `k` keeps; `log`: log of the mean; `log_rows`: mean of "
         "each vertex's log"},
    {.type = "lgg_smooth",
     .kind = LGG_SMOOTH,
     .lambda = 1e-4f,
     .fewest = 2,
     .most = INT_MAX,
     .right = "give two or more, in the order of the network",
     .what = "a regularizer: label variation stays smooth from layer to layer",
     .loss = "Σ_ℓ |σ^{ℓ+1} − σ^ℓ| over two or more layers in order; `reduction=mean` divides by layers − 1"},
    {.type = "lgg_gkd",
     .kind = LGG_GKD,
     .lambda = 25,
     .fewest = 1,
     .most = INT_MAX,
     .what = "graph knowledge distillation: the student's graphs match those of a larger teacher",
     .loss = "Σ over layer pairs of ‖A_T^power − A_S^power‖² (Frobenius); `reduction=mean` divides by the pairs"},
    {.type = "rkd",
     .kind = LGG_RKD_DISTANCE,
     .lambda = 25,
     .fewest = 1,
     .most = INT_MAX,
     .what = "relational distillation (Park et al., 2019), and SP and PKT, its siblings",
     .loss =
         "`loss=distance`: mean over pairs of huber(d_S/mean d_S − d_T/mean d_T); `loss=angle`: mean over triples of "
         "huber(cos∠_S − cos∠_T); `loss=similarity` (SP): ‖G_T − G_S‖²/B², G = XXᵀ with rows of length 1; "
         "`loss=probability` "
         "(PKT): mean over i of Σ_j p_T log(p_T/p_S), p_ij ∝ 1 + cos(x_i, x_j); `reduction=mean` divides by the layer "
         "pairs"},
    {.type = "hkd",
     .kind = LGG_HKD,
     .lambda = 1,
     .fewest = 1,
     .most = 1,
     .right = "give the one with the logits",
     .what = "Hinton's distillation by soft targets (2015)",
     .loss = "mean over the batch of KL(softmax(t/T) ‖ softmax(s/T)), T = `temperature`, on logits"},
};
const int lgg_section_type_count = sizeof lgg_section_types / sizeof *lgg_section_types;

#define VARIATION 1u
#define SMOOTH 2u
#define GKD 4u
#define RKD 8u
#define HKD 16u
#define ALL (VARIATION | SMOOTH | GKD | RKD | HKD)
#define GRAPHS (VARIATION | SMOOTH | GKD)
#define TAUGHT (GKD | RKD | HKD)

#define AT(field) offsetof(lgg_section, field)

/* Read and written as the int that they are. */
_Static_assert(sizeof(lgg_similarity) == sizeof(int) && sizeof(lgg_reduction) == sizeof(int) &&
                   sizeof(lgg_edges) == sizeof(int) && sizeof(lgg_neighbors) == sizeof(int) &&
                   sizeof(lgg_graph_distance) == sizeof(int) && sizeof(lgg_kind) == sizeof(int),
               "an enumeration is no int");

static const char
    *const switches[] = {"0", "1", NULL},
           *const similarities[] = {"cosine", "rbf", "exp", NULL}, *const reductions[] = {"sum", "mean", NULL},
           *const reductions_of_variation[] = {"sum", "mean", "mean_kept", "log", "log_rows", NULL},
           *const losses[] = {"distance", "angle", "similarity", "probability", NULL},
           *const edges[] = {"all", "inter", "intra", NULL}, *const neighbors[] = {"own", "teacher", NULL},
           *const distances[] = {"squared", "frobenius", NULL}, *const vertices[] = {"images", "pixels", "boxes", NULL};

const lgg_option lgg_section_options[] = {
    {"layers", ALL, LGG_VALUE_LAYERS, AT(tapped), 0, 0, NULL,
     "the nearest earlier layer that is no LGG section (`[hkd]`: what the nearest earlier softmax takes in; "
     "`[lgg_smooth]`: none, give two or more)",
     "the tapped layers, as in `[route]`: absolute, or negative = counted back from this section"},
    {"lambda", ALL, LGG_VALUE_NONNEGATIVE, AT(lambda), 0, 0, NULL, NULL, "weight of this term in the objective"},
    {"classes", ALL, LGG_VALUE_WHOLE, AT(classes), 1, INT_MAX, NULL, "the previous output size",
     "the number of classes, where the embedding has another size"},
    {"similarity", GRAPHS, LGG_VALUE_CHOICE, AT(options.graph.similarity), LGG_COSINE, 0, similarities, NULL,
     "of two samples: `cosine` x·y/(‖x‖‖y‖); `rbf` exp(−alpha‖x−y‖²); `exp` exp(−alpha‖x−y‖)"},
    {"alpha", GRAPHS, LGG_VALUE_ALPHA, AT(options.graph.alpha), 0, 0, NULL, NULL,
     "of `rbf` and `exp`; `0.25,2`: moves from the first iteration to the last; `auto_size` 1/√d (so `exp` takes the "
     "mean of squares); "
     "`auto_deviation` 1/(3s), s the standard deviation of all squared distances, the gradient going through it; "
     "`auto`: the first for "
     "`exp`, the second for `rbf`"},
    {"unit", GRAPHS, LGG_VALUE_CHOICE, AT(options.graph.unit), 0, 0, switches, NULL,
     "1: every sample's vector is divided by its length first, the gradient going through"},
    {"k", GRAPHS, LGG_VALUE_WHOLE, AT(options.graph.k), 0, INT_MAX, NULL, NULL,
     "keep the edges of each vertex to its k nearest others (an edge stays if either end keeps it); 0: all"},
    {"normalize", GRAPHS, LGG_VALUE_CHOICE, AT(options.graph.normalize), 0, 0, switches, NULL,
     "1: A ← D^−½ A D^−½, D the degrees, the gradient going through D"},
    {"power", GRAPHS, LGG_VALUE_WHOLE, AT(options.power), 1, LGG_MOST_POWER, NULL, NULL,
     "of the Laplacian, or of A in `[lgg_gkd]`; each takes a matrix product"},
    {"loss", RKD, LGG_VALUE_CHOICE, AT(kind), LGG_RKD_DISTANCE, 0, losses, NULL, "what is compared with the teacher"},
    {"reduction", VARIATION, LGG_VALUE_CHOICE, AT(options.reduction), LGG_SUM, 0, reductions_of_variation, NULL,
     "what is made of σ, as its formula says (`log_rows` needs power=1)"},
    {"reduction", SMOOTH | GKD | RKD, LGG_VALUE_CHOICE, AT(options.reduction), LGG_SUM, 0, reductions, NULL,
     "whether the loss is divided as its formula says"},
    {"edges", GKD, LGG_VALUE_CHOICE, AT(options.edges), LGG_EDGES_ALL, 0, edges, NULL,
     "which edges are compared: all, those between classes, those within one"},
    {"neighbors", GKD, LGG_VALUE_CHOICE, AT(options.neighbors), LGG_NEIGHBORS_OWN, 0, neighbors, NULL,
     "whose k nearest count in the student's graph"},
    {"distance", GKD, LGG_VALUE_CHOICE, AT(options.distance), LGG_SQUARED, 0, distances, NULL,
     "of the graphs: the squared Frobenius norm, or its root"},
    {"vertices", GKD | RKD, LGG_VALUE_CHOICE, AT(vertices), LGG_VERTICES_IMAGES, 0, vertices, NULL,
     "of the graphs: the images of a pass; `pixels`: positions of the tapped maps, each with its values in all "
     "channels; `boxes`: the "
     "same, those under the boxes of the truth first"},
    {"samples", GKD | RKD, LGG_VALUE_WHOLE, AT(samples), 3, INT_MAX, NULL, NULL,
     "of `pixels` and `boxes`: the vertices of a graph, drawn anew each pass, the same in student and teacher"},
    {"temperature", HKD, LGG_VALUE_POSITIVE, AT(options.temperature), 0, 0, NULL, NULL, "T of the softmax"},
    {"teacher_layers", TAUGHT, LGG_VALUE_LAYERS, AT(teacher_layers), 0, 0, NULL, "as for `layers`",
     "the teacher's layers, one for each of `layers` (indices in the teacher's own .cfg)"},
    {"teacher_cfg", TAUGHT, LGG_VALUE_FILE, AT(teacher_cfg), 0, 0, NULL, "none; it must be given",
     "any Darknet network that takes the same input size"},
    {"teacher_weights", TAUGHT, LGG_VALUE_FILE, AT(teacher_weights), 0, 0, NULL, "none; it must be given",
     "its weights"},
};
const int lgg_section_option_count = sizeof lgg_section_options / sizeof *lgg_section_options;

const lgg_section_type *find_lgg_section_type(const char *header) {
    for (int i = 0; i < lgg_section_type_count; ++i) {
        const char *type = lgg_section_types[i].type;
        const size_t length = strlen(type);
        if (header[0] == '[' && strncmp(header + 1, type, length) == 0 && strcmp(header + 1 + length, "]") == 0)
            return &lgg_section_types[i];
    }
    return NULL;
}

int lgg_section_has_teacher(const lgg_section_type *type) {
    return (TAUGHT >> (type - lgg_section_types) & 1) != 0;
}

int lgg_section_needs_labels(const lgg_section *s) {
    return s->kind == LGG_LABEL_VARIATION || s->kind == LGG_SMOOTH ||
           (s->kind == LGG_GKD && s->options.edges != LGG_EDGES_ALL);
}

int lgg_section_minds_order(const lgg_section *s) {
    return s->kind == LGG_HKD || s->vertices != LGG_VERTICES_IMAGES;
}

int lgg_section_has_graphs(const lgg_section *s) {
    return s->kind != LGG_HKD;
}

int lgg_section_has_option(const lgg_section_type *type, const lgg_option *option) {
    return option->sections >> (type - lgg_section_types) & 1;
}

void default_lgg_section(const lgg_section_type *type, lgg_section *s) {
    s->kind = type->kind;
    s->lambda = type->lambda;
    s->samples = 128;
    lgg_options_default(type->kind, &s->options);
}

/* Fails on options that are none of the section's. */
static void check_names(const lgg_cfg *cfg, const lgg_section_type *type) {
    const char *known[sizeof lgg_section_options / sizeof *lgg_section_options + 1];
    int n = 0;
    for (int i = 0; i < lgg_section_option_count; ++i) {
        if (lgg_section_has_option(type, &lgg_section_options[i])) known[n++] = lgg_section_options[i].name;
    }
    known[n] = NULL;
    lgg_cfg_check(cfg, known);
}

static void read_whole(const lgg_cfg *cfg, const lgg_option *option, int *value) {
    *value = lgg_cfg_int(cfg, option->name, option->least, *value);
    if (*value <= option->most) return;
    lgg_fail(&cfg->place, "%s=%d: must be %d or less; each takes a matrix product", option->name, *value, option->most);
}

/* The words in the order of lgg_alpha; `auto` is what the authors have with the kernel. */
static void read_alpha(const lgg_cfg *cfg, const lgg_option *option, lgg_section *s) {
    static const char *const words[] = {"auto", "auto_size", "auto_deviation"};
    const char *text = lgg_cfg_string(cfg, option->name);
    lgg_graph_options *graph = &s->options.graph;
    float number[2];
    if (!text) return;
    if (strcmp(text, words[0]) == 0) text = words[graph->similarity == LGG_RBF ? 2 : 1];
    for (int i = 1; i < 3; ++i) {
        if (strcmp(text, words[i]) != 0) continue;
        graph->alpha_from = (lgg_alpha)i;
        return;
    }
    const int numbers = lgg_cfg_one_or_two(text, number);
    if (!numbers) {
        lgg_fail(&cfg->place,
                 "%s=%s: must be a number above 0, two of them (from,to), auto, auto_size or auto_deviation",
                 option->name, text);
    }
    graph->alpha = number[0];
    s->alpha_end = numbers == 2 ? number[1] : 0;
}

static void read_value(const lgg_cfg *cfg, const lgg_option *option, lgg_section *s) {
    void *value = (char *)s + option->at;
    int *whole = value;
    float *number = value;
    switch (option->value) {
    case LGG_VALUE_WHOLE:
        read_whole(cfg, option, whole);
        break;
    case LGG_VALUE_POSITIVE:
        *number = lgg_cfg_positive(cfg, option->name, *number);
        break;
    case LGG_VALUE_NONNEGATIVE:
        *number = lgg_cfg_nonnegative(cfg, option->name, *number);
        break;
    case LGG_VALUE_ALPHA:
        read_alpha(cfg, option, s);
        break;
    case LGG_VALUE_CHOICE:
        *whole = option->least + lgg_cfg_choice(cfg, option->name, option->choices, *whole - option->least);
        break;
    case LGG_VALUE_LAYERS:
    case LGG_VALUE_FILE:
        break;
    }
}

/* What changes nothing as the other options stand. */
static void warn_of_idle_options(const lgg_cfg *cfg, const lgg_section *s) {
    const lgg_graph_options *graph = &s->options.graph;
    const char *alpha = lgg_cfg_string(cfg, "alpha");
    if (alpha && graph->similarity == LGG_COSINE)
        lgg_warn(&cfg->place, "alpha=%s: changes nothing without similarity=rbf or exp", alpha);
    if (s->options.neighbors == LGG_NEIGHBORS_TEACHER && graph->k == 0)
        lgg_warn(&cfg->place, "neighbors=teacher: changes nothing without k");
    if (s->options.reduction == LGG_MEAN_KEPT && graph->k == 0)
        lgg_warn(&cfg->place, "reduction=mean_kept: is the mean without k");
}

void read_lgg_options(const lgg_cfg *cfg, const lgg_section_type *type, lgg_section *s) {
    check_names(cfg, type);
    for (int i = 0; i < lgg_section_option_count; ++i) {
        const lgg_option *option = &lgg_section_options[i];
        if (lgg_section_has_option(type, option)) read_value(cfg, option, s);
    }
    if (s->options.reduction == LGG_LOG_ROWS && s->options.power > 1) {
        lgg_fail(&cfg->place, "reduction=log_rows: needs power=1, a row has no share in a power of %d",
                 s->options.power);
    }
    if (darknet_is_training()) warn_of_idle_options(cfg, s);
}
