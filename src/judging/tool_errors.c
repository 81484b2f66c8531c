/* tool_errors.c: see tool_errors.h. Relative MCE against another network's table:
 *
 *   for each corruption 100 sum_s (E_s - E_clean) / sum_s (Ebase_s - Ebase_clean), then the mean over the corruptions.
 *
 * Where the baseline hardly errs more than on clean images that is a quotient of noise, and the mean with it. Such corruptions are named,
 * and beside the mean of the quotients stands the quotient of the mean excesses, in which they weigh next to nothing. */
#include "tool_errors.h"

#include <math.h>
#include <string.h>

#include "tool.h"

/* Points of excess over the clean error below which a corruption says little. */
#define HARDLY 1.

const char tool_corruptions_made[] =
    "corruptions made here with the parameters of CIFAR-10-C, not the official files; frost is a "
    "synthetic texture";

int tool_corruption_of(const char *name) {
    int i = 0;
    while (i < TOOL_CORRUPTIONS && strcmp(tool_corruption_names[i], name) != 0)
        ++i;
    return i;
}

tool_errors tool_errors_empty(void) {
    tool_errors table = {.clean = NAN};
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        for (int s = 0; s < TOOL_SEVERITIES; ++s)
            table.error[i][s] = NAN;
    }
    return table;
}

tool_errors tool_errors_read(const char *path) {
    FILE *file = tool_open_text(path);
    tool_errors table = tool_errors_empty();
    char line[512], name[64], source[64];
    int severity, images, row = 0;
    double error;
    while (fgets(line, sizeof line, file)) {
        if (row++ == 0 && strncmp(line, "corruption,severity,images,error,source", 39) == 0) continue;
        if (sscanf(line, "%63[^,],%d,%d,%lf,%63[^,\n]", name, &severity, &images, &error, source) != 5) {
            tool_fail("-baseline %s: row %d is none of this command's CSV", path, row);
        }
        int corruption = tool_corruption_of(name);
        if (strcmp(name, "clean") == 0) table.clean = error;
        if (corruption == TOOL_CORRUPTIONS || severity < 1 || severity > TOOL_SEVERITIES) continue;
        table.error[corruption][severity - 1] = error;
        table.images = images;
        table.official = strcmp(source, "official") == 0;
    }
    fclose(file);
    if (!isfinite(table.clean)) tool_fail("-baseline %s: has no row 'clean'", path);
    return table;
}

/* Relative corruption error of one corruption, in percent; NaN where the baseline errs no more than on clean images. */
static double relative_error(const tool_errors *table, const tool_errors *base, int corruption) {
    double sum = 0, base_sum = 0;
    for (int s = 0; s < TOOL_SEVERITIES; ++s) {
        sum += table->error[corruption][s] - table->clean;
        base_sum += base->error[corruption][s] - base->clean;
    }
    return base_sum > 0 ? 100 * sum / base_sum : NAN;
}

/* Points by which a network errs more than on clean images, the mean over the severities. */
static double excess(const tool_errors *table, int corruption) {
    double sum = 0;
    for (int s = 0; s < TOOL_SEVERITIES; ++s)
        sum += (table->error[corruption][s] - table->clean) / TOOL_SEVERITIES;
    return sum;
}

/* Ends the program where the baseline lacks the corruption. Returns whether anything can be relative to it. */
static int check_excess(const tool_errors *base, int corruption, const char *path) {
    if (!isfinite(excess(base, corruption))) {
        tool_fail("-baseline %s: has no %s at all %d severities", path, tool_corruption_names[corruption],
                  TOOL_SEVERITIES);
    }
    return isfinite(relative_error(base, base, corruption));
}

void tool_errors_check(const tool_errors *table, const tool_errors *base, const char *path) {
    if (table->official != base->official) {
        tool_fail("-baseline %s: has %s corruptions, this table %s ones", path, base->official ? "official" : "made",
                  table->official ? "official" : "made");
    }
    if (table->images != base->images) {
        tool_fail("-baseline %s: has %d images a severity, this table %d", path, base->images, table->images);
    }
    int wanted = 0, usable = 0;
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        if (!table->wanted[i]) continue;
        ++wanted;
        usable += check_excess(base, i, path);
    }
    if (wanted && !usable)
        tool_fail("-baseline %s: no corruption raises its error, so nothing is relative to it", path);
}

/* ---- output ---- */

static double mean_error(const tool_errors *table, int corruption) {
    double sum = 0;
    for (int s = 0; s < TOOL_SEVERITIES; ++s)
        sum += table->error[corruption][s];
    return sum / TOOL_SEVERITIES;
}

/* Names the corruptions under which the baseline hardly errs more, and says what does not hang on them. */
static void print_excess(const tool_errors *t, const tool_errors *base) {
    double rest = 0, own = 0, theirs = 0;
    int doubtful = 0, counted = 0, count = 0;
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        if (!t->wanted[i]) continue;
        ++count;
        own += excess(t, i);
        theirs += excess(base, i);
        if (excess(base, i) < HARDLY) {
            printf(doubtful++ ? ", %s (%.2f)" : "the baseline hardly errs more (points): %s (%.2f)",
                   tool_corruption_names[i], excess(base, i));
        } else {
            rest += relative_error(t, base, i);
            ++counted;
        }
    }
    if (doubtful) printf("; relative errors there say little\n");
    if (doubtful && counted) printf("relative corruption error without them %.2f, over %d\n", rest / counted, counted);
    printf("mean excess over the clean error %.2f points", own / count);
    if (theirs > 0) printf(", %.2f %% of the baseline's", 100 * own / theirs);
    putchar('\n');
}

void tool_errors_print(const tool_errors *t, const tool_errors *base, const char *baseline) {
    double by_severity[TOOL_SEVERITIES] = {0}, relative_sum = 0;
    int count = 0, compared = 0;
    printf("%s\n", t->official ? "official CIFAR-10-C files" : tool_corruptions_made);
    printf("error in %% over %d images each; clean %.2f\n", t->images, t->clean);
    printf("%-20s %7d %7d %7d %7d %7d %8s%s\n", "corruption", 1, 2, 3, 4, 5, "mean", base ? "  relative" : "");
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        if (!t->wanted[i]) continue;
        int synthetic = !t->official && strcmp(tool_corruption_names[i], "frost") == 0;
        printf("%-20s", synthetic ? "frost (synthetic)" : tool_corruption_names[i]);
        for (int s = 0; s < TOOL_SEVERITIES; ++s) {
            printf(" %7.2f", t->error[i][s]);
            by_severity[s] += t->error[i][s];
        }
        printf(" %8.2f", mean_error(t, i));
        if (base) {
            double relative = relative_error(t, base, i);
            if (isfinite(relative)) {
                relative_sum += relative;
                ++compared;
                printf(" %9.2f", relative);
            }
        }
        putchar('\n');
        ++count;
    }
    double mean = 0;
    printf("%-20s", "mean");
    for (int s = 0; s < TOOL_SEVERITIES; ++s) {
        printf(" %7.2f", by_severity[s] / count);
        mean += by_severity[s] / count / TOOL_SEVERITIES;
    }
    printf(" %8.2f", mean);
    if (base) printf(" %9.2f", relative_sum / compared);
    putchar('\n');
    if (base && compared == TOOL_CORRUPTIONS)
        printf("relative MCE %.2f against %s\n", relative_sum / compared, baseline);
    if (base && compared < TOOL_CORRUPTIONS) {
        printf("relative corruption error %.2f over %d of the 15 corruptions, against %s\n", relative_sum / compared,
               compared, baseline);
    }
    if (base) print_excess(t, base);
}

void tool_errors_write(const tool_errors *t, const tool_errors *base, const char *csv) {
    tool_output output = tool_output_open(csv);
    if (!output.file) return;
    const char *source = t->official ? "official" : "made (not official)";
    fprintf(output.file, "corruption,severity,images,error,source,relative,baseline_excess\nclean,0,%d,%.4f,%s,,\n",
            t->clean_images, t->clean, source);
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        if (!t->wanted[i]) continue;
        int synthetic = !t->official && strcmp(tool_corruption_names[i], "frost") == 0;
        for (int s = 0; s < TOOL_SEVERITIES; ++s) {
            fprintf(output.file, "%s,%d,%d,%.4f,%s,", tool_corruption_names[i], s + 1, t->images, t->error[i][s],
                    synthetic ? "made (not official; synthetic texture)" : source);
            double relative = base ? relative_error(t, base, i) : NAN;
            if (isfinite(relative)) fprintf(output.file, "%.4f", relative);
            fputc(',', output.file);
            if (base) fprintf(output.file, "%.4f", excess(base, i));
            fputc('\n', output.file);
        }
    }
    tool_output_commit(&output);
}
