/* tensor_cores.cpp (test only): a warp's product of TF32 matrices, as tensor_cores.h says. */
#include "emulation.h"
#include <cmath>

namespace {

constexpr unsigned rows = 16, columns = 8, terms = 8, at_once = 4;
constexpr int of_zero = -400; /* an exponent that no other number has, nor a product */

/* The operands, and the exponents of their elements. */
struct matrices {
    double a[rows][terms], b[terms][columns];
    int of_a[rows][terms], of_b[terms][columns];
    bool finite, any_b, any_a[rows]; /* other than 0 */
};

int exponent(float x) {
    const int biased = (int)(__float_as_uint(x) >> 23 & 0xff);
    return x == 0 ? of_zero : (biased ? biased : 1) - 127;
}

double operand(float x) {
    const uint32_t bits = __float_as_uint(x) & ~0x1fffu;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

double power_of_two(int exponent) {
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* To 24 bits, towards zero. */
float cut(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(((uint64_t)1 << 29) - 1);
    memcpy(&x, &bits, sizeof bits);
    return (float)x;
}

matrices matrices_of(const emulation_fragments *lanes) {
    matrices m = {};
    m.finite = true;
    for (unsigned lane = 0; lane < 32; lane++) {
        const emulation_fragments &of = lanes[lane];
        for (unsigned k = 0; k < 4; k++) {
            const unsigned row = lane / 4 + k % 2 * 8, term = lane % 4 + k / 2 * 4;
            m.a[row][term] = operand(of.a[k]);
            m.of_a[row][term] = exponent((float)m.a[row][term]);
            m.any_a[row] |= m.a[row][term] != 0;
            m.finite = m.finite && std::isfinite(of.a[k]) && std::isfinite(of.sum[k]);
        }
        for (unsigned k = 0; k < 2; k++) {
            const unsigned term = lane % 4 + k * 4, column = lane / 4;
            m.b[term][column] = operand(of.b[k]);
            m.of_b[term][column] = exponent((float)m.b[term][column]);
            m.any_b |= m.b[term][column] != 0;
            m.finite = m.finite && std::isfinite(of.b[k]);
        }
    }
    return m;
}

/* sum (columns), of one row, += the products of the four terms from `first` on. */
void multiply_add(const matrices &m, unsigned row, unsigned first, float (&sum)[columns]) {
    for (unsigned j = 0; j < columns; j++) {
        int largest = max(exponent(sum[j]), -300);
        for (unsigned k = first; k < first + at_once; k++)
            largest = max(largest, m.of_a[row][k] + m.of_b[k][j]);
        const double scale = power_of_two(23 - largest);
        int total = (int)((double)sum[j] * scale);
        for (unsigned k = first; k < first + at_once; k++)
            total += (int)(m.a[row][k] * m.b[k][j] * scale);
        sum[j] = cut((double)total * power_of_two(largest - 23));
    }
}

/* Where some number is not finite, nor is what it gets into. */
void multiply_add_plainly(const matrices &m, unsigned row, float (&sum)[columns]) {
    for (unsigned j = 0; j < columns; j++) {
        for (unsigned k = 0; k < terms; k++)
            sum[j] += (float)(m.a[row][k] * m.b[k][j]);
    }
}

} // namespace

void emulation_multiply(const emulation_fragments *lanes) {
    const matrices m = matrices_of(lanes);
    for (unsigned row = 0; row < rows; row++) {
        if (m.finite && !(m.any_b && m.any_a[row])) continue;
        const emulation_fragments *of_row = &lanes[row % 8 * 4];
        const unsigned half = row / 8 * 2;
        float sum[columns];
        for (unsigned j = 0; j < columns; j++)
            sum[j] = of_row[j / 2].sum[half + j % 2];
        for (unsigned first = 0; m.finite && first < terms; first += at_once)
            multiply_add(m, row, first, sum);
        if (!m.finite) multiply_add_plainly(m, row, sum);
        for (unsigned j = 0; j < columns; j++)
            of_row[j / 2].sum[half + j % 2] = sum[j];
    }
}
