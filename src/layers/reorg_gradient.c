/* reorg_gradient.c: see reorg_gradient.h. */
#include "reorg_gradient.h"

/* Value (b, k, y, x) of the output is value (b, k % c', y stride + k / c' / stride, x stride + k / c' % stride) of an image of
 * c' = c / stride^2 channels, w stride wide and h stride high: the input, read as if it had that shape. */
static void backward_reorg(layer l, host_pass pass) {
    const int narrow = l.c / (l.stride * l.stride), wide = l.w * l.stride, high = l.h * l.stride;
    const float *from = l.delta;
    float *delta = *host_delta(&pass);
    for (int b = 0; b < l.batch; ++b)
        for (int k = 0; k < l.c; ++k)
            for (int y = 0; y < l.h; ++y)
                for (int x = 0; x < l.w; ++x) {
                    const int offset = k / narrow, column = x * l.stride + offset % l.stride;
                    const int row = y * l.stride + offset / l.stride + high * (k % narrow + narrow * b);
                    delta[column + wide * row] += *from++;
                }
}

void sum_reorg_gradient(layer *l) {
    if (l->type != HOST_REORG || l->flatten || l->reverse > 0 || l->extra || l->c % (l->stride * l->stride) == 0)
        return;
    if (l->c >= l->stride * l->stride) l->backward = backward_reorg;
}
