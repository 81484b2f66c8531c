#!/bin/bash
# Compiles and links Darknet for the GPU with every library that is installed, in a tree of its own; then trains two iterations with
# -nogpu, LGG sections included: a GPU build must work on the CPU where there is no GPU, and no driver.
#
# usage: tests/gpu/test_link.sh NVCC BUILD HOST
set -u
nvcc=${1:?} build=${2:?} host=${3:?}
if ! command -v "$nvcc" > /dev/null; then
    echo "SKIPPED gpu-link: there is no nvcc"
    exit 0
fi
log=$build/log
mkdir -p "$build"

if lacks=$(tests/gpu/toolkit.sh lacks "$nvcc"); then
    echo "SKIPPED gpu-link: $lacks"
    exit 0
fi
cudnn=$(tests/gpu/toolkit.sh cudnn "$nvcc") opencv=0
if pkg-config --exists opencv4 2> /dev/null; then opencv=1; fi
with="GPU=1 CUDNN=$cudnn OPENCV=$opencv"
# what only this host has: its GPU build needs a driver even to start
if [ "$host" = alexeyab ]; then with+=" CUDNN_HALF=$cudnn"; fi

# One architecture, and no optimization: this is about compiling at all.
arch=${ARCH:--arch=$("$nvcc" --help | grep -o 'sm_[0-9][0-9]*' | sort -V | tail -1)}
if ! $MAKE --no-print-directory host BUILD="$build" $with OPTS=-O0 NVCC="$nvcc" ARCH="$arch" > "$log" 2>&1; then
    echo "FAIL gpu-link: $with: $(grep -m1 -E "(fatal|error): |cannot find|Error [0-9]" "$log"), see $log"
    exit 1
fi
echo "PASS gpu-link: $with, $("$nvcc" --version | grep -o 'release.*')"

# What the host's Makefile takes for ARCH where nobody says, which nvcc must know.
default=$(env -u MAKEFLAGS -u MFLAGS -u ARCH make -pn -C "$build/darknet-$host" $with NVCC="$nvcc" 2> /dev/null | sed -n 's/^ARCH *:*= *//p' | head -1)
echo '__global__ void kernel() {}' > "$build/kernel.cu"
if [ -z "$default" ] || ! "$nvcc" $default -c "$build/kernel.cu" -o "$build/kernel.o" > "$log" 2>&1; then
    echo "FAIL gpu-link: the default of ARCH, '$default': $(head -1 "$log"), see $log"
    exit 1
fi
echo "PASS gpu-link: the default of ARCH, $default"

# The programs of `make test-gpu` and of the benchmark, with the objects that are there now.
if [ "$host" = pjreddie ]; then
    objects=$(for source in src/lgg/*.cu; do echo "$build/darknet-$host/obj/$(basename "$source" .cu).o"; done)
    if ! $MAKE --no-print-directory GPU_BUILD="$build" GPU_OBJECTS="${objects//$'\n'/ }" HAVE_CUDNN=$cudnn \
            NVCC="$nvcc" ARCH="$arch" "$build"/{golden,test_twins,test_product,test_tap,compare_networks,share_weights,bench_losses} > "$log" 2>&1; then
        echo "FAIL gpu-link: the tests' programs: $(grep -m1 -E "(fatal|error): |cannot find|Error [0-9]" "$log"), see $log"
        exit 1
    fi
    echo "PASS gpu-link: the tests' programs"
fi

if [ "$host" = alexeyab ]; then
    echo "SKIPPED gpu-link: -nogpu trains on the CPU: this host has no -nogpu"
    exit 0
fi
if tests/gpu/train_small.sh "$build/darknet-$host/darknet" "$build/nogpu" -nogpu > "$build/nogpu.log" 2>&1; then
    echo "PASS gpu-link: -nogpu trains on the CPU"
else
    echo "FAIL gpu-link: -nogpu: $(tail -1 "$build/nogpu.log")"
    exit 1
fi
