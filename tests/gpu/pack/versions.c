/* versions.c: what there is of CUDA on this machine, as the libraries themselves say. They are opened by name, so that this program
 * runs whichever of them are missing.
 *
 * usage: versions LIBRARY...   file names, libcudnn.so.9 and the like
 *
 * One line a library. Exit status: 0 with all there; 3 without a device that the runtime can use; 4 with one, but another library cannot
 * be used. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef int get_int(int *value);
typedef int create(void **handle);

/* CUDA's own numbers: 1000 * major + 10 * minor. */
static void print_cuda(const char *what, int version) {
    printf("%s %d.%d\n", what, version / 1000, version % 1000 / 10);
}

static int ask(void *library, const char *function, int *value) {
    get_int *get;
    *(void **)&get = dlsym(library, function);
    return get ? get(value) : -1;
}

/* 1 with a device. */
static int describe_runtime(void *library, const char *name) {
    const char *(*error_string)(int);
    int driver = 0, runtime = 0, devices = 0;
    if (ask(library, "cudaDriverGetVersion", &driver) == 0 && driver == 0)
        printf("FAIL driver: none; an NVIDIA driver must be installed\n");
    if (driver > 0) print_cuda("the driver knows CUDA up to", driver);
    if (ask(library, "cudaRuntimeGetVersion", &runtime) == 0) print_cuda(name, runtime);
    int error = ask(library, "cudaGetDeviceCount", &devices);
    if (error == -1) error = ask(library, "cudaGetDevice", &devices), devices = error == 0;
    if (error == 0 && devices > 0) return 1;
    *(void **)&error_string = dlsym(library, "cudaGetErrorString");
    printf("FAIL device: %s%s\n", error_string ? error_string(error) : "none",
           driver && runtime > driver ? "; pack with an nvcc that the driver knows" : "");
    return 0;
}

/* 1 if a handle can be had: that is where a cuDNN or cuBLAS that does not fit the driver, or lacks a part, fails. */
static int works(void *library, const char *name, const char *creates) {
    create *function;
    void *handle = NULL;
    *(void **)&function = dlsym(library, creates);
    int status = function ? function(&handle) : 0;
    if (status) printf("FAIL %s: %s returns %d\n", name, creates, status);
    return status == 0;
}

static int describe(void *library, const char *name) {
    size_t (*cudnn_version)(void);
    int version = 0;
    if (strncmp(name, "libcudnn", 8) == 0) {
        *(void **)&cudnn_version = dlsym(library, "cudnnGetVersion");
        size_t v = cudnn_version ? cudnn_version() : 0;
        if (v) printf("%s %zu.%zu.%zu\n", name, v / 10000, v % 10000 / 100, v % 100);
        return works(library, name, "cudnnCreate");
    }
    if (strncmp(name, "libcublas.", 10) == 0) return works(library, name, "cublasCreate_v2");
    if (ask(library, "curandGetVersion", &version) == 0) print_cuda(name, version);
    return 1;
}

int main(int argc, char **argv) {
    int device = 0, all = 1;
    for (int pass = 0; pass < 2; ++pass) { /* the runtime first: without a device the others have nothing to say */
        for (int i = 1; i < argc; ++i) {
            if ((strncmp(argv[i], "libcudart", 9) == 0) != (pass == 0) || (pass == 1 && !device)) continue;
            void *library = dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL);
            if (!library) {
                printf("FAIL %s: %s\n", argv[i], dlerror());
                all = 0;
            } else if (pass == 0) {
                device = describe_runtime(library, argv[i]);
            } else {
                all &= describe(library, argv[i]);
            }
            fflush(stdout);
        }
    }
    return !device ? 3 : all ? 0 : 4;
}
