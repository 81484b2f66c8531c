/* test_readers.c: the readers of data/cifar10.h on input that is not CIFAR-10: truncated, damaged, hostile. */
#include "../../data/cifar10.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <png.h>

/* A tar archive in memory, being written and then read. */
struct tape {
    unsigned char bytes[1 << 16];
    size_t size, at, largest_read;
    int members;
};

static size_t read_tape(void *source, unsigned char *buffer, size_t size) {
    struct tape *tape = source;
    size_t n = tape->size - tape->at < size ? tape->size - tape->at : size;
    if (tape->largest_read && n > tape->largest_read) n = tape->largest_read;
    memcpy(buffer, tape->bytes + tape->at, n);
    tape->at += n;
    return n;
}

static cifar_status count_member(void *sink, const char *name, const unsigned char *bytes, size_t size) {
    unsigned sum = 0;
    for (size_t i = 0; i < size; ++i)
        sum += bytes[i];
    struct tape *tape = sink;
    tape->members += name[0] != 0 && sum == size * 'x';
    return CIFAR_OK;
}

static void seal(unsigned char *header) {
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (int i = 0; i < 512; ++i)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
}

static unsigned char *add_member(struct tape *tape, const char *path, char type, size_t size) {
    unsigned char *header = tape->bytes + tape->size;
    memset(header, 0, 512);
    memcpy(header, path, strlen(path));
    snprintf((char *)header + 124, 12, "%011zo", size);
    header[156] = (unsigned char)type;
    memcpy(header + 257, "ustar", 6);
    seal(header);
    memset(header + 512, 'x', size);
    tape->size += 512 + (size + 511) / 512 * 512;
    return header;
}

/* A whole package of eight small members, an end mark, and one extra member first if `extra` is given. */
static struct tape *package(const char *extra, char type) {
    static const char *const names[] = {"data_batch_1.png",  "data_batch_2.png", "data_batch_3.png",
                                        "data_batch_4.png",  "data_batch_5.png", "test_batch.png",
                                        "train_lables.json", "test_lables.json"};
    char path[100];
    struct tape *tape = calloc(1, sizeof *tape);
    assert_non_null(tape);
    if (extra) add_member(tape, extra, type, type == '0' ? 10 : 0);
    for (int i = 0; i < 8; ++i) {
        snprintf(path, sizeof path, "package/%s", names[i]);
        add_member(tape, path, '0', 600);
    }
    tape->size += 1024;
    return tape;
}

static cifar_status read_and_free(struct tape *tape, int *members) {
    cifar_status status = cifar_read_archive(read_tape, tape, count_member, tape);
    if (members) *members = tape->members;
    free(tape);
    return status;
}

static void whole_archive_gives_its_eight_members(void **state) {
    (void)state;
    int members;
    struct tape *tape = package("package/README.md", '0');
    tape->largest_read = 7;
    assert_int_equal(read_and_free(tape, &members), CIFAR_OK);
    assert_int_equal(members, 8);
}

static void archive_cut_anywhere_is_refused(void **state) {
    (void)state;
    struct tape *tape = package(NULL, 0);
    size_t whole = tape->size;
    for (size_t size = 0; size <= whole - 1024; size += 64) {
        tape->size = size;
        tape->at = 0;
        assert_int_equal(cifar_read_archive(read_tape, tape, count_member, tape), CIFAR_TRUNCATED);
    }
    free(tape);
}

static void archive_with_a_changed_header_is_refused(void **state) {
    (void)state;
    for (int i = 0; i < 512; ++i) {
        struct tape *tape = package(NULL, 0);
        tape->bytes[i] ^= 1;
        if (i >= 148 && i < 156) tape->bytes[i] = 'z';
        assert_int_not_equal(read_and_free(tape, NULL), CIFAR_OK);
    }
}

static void member_that_climbs_out_is_refused(void **state) {
    (void)state;
    static const char *const paths[] = {"../evil", "/etc/evil", "package/../../evil", "package/..", ".."};
    for (int i = 0; i < 5; ++i)
        assert_int_equal(read_and_free(package(paths[i], '0'), NULL), CIFAR_BAD_MEMBER);
    assert_int_equal(read_and_free(package("package/a..b/..c", '0'), NULL), CIFAR_OK);
}

static void link_in_place_of_a_member_is_refused(void **state) {
    (void)state;
    assert_int_equal(read_and_free(package("package/data_batch_1.png", '2'), NULL), CIFAR_BAD_MEMBER);
    assert_int_equal(read_and_free(package("package/data_batch_1.png", '1'), NULL), CIFAR_BAD_MEMBER);
}

static void member_that_comes_twice_is_refused(void **state) {
    (void)state;
    assert_int_equal(read_and_free(package("package/data_batch_1.png", '0'), NULL), CIFAR_BAD_MEMBER);
}

static void official_member_of_another_size_is_refused(void **state) {
    (void)state;
    assert_int_equal(read_and_free(package("cifar-10-batches-bin/test_batch.bin", '0'), NULL), CIFAR_BAD_MEMBER);
}

static void archive_without_all_members_is_refused(void **state) {
    (void)state;
    struct tape *tape = calloc(1, sizeof *tape);
    add_member(tape, "package/test_batch.png", '0', 600);
    tape->size += 1024;
    assert_int_equal(read_and_free(tape, NULL), CIFAR_MISSING);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    static const char *const sizes[] = {"77777777777", "-0000000001", "9", "", "\x80", "0x10"};
    for (int i = 0; i < 6; ++i) {
        struct tape *tape = package(NULL, 0);
        memset(tape->bytes + 124, 0, 12);
        memcpy(tape->bytes + 124, sizes[i], strlen(sizes[i]));
        seal(tape->bytes);
        assert_int_not_equal(read_and_free(tape, NULL), CIFAR_OK);
    }
}

static void labels_are_read_strictly(void **state) {
    (void)state;
    unsigned char labels[3];
    static const char *const good[] = {"[6,9,0]", " [ 6 ,\n9,\t0 ]\r\n"};
    static const char *const bad[] = {"",          "[",       "[6",       "[6,9",   "[6,9,0",   "[6,9,0]]",
                                      "[6,9,0,1]", "[6,9]",   "6,9,0]",   "[6,,0]", "[6,9,10]", "[6,9,-1]",
                                      "[6,9,a]",   "[6 9 0]", "[6,9,0]x", "{6,9,0}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; ++i) {
        assert_int_equal(cifar_read_labels(good[i], strlen(good[i]), labels, 3), CIFAR_OK);
        assert_memory_equal(labels, "\x06\x09\x00", 3);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        char *exact = malloc(strlen(bad[i]) + 1); /* so that a read past the end is seen */
        memcpy(exact, bad[i], strlen(bad[i]));
        assert_int_equal(cifar_read_labels(exact, strlen(bad[i]), labels, 3), CIFAR_BAD_LABELS);
        free(exact);
    }
}

/* A PNG file of the given size and format, to be freed; all its pixels are 7. */
static unsigned char *make_png(png_uint_32 width, png_uint_32 height, png_uint_32 format, size_t *size) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = format;
    image.flags = PNG_IMAGE_FLAG_FAST;
    unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
    memset(pixels, 7, PNG_IMAGE_SIZE(image));
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    unsigned char *png = malloc(n);
    assert_true(png_image_write_to_memory(&image, png, &n, 0, pixels, 0, NULL));
    free(pixels);
    *size = n;
    return png;
}

static void png_of_the_right_size_is_read(void **state) {
    (void)state;
    size_t size;
    unsigned char *pixels = malloc((size_t)CIFAR_BATCH_IMAGES * CIFAR_PIXELS);
    unsigned char *png = make_png(CIFAR_PLANE, CIFAR_BATCH_IMAGES, PNG_FORMAT_RGB, &size);
    assert_int_equal(cifar_read_png(png, size, pixels), CIFAR_OK);
    assert_int_equal(pixels[(size_t)CIFAR_BATCH_IMAGES * CIFAR_PIXELS - 1], 7);
    for (size_t cut = 0; cut + 16 < size; cut += size / 13 + 1)
        assert_int_equal(cifar_read_png(png, cut, pixels), CIFAR_BAD_PNG);
    free(png);
    free(pixels);
}

static void png_of_another_shape_is_refused(void **state) {
    (void)state;
    static const png_uint_32 shapes[][3] = {{CIFAR_PLANE, CIFAR_BATCH_IMAGES, PNG_FORMAT_RGBA},
                                            {CIFAR_PLANE, CIFAR_BATCH_IMAGES, PNG_FORMAT_GRAY},
                                            {CIFAR_PLANE + 1, CIFAR_BATCH_IMAGES, PNG_FORMAT_RGB},
                                            {CIFAR_PLANE, CIFAR_BATCH_IMAGES + 1, PNG_FORMAT_RGB},
                                            {32, 32, PNG_FORMAT_RGB}};
    unsigned char *pixels = malloc((size_t)CIFAR_BATCH_IMAGES * CIFAR_PIXELS);
    for (int i = 0; i < 5; ++i) {
        size_t size;
        unsigned char *png = make_png(shapes[i][0], shapes[i][1], shapes[i][2], &size);
        assert_int_equal(cifar_read_png(png, size, pixels), CIFAR_BAD_PNG);
        free(png);
    }
    free(pixels);
}

static void image_with_an_impossible_label_is_refused(void **state) {
    (void)state;
    unsigned char record[CIFAR_RECORD] = {10};
    FILE *file = tmpfile();
    assert_int_equal(cifar_write_ppm(file, record), CIFAR_BAD_RECORD);
    record[0] = 9;
    assert_int_equal(cifar_write_ppm(file, record), CIFAR_OK);
    assert_int_equal(ftell(file), 13 + CIFAR_PIXELS);
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_archive_gives_its_eight_members),
        cmocka_unit_test(archive_cut_anywhere_is_refused),
        cmocka_unit_test(archive_with_a_changed_header_is_refused),
        cmocka_unit_test(member_that_climbs_out_is_refused),
        cmocka_unit_test(link_in_place_of_a_member_is_refused),
        cmocka_unit_test(member_that_comes_twice_is_refused),
        cmocka_unit_test(official_member_of_another_size_is_refused),
        cmocka_unit_test(archive_without_all_members_is_refused),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(labels_are_read_strictly),
        cmocka_unit_test(png_of_the_right_size_is_read),
        cmocka_unit_test(png_of_another_shape_is_refused),
        cmocka_unit_test(image_with_an_impossible_label_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
