/* cuda_without_gpu.h: given by the build (-include) to pjreddie/darknet's cuda.c. With -nogpu a GPU build may run where there is no GPU, and no
 * driver; but its layers ask for device memory without asking for gpu_index. These functions of the host's get another name, and
 * cuda_without_gpu.c takes theirs. */
#ifndef CUDA_WITHOUT_GPU_H
#define CUDA_WITHOUT_GPU_H

#define cuda_set_device device_cuda_set_device
#define cuda_make_array device_cuda_make_array
#define cuda_make_int_array device_cuda_make_int_array
#define cuda_free device_cuda_free
#define cuda_pull_array device_cuda_pull_array

#endif
