/* tool_corruptions.c: the corruptions, each one image (h, w, 3) in [0, 1] at a time, in place, with the parameters of CIFAR-10-C's
 * generator for severities 1 to 5. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LGG_JPEG
#include <jpeglib.h>
#endif

#include "tool.h"
#include "tool_corruptions.h"
#include "tool_opencv.h"

const char *const tool_corruption_names[TOOL_CORRUPTIONS] = {
    "gaussian_noise",    "shot_noise", "impulse_noise",   "defocus_blur", "glass_blur", "motion_blur",
    "zoom_blur",         "snow",       "frost",           "fog",          "brightness", "contrast",
    "elastic_transform", "pixelate",   "jpeg_compression"};

/* One image on its way; severity counts from 0 here. */
typedef struct {
    float *pixels;  /* (h, w, 3) */
    int h, w, size; /* size = 3 h w */
    int severity;
    tool_random random;
} picture;

static double uniform(picture *p, double low, double high) {
    return low + (high - low) * tool_random_uniform(&p->random);
}

static float *scratch(int count) {
    return lgg_allocate((size_t)count, sizeof(float), "an image");
}

static float clip(double v) {
    return v < 0 ? 0 : v > 1 ? 1 : (float)v;
}

/* ---- noise ---- */

static void gaussian_noise(picture *p) {
    static const double sigma[] = {.04, .06, .08, .09, .10};
    for (int i = 0; i < p->size; ++i)
        p->pixels[i] = (float)(p->pixels[i] + sigma[p->severity] * tool_random_normal(&p->random));
}

static void shot_noise(picture *p) {
    static const double rate[] = {500, 250, 100, 75, 50};
    for (int i = 0; i < p->size; ++i)
        p->pixels[i] = (float)(tool_random_poisson(&p->random, p->pixels[i] * rate[p->severity]) / rate[p->severity]);
}

/* Salt and pepper, half and half, each value on its own. */
static void impulse_noise(picture *p) {
    static const double amount[] = {.01, .02, .03, .05, .07};
    for (int i = 0; i < p->size; ++i) {
        if (tool_random_uniform(&p->random) >= amount[p->severity]) continue;
        p->pixels[i] = tool_random_uniform(&p->random) < .5 ? 1 : 0;
    }
}

/* ---- blur ---- */

static void defocus_blur(picture *p) {
    static const double radius[] = {.3, .4, .5, 1, 1.5}, alias_blur[] = {.4, .5, .6, .2, .1};
    enum { SIDE = 17 };
    float disk[SIDE * SIDE];
    double r = radius[p->severity], sum = 0;
    for (int i = 0; i < SIDE * SIDE; ++i) {
        int x = i % SIDE - SIDE / 2, y = i / SIDE - SIDE / 2;
        disk[i] = x * x + y * y <= r * r;
        sum += disk[i];
    }
    for (int i = 0; i < SIDE * SIDE; ++i)
        disk[i] = (float)(disk[i] / sum);
    tool_gaussian_blur(disk, SIDE, SIDE, 1, alias_blur[p->severity], 1, TOOL_BORDER_REFLECT_101);
    tool_filter(p->pixels, p->h, p->w, 3, disk, SIDE, TOOL_BORDER_REFLECT_101);
}

/* The generator means to swap each pixel with a near one, but its numpy assignment copies the near one over: so does this. */
static void glass_blur(picture *p) {
    static const double sigma[] = {.05, .25, .4, .25, .4};
    static const int iterations[] = {1, 1, 1, 2, 2};
    int radius = (int)(4 * sigma[p->severity] + .5);
    tool_gaussian_blur(p->pixels, p->h, p->w, 3, sigma[p->severity], radius, TOOL_BORDER_REPLICATE);
    for (int i = 0; i < p->size; ++i)
        p->pixels[i] = floorf(p->pixels[i] * 255 + 1e-3f) / 255;
    for (int n = 0; n < iterations[p->severity]; ++n) {
        for (int y = p->h - 1; y > 1; --y) {
            for (int x = p->w - 1; x > 1; --x) {
                int dx = tool_random_below(&p->random, 2) - 1, dy = tool_random_below(&p->random, 2) - 1;
                memmove(p->pixels + 3 * (y * p->w + x), p->pixels + 3 * ((y + dy) * p->w + x + dx), 3 * sizeof(float));
            }
        }
    }
    tool_gaussian_blur(p->pixels, p->h, p->w, 3, sigma[p->severity], radius, TOOL_BORDER_REPLICATE);
}

/* ImageMagick's motion blur: a half Gaussian along the angle, edges continued; it gives bytes, the nearest. */
static void move(float *image, int h, int w, int channels, double radius, double sigma, double degrees) {
    int taps = 2 * (int)ceil(radius) + 1, side = 2 * taps + 1;
    double sine = sin(degrees * 0.017453292519943295), cosine = cos(degrees * 0.017453292519943295), sum = 0;
    float *kernel = scratch(side * side);
    for (int i = 0; i < taps; ++i)
        sum += exp(-i * i / (2 * sigma * sigma));
    for (int i = 0; i < taps; ++i) {
        int x = (int)ceil(i * cosine - .5), y = (int)ceil(i * sine - .5);
        kernel[(taps + y) * side + taps + x] += (float)(exp(-i * i / (2 * sigma * sigma)) / sum);
    }
    tool_filter(image, h, w, channels, kernel, side, TOOL_BORDER_REPLICATE);
    for (int i = 0; i < h * w * channels; ++i)
        image[i] = roundf(clip(image[i]) * 255) / 255;
    free(kernel);
}

static void motion_blur(picture *p) {
    static const double radius[] = {6, 6, 6, 8, 9}, sigma[] = {1, 1.5, 2, 2, 2.5};
    move(p->pixels, p->h, p->w, 3, radius[p->severity], sigma[p->severity], uniform(p, -45, 45));
}

static int round_half_even(double v) {
    return (int)nearbyint(v);
}

/* The centre of the image, enlarged to its whole size: first and last pixels stay on the edges, bilinear between. */
static void zoom_centre(const float *image, int h, int w, int c, double factor, float *to) {
    int ch = (int)ceil(h / factor), cw = (int)ceil(w / factor), top = (h - ch) / 2, left = (w - cw) / 2;
    int zh = round_half_even(ch * factor), zw = round_half_even(cw * factor);
    int trim_y = (zh - h) / 2, trim_x = (zw - w) / 2;
    for (int y = 0; y < h; ++y) {
        double v = zh > 1 ? (double)(y + trim_y) * (ch - 1) / (zh - 1) : 0;
        int y0 = (int)v < ch - 1 ? (int)v : ch - 2;
        for (int x = 0; x < w; ++x) {
            double u = zw > 1 ? (double)(x + trim_x) * (cw - 1) / (zw - 1) : 0;
            int x0 = (int)u < cw - 1 ? (int)u : cw - 2;
            double fy = v - y0, fx = u - x0;
            const float *a = image + ((top + y0) * w + left + x0) * c, *b = a + w * c;
            for (int k = 0; k < c; ++k) {
                to[(y * w + x) * c + k] =
                    (float)((1 - fy) * ((1 - fx) * a[k] + fx * a[c + k]) + fy * ((1 - fx) * b[k] + fx * b[c + k]));
            }
        }
    }
}

static void zoom_blur(picture *p) {
    /* numpy.arange(1, 1.06, .01) and (1, 1.11, .01) hold their ends, and its steps are (1 + .01) - 1: 1.25 is a little more there, and
     * rounded up */
    static const int steps[] = {6, 11, 15, 20, 25};
    static const double step = .010000000000000009;
    float *zoomed = scratch(p->size), *sum = scratch(p->size);
    memcpy(sum, p->pixels, (size_t)p->size * sizeof *sum);
    for (int s = 0; s <= steps[p->severity]; ++s) {
        zoom_centre(p->pixels, p->h, p->w, 3, 1 + step * s, zoomed);
        for (int i = 0; i < p->size; ++i)
            sum[i] += zoomed[i];
    }
    for (int i = 0; i < p->size; ++i)
        p->pixels[i] = sum[i] / (float)(steps[p->severity] + 2);
    free(zoomed);
    free(sum);
}

/* ---- weather ---- */

static void snow(picture *p) {
    static const double parameters[5][7] = {{.1, .2, 1, .6, 8, 3, .95},
                                            {.1, .2, 1, .5, 10, 4, .9},
                                            {.15, .3, 1.75, .55, 10, 4, .9},
                                            {.25, .3, 2.25, .6, 12, 6, .85},
                                            {.3, .3, 1.25, .65, 14, 12, .8}};
    const double *c = parameters[p->severity];
    int n = p->h * p->w;
    float *flakes = scratch(n), *layer = scratch(n), *grey = scratch(n);
    for (int i = 0; i < n; ++i)
        flakes[i] = (float)(c[0] + c[1] * tool_random_normal(&p->random));
    zoom_centre(flakes, p->h, p->w, 1, c[2], layer);
    for (int i = 0; i < n; ++i)
        layer[i] = floorf(clip(layer[i] < c[3] ? 0 : layer[i]) * 255) / 255;
    move(layer, p->h, p->w, 1, c[4], c[5], uniform(p, -135, -45));
    tool_grey(p->pixels, p->h, p->w, grey);
    for (int i = 0; i < n; ++i) {
        double whitened = grey[i] * 1.5 + .5, fallen = layer[i] + layer[n - 1 - i];
        for (int k = 0; k < 3; ++k) {
            double x = p->pixels[3 * i + k];
            p->pixels[3 * i + k] = (float)(c[6] * x + (1 - c[6]) * fmax(x, whitened) + fallen);
        }
    }
    free(flakes);
    free(layer);
    free(grey);
}

/* The diamond-square fractal of the generator, on a torus of side n (a power of two), scaled to [0, 1]. */
static void plasma(picture *p, int n, double decay, double *map) {
    double wibble = 100;
    map[0] = 0;
    for (int step = n; step >= 2; step /= 2, wibble /= decay) {
        int half = step / 2;
#define AT(y, x) map[((y) + n) % n * n + ((x) + n) % n]
        for (int y = half; y < n; y += step) {
            for (int x = half; x < n; x += step) {
                double sum =
                    AT(y - half, x - half) + AT(y - half, x + half) + AT(y + half, x - half) + AT(y + half, x + half);
                AT(y, x) = sum / 4 + wibble * uniform(p, -wibble, wibble);
            }
        }
        for (int y = 0; y < n; y += half) {
            for (int x = y % step == 0 ? half : 0; x < n; x += step) {
                double sum = AT(y - half, x) + AT(y + half, x) + AT(y, x - half) + AT(y, x + half);
                AT(y, x) = sum / 4 + wibble * uniform(p, -wibble, wibble);
            }
        }
#undef AT
    }
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < n * n; ++i) {
        low = fmin(low, map[i]);
        high = fmax(high, map[i]);
    }
    for (int i = 0; i < n * n; ++i)
        map[i] = (map[i] - low) / fmax(high - low, 1e-12);
}

/* The power of two that covers the image. */
static int plasma_side(const picture *p) {
    int n = 2;
    while (n < p->h || n < p->w)
        n *= 2;
    return n;
}

static void fog(picture *p) {
    static const double strength[] = {.2, .5, .75, 1, 1.5}, roughness[] = {3, 3, 2.5, 2, 1.75};
    int n = plasma_side(p);
    double *map = lgg_allocate((size_t)(n * n), sizeof *map, "fog"), top = 0, c = strength[p->severity];
    plasma(p, n, roughness[p->severity], map);
    for (int i = 0; i < p->size; ++i)
        top = fmax(top, p->pixels[i]);
    for (int i = 0; i < p->h * p->w; ++i) {
        double mist = c * map[i / p->w * n + i % p->w];
        for (int k = 0; k < 3; ++k)
            p->pixels[3 * i + k] = (float)((p->pixels[3 * i + k] + mist) * top / (top + c));
    }
    free(map);
}

/* Stands in for the generator's photographs: rough plasma for the veil, the ridges of a second one for the crystals, cold white. */
static void frost(picture *p) {
    static const double image_share[] = {1, 1, .9, .85, .75}, frost_share[] = {.2, .3, .4, .4, .45};
    static const double tint[] = {.86, .95, 1};
    int n = plasma_side(p);
    double *veil = lgg_allocate((size_t)(n * n), sizeof *veil, "frost");
    double *ridges = lgg_allocate((size_t)(n * n), sizeof *ridges, "frost");
    plasma(p, n, 1.7, veil);
    plasma(p, n, 1.9, ridges);
    for (int i = 0; i < p->h * p->w; ++i) {
        int at = i / p->w * n + i % p->w;
        double crystal = pow(1 - fabs(2 * ridges[at] - 1), 3);
        double ice = .2 + .9 * crystal + .5 * (veil[at] - .5);
        for (int k = 0; k < 3; ++k) {
            double x = image_share[p->severity] * p->pixels[3 * i + k];
            p->pixels[3 * i + k] = (float)(x + frost_share[p->severity] * clip(ice * tint[k]));
        }
    }
    free(veil);
    free(ridges);
}

static void brightness(picture *p) {
    static const double amount[] = {.05, .1, .15, .2, .3};
    tool_add_value(p->pixels, p->h, p->w, amount[p->severity]);
}

/* ---- digital ---- */

static void contrast(picture *p) {
    static const double factor[] = {.75, .5, .4, .3, .15};
    for (int k = 0; k < 3; ++k) {
        double mean = 0;
        for (int i = k; i < p->size; i += 3)
            mean += p->pixels[i];
        mean /= p->h * p->w;
        for (int i = k; i < p->size; i += 3)
            p->pixels[i] = (float)((p->pixels[i] - mean) * factor[p->severity] + mean);
    }
}

static void displacement(picture *p, double alpha, double sigma, float *map, int along_x) {
    float *d = scratch(p->h * p->w);
    for (int i = 0; i < p->h * p->w; ++i)
        d[i] = (float)uniform(p, -1, 1);
    if (sigma > 0) tool_gaussian_blur(d, p->h, p->w, 1, sigma, (int)(3 * sigma + .5), TOOL_BORDER_REFLECT);
    for (int i = 0; i < p->h * p->w; ++i)
        map[i] = (float)((along_x ? i % p->w : i / p->w) + alpha * d[i]);
    free(d);
}

static void elastic_transform(picture *p) {
    static const double parameters[5][3] = {
        {0, 0, .08}, {.05, .2, .07}, {.08, .06, .06}, {.1, .04, .05}, {.1, .03, .03}};
    const double *c = parameters[p->severity];
    int side = p->h < p->w ? p->h : p->w;
    float middle_y = (float)(p->h / 2), middle_x = (float)(p->w / 2), square = (float)(side / 3);
    float from[6] = {middle_y + square, middle_x + square, middle_y + square,
                     middle_x - square, middle_y - square, middle_x - square};
    float to[6];
    for (int i = 0; i < 6; ++i)
        to[i] = (float)(from[i] + uniform(p, -c[2] * side, c[2] * side));
    tool_affine(p->pixels, p->h, p->w, 3, from, to, TOOL_BORDER_REFLECT_101);
    float *map_x = scratch(p->h * p->w), *map_y = scratch(p->h * p->w);
    displacement(p, c[0] * side, c[1] * side, map_x, 1);
    displacement(p, c[0] * side, c[1] * side, map_y, 0);
    tool_remap(p->pixels, p->h, p->w, 3, map_x, map_y, TOOL_BORDER_REFLECT);
    free(map_x);
    free(map_y);
}

/* PIL's box filter along one axis, with its rounding to 8 bits: an output pixel is the mean of those whose centres its window
 * holds. `lines` rows of n values, `stride` apart, step apart within. */
static void box_line(const float *from, int n, int from_step, float *to, int m, int to_step) {
    double scale = (double)n / m, filter = scale > 1 ? scale : 1, support = .5 * filter;
    for (int i = 0; i < m; ++i) {
        double centre = (i + .5) * scale, sum = 0, weight = 0;
        int low = (int)(centre - support + .5), high = (int)(centre + support + .5);
        for (int j = low < 0 ? 0 : low; j < (high > n ? n : high); ++j) {
            double offset = (j - centre + .5) / filter;
            if (offset <= -.5 || offset > .5) continue;
            sum += from[j * from_step];
            ++weight;
        }
        to[i * to_step] = (float)(floor(sum / weight * 255 + .5) / 255);
    }
}

static void box_resize(const float *from, int h, int w, float *to, int new_h, int new_w) {
    float *rows = scratch(h * new_w * 3);
    for (int k = 0; k < 3; ++k) {
        for (int y = 0; y < h; ++y)
            box_line(from + 3 * y * w + k, w, 3, rows + 3 * y * new_w + k, new_w, 3);
        for (int x = 0; x < new_w; ++x)
            box_line(rows + 3 * x + k, h, 3 * new_w, to + 3 * x + k, new_h, 3 * new_w);
    }
    free(rows);
}

static void pixelate(picture *p) {
    static const double share[] = {.95, .9, .85, .75, .65};
    int h = (int)(p->h * share[p->severity]), w = (int)(p->w * share[p->severity]);
    float *small = scratch(h * w * 3);
    box_resize(p->pixels, p->h, p->w, small, h, w);
    box_resize(small, h, w, p->pixels, p->h, p->w);
    free(small);
}

#ifdef LGG_JPEG
static unsigned long encode_jpeg(JSAMPLE *pixels, int h, int w, int quality, unsigned char **jpeg) {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    unsigned long size = 0;
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, jpeg, &size);
    encoder.image_width = (JDIMENSION)w;
    encoder.image_height = (JDIMENSION)h;
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, quality, TRUE);
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < encoder.image_height) {
        JSAMPROW row = pixels + 3 * w * (int)encoder.next_scanline;
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return size;
}

static void decode_jpeg(const unsigned char *jpeg, unsigned long size, JSAMPLE *pixels, int w) {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    decoder.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, jpeg, size);
    jpeg_read_header(&decoder, TRUE);
    jpeg_start_decompress(&decoder);
    while (decoder.output_scanline < decoder.output_height) {
        JSAMPROW row = pixels + 3 * w * (int)decoder.output_scanline;
        jpeg_read_scanlines(&decoder, &row, 1);
    }
    jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
}

static void jpeg_compression(picture *p) {
    static const int quality[] = {80, 65, 58, 50, 40};
    JSAMPLE *pixels = lgg_allocate((size_t)p->size, sizeof *pixels, "an image");
    unsigned char *jpeg = NULL;
    for (int i = 0; i < p->size; ++i)
        pixels[i] = (JSAMPLE)lrintf(p->pixels[i] * 255);
    unsigned long size = encode_jpeg(pixels, p->h, p->w, quality[p->severity], &jpeg);
    decode_jpeg(jpeg, size, pixels, p->w);
    for (int i = 0; i < p->size; ++i)
        p->pixels[i] = (float)pixels[i] / 255;
    free(jpeg);
    free(pixels);
}
#else
static void jpeg_compression(picture *p) {
    (void)p;
}
#endif

const char *tool_corruptions_missing(void) {
    if (!tool_has_opencv()) return "OpenCV (Debian: libopencv-dev)";
#ifndef LGG_JPEG
    return "libjpeg (Debian: libjpeg-dev)";
#else
    return NULL;
#endif
}

void tool_corrupt(int corruption, int severity, int seed, const uint8_t *from, uint8_t *to, int count, int h, int w) {
    static void (*const functions[TOOL_CORRUPTIONS])(picture *) = {
        gaussian_noise, shot_noise, impulse_noise, defocus_blur, glass_blur,        motion_blur, zoom_blur,       snow,
        frost,          fog,        brightness,    contrast,     elastic_transform, pixelate,    jpeg_compression};
    int size = 3 * h * w;
    tool_opencv_single_thread();
#pragma omp parallel for schedule(dynamic, 16)
    for (int i = 0; i < count; ++i) {
        picture p = {.h = h, .w = w, .size = size, .severity = severity - 1};
        p.random =
            tool_random_seed((uint64_t)seed, ((uint64_t)(corruption * TOOL_SEVERITIES + severity) << 32) + (uint64_t)i);
        p.pixels = scratch(size);
        for (int j = 0; j < size; ++j)
            p.pixels[j] = (float)from[(size_t)i * (size_t)size + (size_t)j] / 255.f;
        functions[corruption](&p);
        /* cut off as numpy's uint8() does, which the generator ends with; the sliver undoes what single precision loses */
        for (int j = 0; j < size; ++j)
            to[(size_t)i * (size_t)size + (size_t)j] = (uint8_t)(clip(p.pixels[j]) * 255.f + 1e-3f);
        free(p.pixels);
    }
}
