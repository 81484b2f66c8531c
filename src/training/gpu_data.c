/* gpu_data.c: see gpu_data.h. */
#include "gpu_data.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "exit.h"
#include "gpu_data_kernels.h"
#include "image.h"

/* No pixel has this value, nor does anything else that is pushed to a device. */
static const float mark = -7.0e30f;
/* A note's numbers, which are whole and exact. */
enum { MARK, INDEX, LEFT, TOP, MIRRORED, SIZE, NOTE_NUMBERS };
/* The largest whole number up to which every one is a float. */
#define MOST_IMAGES (1 << 24)
#define MOST_DEVICES 16

/* The images: read by the first loader thread that comes, under the mutex, then only read. */
static struct {
    pthread_mutex_t mutex;
    char **paths; /* the loader's; NULL: not yet */
    int n, w, h, c;
    unsigned char *bytes; /* (n, c, h, w) */
    int *order;           /* indices, by the addresses of their paths */
    unsigned char *on_device[MOST_DEVICES];
    float *values_on_device[MOST_DEVICES];
    gpu_crop *crops_on_device[MOST_DEVICES]; /* room for the largest batch so far */
    size_t batch[MOST_DEVICES];
} images = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local int makes_notes;

/* What the hosts make of a byte. */
static float value_of(int byte) {
    return (float)(byte / 255.);
}

#define REFUSE(...)                                                                                                    \
    do {                                                                                                               \
        fprintf(stderr, "[net]: gpu_data=1: " __VA_ARGS__);                                                            \
        lgg_exit(EXIT_FAILURE);                                                                                        \
    } while (0)

int check_gpu_data(const network *net, int pads, const char *changed) {
    const char *other = changed ? changed : host_changes_images(net);
    const int hue = net->hue < 0 || net->hue > 0;
    const int saturation = net->saturation < 0 || (net->saturation > 0 && net->saturation < 1) || net->saturation > 1;
    const int exposure = net->exposure < 0 || (net->exposure > 0 && net->exposure < 1) || net->exposure > 1;
    if (!pads) REFUSE("images are cropped by pad_crop alone: give pad_crop=4, or pad_crop=0\n");
    if (net->w != net->h || net->c != 3 || net->w < 2)
        REFUSE("width=%d, height=%d, channels=%d: must be square images of 3 channels\n", net->w, net->h, net->c);
    if (hue || saturation || exposure)
        REFUSE("%s: colours cannot be changed on the GPU; leave it out\n", hue          ? "hue"
                                                                           : saturation ? "saturation"
                                                                                        : "exposure");
    if (other) REFUSE("%s: images cannot be changed so on the GPU; leave one of the two out\n", other);
#ifdef GPU
    if (gpu_index >= 0) return 1;
#endif
    fprintf(stderr, "[net]: warning: gpu_data=1: there is no GPU here; the images are cropped on the CPU\n");
    return 0;
}

void begin_gpu_data(int is_on) {
    makes_notes = is_on;
}

static int by_address(const void *a, const void *b) {
    const char *x = images.paths[*(const int *)a], *y = images.paths[*(const int *)b];
    return x < y ? -1 : x > y;
}

/* The bytes of image i, which must have the size of the first. */
static void read_image(int i) {
    image im = load_image_color(images.paths[i], 0, 0);
    const size_t n = (size_t)images.c * (size_t)images.h * (size_t)images.w;
    unsigned char *bytes = images.bytes + (size_t)i * n;
    if (im.w != images.w || im.h != images.h || im.c != images.c)
        REFUSE("%s is %dx%d, and %s is %dx%d: all images must have one size\n", images.paths[i], im.w, im.h,
               images.paths[0], images.w, images.h);
    for (size_t j = 0; j < n; ++j) {
        bytes[j] = (unsigned char)(im.data[j] * 255 + .5f);
        if (value_of(bytes[j]) != im.data[j]) REFUSE("%s is no image of 8 bits\n", images.paths[i]);
    }
    free_image(im);
}

static void read_images(char **paths, int n) {
    if (n > MOST_IMAGES) REFUSE("%d images are too many: up to %d\n", n, MOST_IMAGES);
    images.paths = paths;
    images.n = n;
    image first = load_image_color(paths[0], 0, 0);
    images.w = first.w;
    images.h = first.h;
    images.c = first.c;
    free_image(first);
    const size_t size = (size_t)images.c * (size_t)images.h * (size_t)images.w;
    images.bytes = lgg_allocate((size_t)n, size, "gpu_data=1: the training images");
    images.order = lgg_allocate((size_t)n, sizeof *images.order, "gpu_data=1: the training images");
    fprintf(stderr, "gpu_data: reads %d images of %dx%d once, %.1f MB on the GPU\n", n, images.w, images.h,
            (double)n * (double)size / 1e6);
#pragma omp parallel for schedule(dynamic, 64)
    for (int i = 0; i < n; ++i) {
        images.order[i] = i;
        read_image(i);
    }
    qsort(images.order, (size_t)n, sizeof *images.order, by_address);
}

/* A training has one list of images: of another one, nothing is noted. */
void know_gpu_data(char **paths, int n) {
    if (!makes_notes) return;
    pthread_mutex_lock(&images.mutex);
    if (!images.paths) read_images(paths, n);
    makes_notes = images.paths == paths && images.n == n;
    pthread_mutex_unlock(&images.mutex);
}

/* The index of a path that was drawn; -1 if it is none of them. */
static int index_of(const char *path) {
    int first = 0, end = images.n;
    while (end - first > 1) {
        const int middle = first + (end - first) / 2;
        if (images.paths[images.order[middle]] <= path) {
            first = middle;
        } else {
            end = middle;
        }
    }
    return images.paths[images.order[first]] == path ? images.order[first] : -1;
}

image load_or_note(char *path, int w, int h, const char *asker) {
    const int index = makes_notes && strcmp(asker, "load_image_augment_paths") == 0 ? index_of(path) : -1;
    if (index < 0) return load_image_color(path, w, h);
    image note = {.w = images.w, .h = images.h, .c = images.c};
    note.data = lgg_allocate(NOTE_NUMBERS, sizeof *note.data, "a note of an image");
    note.data[MARK] = mark;
    note.data[INDEX] = (float)index;
    return note;
}

int is_noted(image im) {
    return im.data && im.data[MARK] == mark;
}

void flip_or_note(image im) {
    if (is_noted(im)) {
        im.data[MIRRORED] = 1 - im.data[MIRRORED];
    } else {
        flip_image(im);
    }
}

image note_crop(image im, int size, int left, int top) {
    image crop = make_image(size, size, im.c);
    memcpy(crop.data, im.data, NOTE_NUMBERS * sizeof *crop.data);
    crop.data[LEFT] = (float)left;
    crop.data[TOP] = (float)top;
    crop.data[SIZE] = (float)size;
    return crop;
}

#ifdef GPU

static void must(cudaError_t status, const char *what, double bytes) {
    if (status == cudaSuccess) return;
    REFUSE("%s: %.1f MB: %s; train without gpu_data, or on a GPU with more memory\n", what, bytes / 1e6,
           cudaGetErrorString(status));
}

/* Under the mutex: the images are on this device, with room for the notes of a batch. */
static void bring_images(int device, size_t batch) {
    const size_t bytes = (size_t)images.n * (size_t)(images.c * images.h * images.w);
    float values[256];
    if (device < 0 || device >= MOST_DEVICES) REFUSE("GPU %d: up to number %d\n", device, MOST_DEVICES - 1);
    if (!images.on_device[device]) {
        must(cudaMalloc((void **)&images.on_device[device], bytes), "the training images", (double)bytes);
        must(cudaMalloc((void **)&images.values_on_device[device], sizeof values), "the training images",
             sizeof values);
        for (int i = 0; i < 256; ++i)
            values[i] = value_of(i);
        must(cudaMemcpy(images.on_device[device], images.bytes, bytes, cudaMemcpyHostToDevice), "the training images",
             (double)bytes);
        must(cudaMemcpy(images.values_on_device[device], values, sizeof values, cudaMemcpyHostToDevice),
             "the training images", sizeof values);
        /* from memory that is not pinned they may still be on their way, and the host's stream need not wait for that */
        must(cudaStreamSynchronize(NULL), "the training images", (double)bytes);
    }
    if (images.batch[device] >= batch) return;
    if (images.crops_on_device[device]) cudaFree(images.crops_on_device[device]);
    must(cudaMalloc((void **)&images.crops_on_device[device], batch * sizeof(gpu_crop)), "notes of a batch",
         (double)(batch * sizeof(gpu_crop)));
    images.batch[device] = batch;
}

/* Of a batch of whole images, with or without gpu_data. */
static void push(float *to_gpu, const float *from, size_t n) {
    const cudaError_t status = cudaMemcpyAsync(to_gpu, from, n * sizeof *from, cudaMemcpyHostToDevice, host_stream());
    if (status != cudaSuccess) {
        fprintf(stderr, "a batch of %.1f MB cannot be brought to the GPU: %s\n", (double)(n * sizeof *from) / 1e6,
                cudaGetErrorString(status));
        lgg_exit(EXIT_FAILURE);
    }
    host_await_copy();
}

void push_batch(float *to_gpu, float *from, size_t n) {
    if (n < NOTE_NUMBERS || from[MARK] != mark) {
        push(to_gpu, from, n);
        return;
    }
    const int size = (int)from[SIZE];
    const size_t inputs = (size_t)(images.c * size * size), batch = n / inputs;
    gpu_crop *crops = lgg_allocate(batch, sizeof *crops, "notes of a batch");
    for (size_t i = 0; i < batch; ++i) {
        const float *note = from + i * inputs;
        crops[i] = (gpu_crop){(int)note[INDEX], (int)note[LEFT], (int)note[TOP], (int)note[MIRRORED]};
    }
    const int device = cuda_get_device();
    pthread_mutex_lock(&images.mutex);
    bring_images(device, batch);
    pthread_mutex_unlock(&images.mutex);
    must(cudaMemcpyAsync(images.crops_on_device[device], crops, batch * sizeof *crops, cudaMemcpyHostToDevice,
                         host_stream()),
         "notes of a batch", (double)(batch * sizeof *crops));
    host_await_copy();
    free(crops);
    crop_images_gpu(images.on_device[device], images.values_on_device[device], images.crops_on_device[device], batch,
                    images.c, images.h, images.w, size, to_gpu, host_stream());
}

float *make_batch(float *from, size_t n) {
    float *made = cuda_make_array(NULL, n);
    if (from) push_batch(made, from, n);
    return made;
}

#endif
