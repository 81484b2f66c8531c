/* tool_drawing.c: SVG by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host_image.h"
#include "tool.h"
#include "tool_drawing.h"

enum { COLOURS = 10 };

const char *tool_colour(int i) {
    /* Okabe and Ito's, yellow last since it is faint on white; between them grey, and the wine of Paul Tol's palette */
    static const char *const colours[COLOURS] = {"#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7",
                                                 "#56B4E9", "#000000", "#999999", "#882255", "#F0E442"};
    return colours[i % COLOURS];
}

void tool_svg_begin(FILE *file, double width, double height, const char *title) {
    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    tool_svg_begin_inside(file, width, height, title);
}

void tool_svg_begin_inside(FILE *file, double width, double height, const char *title) {
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" "
            "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" fill=\"#222\">\n<title>",
            width, height, width, height);
    tool_xml_escape(file, title);
    fprintf(file, "</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n");
}

void tool_svg_end(FILE *file) {
    fprintf(file, "</svg>\n");
}

/* Bytes of the UTF-8 character at text, of those that XML 1.0 allows; 0 if there is none. */
static int xml_character(const unsigned char *text) {
    if (text[0] < 0x80) return text[0] >= 0x20 || text[0] == '\t';
    const int length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4) return 0;
    unsigned code = text[0] & (0xffu >> (length + 1));
    for (int i = 1; i < length; ++i) {
        if ((text[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const int surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[length] || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff) return 0;
    return length;
}

void tool_xml_escape(FILE *file, const char *text) {
    for (int length; *text; text += length ? length : 1) {
        length = xml_character((const unsigned char *)text);
        if (length != 1) {
            /* the sign for a character that cannot be shown, where there is none */
            fwrite(length ? text : "\xef\xbf\xbd", 1, length ? (size_t)length : 3, file);
            continue;
        }
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc(*text, file);
        }
    }
}

void tool_svg_text(FILE *file, double x, double y, double size, const char *anchor, const char *style,
                   const char *text) {
    fprintf(file, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%g\" text-anchor=\"%s\"%s%s>", x, y, size, anchor,
            *style ? " " : "", style);
    tool_xml_escape(file, text);
    fprintf(file, "</text>\n");
}

/* A regular polygon (or, with inner < 1, a star) whose first corner points at `turn` radians. */
static void polygon(FILE *file, int corners, double turn, double inner, double x, double y, double r) {
    int points = inner < 1 ? 2 * corners : corners;
    fprintf(file, "<polygon points=\"");
    for (int i = 0; i < points; ++i) {
        double angle = turn + 6.283185307179586 * i / points;
        double radius = inner < 1 && i % 2 ? inner * r : r;
        fprintf(file, "%.2f,%.2f ", x + radius * cos(angle), y + radius * sin(angle));
    }
    fprintf(file, "\" ");
}

void tool_svg_mark(FILE *file, int i, double x, double y, double r) {
    const double up = -1.5707963267948966;
    /* the next ten classes meet their colours again with other marks */
    switch ((i + i / COLOURS * 3) % COLOURS) {
    case 0:
        fprintf(file, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\" ", x, y, r);
        break;
    case 1:
        polygon(file, 4, up / 2, 1, x, y, 1.25 * r);
        break;
    case 2:
        polygon(file, 3, up, 1, x, y, 1.35 * r);
        break;
    case 3:
        polygon(file, 4, up, 1, x, y, 1.3 * r);
        break;
    case 4:
        polygon(file, 5, up, 1, x, y, 1.15 * r);
        break;
    case 5:
        polygon(file, 3, -up, 1, x, y, 1.35 * r);
        break;
    case 6:
        polygon(file, 5, up, .5, x, y, 1.45 * r);
        break;
    case 7:
        polygon(file, 6, 0, 1, x, y, 1.1 * r);
        break;
    case 8:
        polygon(file, 4, up, .4, x, y, 1.5 * r);
        break;
    default:
        polygon(file, 8, up, .7, x, y, 1.25 * r);
        break;
    }
    int faint = i % COLOURS == COLOURS - 1;
    fprintf(file, "fill=\"%s\" stroke=\"%s\" stroke-width=\"1.2\"/>\n", tool_colour(i), faint ? "#776e00" : "#fff");
}

static void print_base64(FILE *file, const unsigned char *bytes, int length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < length; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        if (i + 1 < length) group |= (unsigned)bytes[i + 1] << 8;
        if (i + 2 < length) group |= bytes[i + 2];
        fputc(digits[group >> 18], file);
        fputc(digits[group >> 12 & 63], file);
        fputc(i + 1 < length ? digits[group >> 6 & 63] : '=', file);
        fputc(i + 2 < length ? digits[group & 63] : '=', file);
    }
}

void tool_svg_image(FILE *file, const float *image, int pixels_w, int pixels_h, int c, double x, double y, double w,
                    double h) {
    int size = pixels_w * pixels_h, length = 0;
    unsigned char *pixels = lgg_allocate((size_t)(size * c), 1, "an image");
    for (int k = 0; k < c; ++k) {
        for (int i = 0; i < size; ++i)
            pixels[i * c + k] = (unsigned char)lrintf(255 * image[k * size + i]);
    }
    unsigned char *png = host_png(pixels, pixels_w, pixels_h, c, &length);
    if (!png) lgg_out_of_memory("a thumbnail", (double)size * c);
    fprintf(file, "<image x=\"%.2f\" y=\"%.2f\" width=\"%g\" height=\"%g\" href=\"data:image/png;base64,", x, y, w, h);
    print_base64(file, png, length);
    fprintf(file, "\"/>\n");
    free(png);
    free(pixels);
}

int tool_ticks(double low, double high, int most, double *first, double *step) {
    double range = high - low;
    if (!(range > 0)) range = 1;
    double power = pow(10, floor(log10(range / most)));
    static const double nice[] = {1, 2, 2.5, 5, 10, 20};
    int i = 0;
    while (i < 5 && range / (nice[i] * power) > most)
        ++i;
    *step = nice[i] * power;
    *first = ceil(low / *step - 1e-9) * *step;
    return (int)floor((high - *first) / *step + 1e-9) + 1;
}
