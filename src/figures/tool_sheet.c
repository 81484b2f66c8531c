/* tool_sheet.c: see tool_sheet.h. */
#include "tool_sheet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_image.h"
#include "tool_drawing.h"

enum { CELL = 112, THUMBNAIL = 96, LINE_HEIGHT = 15, LINE_LETTERS = 14, HEAD = 44 };

static const tool_found *found_of(const tool_found_lists *s, int query) {
    return s->found + (size_t)query * (size_t)s->k;
}

/* What is printed of a score: a cosine, or a distance. */
static double printed_score(const tool_found_lists *s, float score) {
    return s->euclidean ? -(double)score : (double)score;
}

void tool_found_print(const tool_found_lists *s) {
    for (int i = 0; i < s->queries; ++i) {
        printf("%s%s\n%5s %10s  %-14s %s\n", i ? "\n" : "", s->query[i], "rank", s->euclidean ? "distance" : "cosine",
               "label", "image");
        for (int j = 0; j < s->count[i]; ++j) {
            const tool_found *f = &found_of(s, i)[j];
            printf("%5d %10.6f  %-14s %s\n", j + 1, printed_score(s, f->score), f->label, f->path);
        }
    }
}

void tool_found_write_csv(const char *path, const tool_found_lists *s) {
    tool_output output = tool_output_open(path);
    if (!output.file) return;
    fprintf(output.file, "query,rank,%s,row,label,path\n", s->euclidean ? "distance" : "cosine");
    for (int i = 0; i < s->queries; ++i) {
        for (int j = 0; j < s->count[i]; ++j) {
            const tool_found *f = &found_of(s, i)[j];
            tool_csv_text(output.file, s->query[i]);
            fprintf(output.file, ",%d,%.9g,%ld,", j + 1, printed_score(s, f->score), f->row);
            tool_csv_text(output.file, f->label);
            fputc(',', output.file);
            tool_csv_text(output.file, f->path);
            fputc('\n', output.file);
        }
    }
    tool_output_commit(&output);
}

/* Of the first n letters of UTF-8, or of all where there are fewer. */
static size_t bytes_of_letters(const char *text, int n) {
    size_t bytes = 0;
    while (text[bytes] && bytes < 4 * LINE_LETTERS && (n > 0 || (text[bytes] & 0xc0) == 0x80))
        n -= (text[++bytes] & 0xc0) != 0x80;
    return bytes;
}

/* A line below an image, no wider than it; what is cut shows when the pointer is on it. */
static void draw_line(FILE *file, double x, double y, const char *style, const char *text) {
    char cut[4 * LINE_LETTERS + 4];
    if (bytes_of_letters(text, LINE_LETTERS) < strlen(text)) {
        snprintf(cut, sizeof cut, "%.*s\xe2\x80\xa6", (int)bytes_of_letters(text, LINE_LETTERS - 1), text);
        text = cut;
    }
    tool_svg_text(file, x, y, 12, "start", style, text);
}

/* An image of the sheet with two lines below; its path shows when the pointer is on it. */
static void draw_image(FILE *file, double x, double y, const char *path, const char *first, const char *second) {
    fprintf(file, "<g><title>");
    tool_xml_escape(file, path);
    fprintf(file, "</title>\n");
    if (access(path, R_OK) == 0) {
        float *pixels = lgg_allocate(3 * THUMBNAIL * THUMBNAIL, sizeof *pixels, "a thumbnail");
        host_read_image(path, THUMBNAIL, THUMBNAIL, 3, pixels);
        tool_svg_image(file, pixels, THUMBNAIL, THUMBNAIL, 3, x, y, THUMBNAIL, THUMBNAIL);
        free(pixels);
    } else {
        fprintf(file, "<rect x=\"%g\" y=\"%g\" width=\"%d\" height=\"%d\" fill=\"#eee\"/>\n", x, y, THUMBNAIL,
                THUMBNAIL);
        tool_svg_text(file, x + THUMBNAIL / 2., y + THUMBNAIL / 2., 11, "middle", "fill=\"#777\"", "moved away");
    }
    draw_line(file, x, y + THUMBNAIL + LINE_HEIGHT - 2, "", first);
    draw_line(file, x, y + THUMBNAIL + 2 * LINE_HEIGHT - 2, "fill=\"#777\"", second);
    fprintf(file, "</g>\n");
}

static void draw_sheet(FILE *file, const tool_found_lists *s, const char *title, int inside) {
    const int row_height = THUMBNAIL + 2 * LINE_HEIGHT + 12;
    const double width = 2 * 16 + (s->k + 1) * CELL + 16, height = HEAD + s->queries * row_height;
    (inside ? tool_svg_begin_inside : tool_svg_begin)(file, width, height, title);
    tool_svg_text(file, 16, 26, 14, "start", "font-weight=\"bold\"", title);
    for (int i = 0; i < s->queries; ++i) {
        const double y = HEAD + i * row_height;
        const char *base = strrchr(s->query[i], '/');
        draw_image(file, 16, y, s->query[i], base ? base + 1 : s->query[i], "");
        fprintf(file, "<path d=\"M%d %gv%d\" stroke=\"#bbb\"/>\n", 16 + CELL, y, THUMBNAIL);
        for (int j = 0; j < s->count[i]; ++j) {
            const tool_found *f = &found_of(s, i)[j];
            char score[32];
            snprintf(score, sizeof score, "%.4f", printed_score(s, f->score));
            base = strrchr(f->path, '/');
            draw_image(file, 32 + (j + 1) * CELL, y, f->path, score, *f->label ? f->label : base ? base + 1 : f->path);
        }
    }
    tool_svg_end(file);
}

void tool_found_write_sheet(const char *path, const tool_found_lists *s, const char *title) {
    tool_output output = tool_output_open(path);
    if (!output.file) return;
    const size_t length = strlen(path);
    const int html = length > 5 && strcmp(path + length - 5, ".html") == 0;
    if (html) {
        fprintf(output.file, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><title>");
        tool_xml_escape(output.file, title);
        fprintf(output.file, "</title></head><body>\n");
    }
    draw_sheet(output.file, s, title, html);
    if (html) fprintf(output.file, "</body></html>\n");
    tool_output_commit(&output);
}
