/* vector_loops.h: the build gives it to pjreddie/darknet's blas.c (-include), whose copies, fills and sums run on one core of many. They are
 * called by name from every other file of the host, so nothing can be put around them: they get another name, and vector_loops.c takes
 * theirs. */
#ifndef VECTOR_LOOPS_H
#define VECTOR_LOOPS_H

#define mul_cpu replaced_mul_cpu
#define axpy_cpu replaced_axpy_cpu
#define scal_cpu replaced_scal_cpu
#define fill_cpu replaced_fill_cpu
#define copy_cpu replaced_copy_cpu

#endif
