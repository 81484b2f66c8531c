#!/bin/bash
# What the CUDA toolkit of this machine is. nvcc is asked, as Darknet's patched Makefile does: it may be a script, a symbolic link, or
# lie elsewhere than the headers and the libraries.
#
# usage: tests/gpu/toolkit.sh nvcc [NVCC]     the nvcc to call: NVCC, else that on PATH, else that in CUDA_HOME
#        tests/gpu/toolkit.sh folders NVCC    -I and -L of the toolkit
#        tests/gpu/toolkit.sh rpath NVCC      for nvcc: the link options that find its libraries again at run time
#        tests/gpu/toolkit.sh lacks NVCC      what is missing to build Darknet with GPU=1, one line; exit status 1 where nothing is
#        tests/gpu/toolkit.sh cudnn NVCC      1 where CUDNN=1 builds, too, else 0
set -u
command=${1:?} cuda_home=${CUDA_HOME:-/usr/local/cuda}

# dry_run NVCC: the -I and -L of the commands that it would run.
dry_run() {
    "$1" --dryrun -x cu /dev/null -o /dev/null 2>&1 | tr -d '"' | tr '= ' '\n\n' | grep '^-[IL].*/' | awk '!seen[$0]++'
}

find_nvcc() {
    local nvcc=${1:-nvcc} target
    nvcc=$(command -v "$nvcc" || echo "$cuda_home/bin/nvcc")
    target=$(realpath "$nvcc" 2> /dev/null)
    if [ -L "$nvcc" ] && [ -z "$(dry_run "$nvcc")" ] && [ -n "$(dry_run "$target")" ]; then nvcc=$target; fi
    echo "$nvcc"
}

folders() {
    dry_run "$1"
    if [ -d "$cuda_home/include" ]; then echo "-I$cuda_home/include"; fi
    if [ -d "$cuda_home/lib64" ]; then echo "-L$cuda_home/lib64"; fi
}

# fails NVCC "HEADER..." "LIBRARY...": tries to build a program with these; where that fails, says why.
fails() {
    local place said status=1
    place=$(mktemp -d) || exit 1
    { printf '#include <%s>\n' $2; echo 'int main() { return 0; }'; } > "$place/toolkit.cu"
    if ! said=$("$1" -cudart shared $(folders "$1") "$place/toolkit.cu" -o "$place/toolkit" $(printf -- '-l%s ' $3) 2>&1); then
        said=$(grep -m1 -iE 'error|fatal|cannot find|not found' <<< "$said" || echo "$said" | head -1)
        echo "nvcc cannot build with $2: ${said//"$place/"/}"
        status=0
    fi
    rm -rf "$place"
    return $status
}

case $command in
    nvcc) find_nvcc "${2:-}" ;;
    folders) folders "${2:?}" | paste -sd ' ' ;;
    rpath) folders "${2:?}" | sed -n 's/^-L//p' | grep -v '/stubs$' | xargs -r realpath -q | sort -u | sed 's/^/-Xlinker -rpath -Xlinker /' | paste -sd ' ' ;;
    lacks) fails "${2:?}" "cuda_runtime.h cublas_v2.h curand.h" "cudart cublas curand" ;;
    cudnn) if fails "${2:?}" "cuda_runtime.h cudnn.h" "cudart cudnn" > /dev/null; then echo 0; else echo 1; fi ;;
esac
