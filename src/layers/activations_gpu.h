/* activations_gpu.h: given by the build (-include) to pjreddie/darknet's activation_kernels.cu. An activation that changes nothing took a
 * launch forward and one back, over all values of the layer. These functions of the host's get another name, and at_once_gpu.c takes
 * theirs. */
#ifndef ACTIVATIONS_GPU_H
#define ACTIVATIONS_GPU_H

#define activate_array_gpu launch_activate_array_gpu
#define gradient_array_gpu launch_gradient_array_gpu

#endif
