/* lgg_gpu.h: the losses of lgg.h on a CUDA device, name for name.
 *
 * Every x, gradient and label pointer is a device pointer. A device carries the stream that all work is enqueued on;
 * the kernels of a loss are few, whatever its number of layers, and two runs agree to the bit:
 *
 *     lgg_device *device;
 *     lgg_loss_gpu *loss;
 *     if (lgg_device_create(&device, stream, LGG_PRODUCTS_BEST) != LGG_OK) ...
 *     if (lgg_loss_create_gpu(&loss, device, LGG_GKD, &options, 3, 128, 10) != LGG_OK) ...
 *     lgg_loss_evaluate_gpu(loss, 128, labels, students, teachers, -25.f * 128);      returns at once
 *     lgg_loss_read_gpu(loss, &value, NULL, NULL);                                    waits for that evaluation
 *     lgg_loss_free_gpu(loss);
 *     lgg_device_free(device);
 *
 * Functions act on the CUDA device that is current: the caller selects the one that the stream belongs to.
 */
#ifndef LGG_GPU_H
#define LGG_GPU_H

#include "lgg.h"

#ifdef __cplusplus
extern "C" {
#endif

struct CUstream_st; /* a cudaStream_t is a pointer to one; NULL is the default stream */

typedef struct lgg_device lgg_device;

/* How the products of matrices are made that cosines and their gradients consist of: X X' and W X. Either way they are as exact as
 * LGG_PRODUCT_ERROR says (lgg_graphs.h), which TF32 alone would not be, and the same in every run; the last digits differ. */
typedef enum {
    LGG_PRODUCTS_BEST,    /* as the next but one where that is to be had, else as the next */
    LGG_PRODUCTS_FLOAT32, /* by multiplications and additions of float32 */
    LGG_PRODUCTS_3XTF32   /* on tensor cores, by three products of TF32 numbers: with compute capability 8.0 or more */
} lgg_products_by;

/* Sets up the current CUDA device for losses. LGG_ERROR_ARGUMENT where products are to be made in a way that is not to be had, on this device or
 * as the library was compiled. On failure *device is NULL. */
lgg_status lgg_device_create(lgg_device **device, struct CUstream_st *stream, lgg_products_by products);
/* What is enqueued from now on goes to that stream. What was enqueued before must be done: lgg_loss_read_gpu says when it is. */
void lgg_device_set_stream(lgg_device *device, struct CUstream_st *stream);
/* After its losses. */
void lgg_device_free(lgg_device *device);

typedef struct lgg_loss_gpu lgg_loss_gpu;

/* As lgg_loss_create, with every buffer on the device. */
lgg_status lgg_loss_create_gpu(lgg_loss_gpu **loss, lgg_device *device, lgg_kind kind, const lgg_options *options,
                               int layers, int max_batch, int classes);
void lgg_loss_free_gpu(lgg_loss_gpu *loss);

/* Enqueues what lgg_loss_evaluate does: L of one batch, and scale * dL/dx added to each student's gradient. Nothing is allocated, nor
 * waited for but the evaluation before, where the representations lie elsewhere than in that, which the device is told. LGG_ERROR_DEVICE
 * also reports what went wrong before and nobody has taken up: CUDA's last error stays for the caller to ask for. */
lgg_status lgg_loss_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                 const lgg_representation *teacher, float scale);

/* What the last lgg_loss_evaluate_gpu computed; waits until the device has done it. Each pointer may be NULL.
 *
 * value       L
 * sigma       as lgg_loss_evaluate's
 * zero_share  as lgg_loss_zero_share */
lgg_status lgg_loss_read_gpu(lgg_loss_gpu *loss, double *value, double *sigma, double *zero_share);

/* As lgg_loss_set_alpha. */
lgg_status lgg_loss_set_alpha_gpu(lgg_loss_gpu *loss, float alpha);

/* As lgg_vertices_gather and lgg_vertices_scatter; enqueued, one kernel each. */
lgg_status lgg_vertices_gather_gpu(struct CUstream_st *stream, int n, const int *position, int grid_h, int grid_w,
                                   lgg_map map, const float *x, float *vertices);
lgg_status lgg_vertices_scatter_gpu(struct CUstream_st *stream, int n, const int *position, int grid_h, int grid_w,
                                    lgg_map map, const float *vertices, float *gradient);

/* Bytes of device memory that lgg_loss_create_gpu would allocate; 0 if the arguments are invalid or the size overflows. */
size_t lgg_loss_bytes_gpu(lgg_kind kind, const lgg_options *options, int layers, int max_batch, int classes);

#ifdef __cplusplus
}
#endif

#endif
