#!/bin/bash
# Whether there is a GPU to run on, and all that building for it takes; where there is not, says what is skipped and why.
#
# usage: tests/gpu/have_gpu.sh WHAT NVCC
what=${1:?} nvcc=${2:?}
if ! command -v "$nvcc" > /dev/null; then
    echo "SKIPPED $what: there is no nvcc"
    exit 1
fi
if ! nvidia-smi -L 2> /dev/null | grep -q '^GPU'; then
    echo "SKIPPED $what: there is no GPU (nvidia-smi lists none)"
    exit 1
fi
if lacks=$(tests/gpu/toolkit.sh lacks "$nvcc"); then
    echo "SKIPPED $what: $lacks"
    exit 1
fi
