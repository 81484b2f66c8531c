/* lgg_hkd.c: Hinton's knowledge distillation, L = mean over the batch of KL(p || q), p = softmax(t/T), q = softmax(s/T).
 *
 * dL/ds_i = (q_i - p_i) / (T B).
 */
#include "lgg_graphs.h"
#include <math.h>

/* log sum_c exp(logits_c / T), taken from the largest so that nothing overflows; *largest receives max_c logits_c / T. */
static double lgg_log_sum_exp(size_t classes, const float *logits, double temperature, double *largest) {
    double sum = 0;
    *largest = (double)logits[0] / temperature;
    for (size_t c = 1; c < classes; c++)
        *largest = fmax(*largest, (double)logits[c] / temperature);
    for (size_t c = 0; c < classes; c++)
        sum += exp((double)logits[c] / temperature - *largest);
    return log(sum);
}

/* KL(p || q) of one sample; adds scale (q - p) to gradient (C), if there is one. */
static double lgg_hkd_sample(size_t classes, const float *student, const float *teacher, double temperature,
                             double scale, float *gradient) {
    double s_max, t_max, divergence = 0;
    const double s_log = lgg_log_sum_exp(classes, student, temperature, &s_max);
    const double t_log = lgg_log_sum_exp(classes, teacher, temperature, &t_max);
    for (size_t c = 0; c < classes; c++) {
        const double log_q = (double)student[c] / temperature - s_max - s_log;
        const double log_p = (double)teacher[c] / temperature - t_max - t_log;
        const double p = exp(log_p);
        divergence += p * (log_p - log_q);
        if (gradient) gradient[c] += (float)(scale * (exp(log_q) - p));
    }
    return divergence;
}

/* Share of the rows of x (n, d) that are zero. */
static double lgg_zero_rows(size_t n, size_t d, const float *x) {
    size_t zeros = 0;
    for (size_t i = 0; i < n; i++) {
        size_t c = 0;
        while (c < d && x[i * d + c] == 0)
            c++;
        zeros += c == d;
    }
    return (double)zeros / (double)n;
}

double lgg_hkd_evaluate(lgg_loss *loss, int batch, const lgg_representation *student, const lgg_representation *teacher,
                        float scale) {
    const size_t n = (size_t)batch, classes = (size_t)student->d;
    const double temperature = (double)loss->options.temperature;
    double total = 0;
    loss->zero_share = lgg_zero_rows(n, classes, student->x);
    for (size_t i = 0; i < n; i++) {
        total += lgg_hkd_sample(classes, student->x + i * classes, teacher->x + i * classes, temperature,
                                (double)scale / (temperature * (double)n),
                                student->gradient ? student->gradient + i * classes : NULL);
    }
    return total / (double)n;
}
