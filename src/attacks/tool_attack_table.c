/* tool_attack_table.c: see tool_attack_table.h. */
#include "tool_attack_table.h"

#include <math.h>

static void print_distance(double value) {
    if (isfinite(value)) {
        printf(" %9.5f", value);
    } else {
        printf(" %9s", "");
    }
}

static void name_row(const attack_table *t, int m, char *name, size_t size) {
    int steps = attack_steps(t->method[m], t->settings);
    int used = snprintf(name, size, "%s", t->method[m]->name);
    if (steps) used += snprintf(name + used, size - (size_t)used, ", %d steps", steps);
    used += snprintf(name + used, size - (size_t)used, ", %s norm, ", t->norm);
    if (t->set->epsilon >= 0) {
        snprintf(name + used, size - (size_t)used, "epsilon %.5g", t->set->epsilon);
    } else {
        snprintf(name + used, size - (size_t)used, "%g dB", t->set->snr);
    }
}

static double percent(int part, int whole) {
    return 100. * part / whole;
}

static int count_worst(const attack_table *t) {
    int worst = 0;
    for (int i = 0; i < t->set->images->count; ++i)
        worst += t->worst[i];
    return worst;
}

void attack_table_print(const attack_table *t) {
    int n = t->set->images->count;
    double clean = percent(attack_count_fooled(&t->clean), n);
    printf("%-44s %7s %7s %9s %12s %9s %9s %9s\n", "", "images", "error%", "accuracy%", "mean epsilon", "mean SNR",
           "mean size", "median");
    printf("%-44s %7d %7.2f %9.2f %12s %9s\n", "clean", n, clean, 100 - clean, "0", "inf");
    for (int m = 0; m < t->methods; ++m) {
        const attack_result *r = &t->result[m];
        char name[96];
        double error = percent(attack_count_fooled(r), n), mean, median;
        name_row(t, m, name, sizeof name);
        attack_distances(r, &mean, &median);
        printf("%-44s %7d %7.2f %9.2f %12.6f %6.2f dB", name, n, error, 100 - error, r->epsilon_sum / n,
               r->noisy ? r->snr_sum / r->noisy : INFINITY);
        print_distance(mean);
        print_distance(median);
        putchar('\n');
    }
    double worst = percent(count_worst(t), n);
    if (t->methods > 1) printf("%-44s %7d %7.2f %9.2f\n", "worst case, image by image", n, worst, 100 - worst);
    printf("size: of the noise, in the %s norm, over the images that it fools and that were right without\n", t->norm);
}

void attack_table_write(const attack_table *t, const char *csv) {
    tool_output output = tool_output_open(csv);
    if (!output.file) return;
    int n = t->set->images->count;
    double clean = percent(attack_count_fooled(&t->clean), n);
    const char *norm = t->norm;
    fprintf(output.file, "method,norm,steps,images,error,accuracy,mean_epsilon,mean_snr,mean_size,median_size\n");
    fprintf(output.file, "clean,%s,0,%d,%.4f,%.4f,0,inf,,\n", norm, n, clean, 100 - clean);
    for (int m = 0; m < t->methods; ++m) {
        const attack_result *r = &t->result[m];
        double error = percent(attack_count_fooled(r), n), mean, median;
        int steps = attack_steps(t->method[m], t->settings);
        attack_distances(r, &mean, &median);
        fprintf(output.file, "%s,%s,%d,%d,%.4f,%.4f,%.9g,%.6g,", t->method[m]->name, norm, steps ? steps : 1, n, error,
                100 - error, r->epsilon_sum / n, r->noisy ? r->snr_sum / r->noisy : INFINITY);
        if (isfinite(mean)) fprintf(output.file, "%.9g,%.9g", mean, median);
        fprintf(output.file, isfinite(mean) ? "\n" : ",\n");
    }
    double worst = percent(count_worst(t), n);
    if (t->methods > 1) fprintf(output.file, "worst,%s,,%d,%.4f,%.4f,,,,\n", norm, n, worst, 100 - worst);
    tool_output_commit(&output);
}
