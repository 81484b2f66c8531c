/* unit.h: what the unit tests share: cmocka, random input, and one call that evaluates a loss on a reference_case. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "lgg.h"
#include "reference.h"

/* A number in [-1, 1), the same ones in every run; *state is the generator. */
double unit_random(uint64_t *state);

/* A case of the kind's default options with random input: `layers` representations of d, d + 1, ... values, teachers of d + 3,
 * d + 4, ... (HKD: of d), all rounded to float32. rectified: negative values are zero. Labels are one-hot, every class used. */
reference_case *unit_case(lgg_kind kind, int layers, int batch, int d, int classes, int rectified, uint64_t seed);
void unit_case_free(reference_case *c);

/* Labels that are no longer one-hot. */
void unit_soften_labels(reference_case *c, uint64_t seed);

/* Rounds every value to float32, after a test has changed some. */
void unit_round(reference_case *c);

/* Evaluates a case with the library: returns L, and dL/d student[l] in gradient[l] (batch, d), to be freed with
 * unit_free_gradients. Fails the test if the status is not LGG_OK, or if anything is not finite. */
double unit_evaluate(const reference_case *c, float *gradient[REFERENCE_LAYERS]);
void unit_free_gradients(const reference_case *c, float *gradient[REFERENCE_LAYERS]);

/* Fails the test unless loss and gradients agree with the reference: |difference| <= 1e-4 |reference| + 1e-6. */
void unit_assert_agrees(reference_case *c, const char *what);

/* Fails the test unless the loss is `loss` to 1e-6 and every gradient is exactly zero. */
void unit_assert_inert(const reference_case *c, double loss);

/* Fails the test unless |a - b| <= tolerance. */
void unit_assert_near(double a, double b, double tolerance);

int run_analytic_tests(void);
int run_gradient_tests(void);
int run_degenerate_tests(void);
int run_interface_tests(void);
int run_product_tests(void);
int run_memory_tests(void);

#endif
