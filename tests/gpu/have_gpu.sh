#!/bin/bash
# Whether there is an nvcc and a GPU to run on; where there is not, says what is skipped and why.
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
