/* lgg_hkd_gpu.cu: Hinton's knowledge distillation, L = mean over the batch of KL(p || q), p = softmax(t/T), q = softmax(s/T). Twin
 * of lgg_hkd.c; a block takes a sample.
 */
#include "lgg_graph_gpu.h"
#include <float.h>

/* log sum_c exp(logits_c / T - *shift), for all threads; *shift receives max_c logits_c / T, so that nothing overflows. */
static __device__ double lgg_log_sum_exp(size_t classes, const float *logits, double temperature, double *shift) {
    float least = FLT_MAX; /* of -logits */
    for (size_t c = threadIdx.x; c < classes; c += LGG_THREADS)
        least = fminf(least, -logits[c]);
    *shift = -(double)lgg_block_min(least) / temperature;
    double sum = 0;
    for (size_t c = threadIdx.x; c < classes; c += LGG_THREADS)
        sum += exp((double)logits[c] / temperature - *shift);
    return log(lgg_block_sum(sum));
}

/* Block i: divergence (n) = KL(p || q) of sample i; adds scale (q - p) to gradient (n, C), if there is one; zero (n) = 1 for a zero
 * vector. student and teacher (n, C). */
static __global__ void lgg_hkd_kernel(size_t classes, const float *student, const float *teacher, double temperature,
                                      double scale, float *gradient, double *divergence, double *zero) {
    const size_t row = (size_t)blockIdx.x * classes;
    double s_max, t_max;
    const double s_log = lgg_log_sum_exp(classes, student + row, temperature, &s_max);
    const double t_log = lgg_log_sum_exp(classes, teacher + row, temperature, &t_max);
    double sum = 0, nonzero = 0;
    for (size_t c = threadIdx.x; c < classes; c += LGG_THREADS) {
        const double log_q = (double)student[row + c] / temperature - s_max - s_log;
        const double log_p = (double)teacher[row + c] / temperature - t_max - t_log;
        const double p = exp(log_p);
        sum += p * (log_p - log_q);
        nonzero += student[row + c] != 0;
        if (gradient) gradient[row + c] += (float)(scale * (exp(log_q) - p));
    }
    const double total = lgg_block_sum(sum), values = lgg_block_sum(nonzero);
    if (threadIdx.x != 0) return;
    divergence[blockIdx.x] = total;
    zero[blockIdx.x] = values == 0;
}

/* value = mean of divergence (n), zero_share = mean of zero (n). One block. */
static __global__ void lgg_hkd_report_kernel(size_t n, const double *divergence, const double *zero, double *value,
                                             double *zero_share) {
    const double total = lgg_block_total(n, divergence), zeros = lgg_block_total(n, zero);
    if (threadIdx.x != 0) return;
    *value = total / (double)n;
    *zero_share = zeros / (double)n;
}

void lgg_hkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                          const lgg_representation *teacher, float scale) {
    const size_t n = (size_t)batch;
    const double temperature = (double)loss->options.temperature;
    const cudaStream_t stream = loss->device->stream;
    lgg_hkd_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>((size_t)student->d, student->x, teacher->x, temperature,
                                                            (double)scale / (temperature * (double)n),
                                                            student->gradient, loss->row_total[0], loss->row_total[1]);
    lgg_hkd_report_kernel<<<1, LGG_THREADS, 0, stream>>>(n, loss->row_total[0], loss->row_total[1],
                                                         loss->backward.report + LGG_REPORT_VALUE,
                                                         loss->backward.report + LGG_REPORT_ZERO_SHARE);
}
