#!/bin/bash
# Takes out every __syncthreads(), __syncthreads_or() and __syncthreads_count() of the kernels in turn, and expects the emulation to
# notice.
#
# usage: tests/cuda/test_barriers.sh TEST_TWINS TEST_TAP
set -u
test_twins=${1:?} test_tap=${2:?} failed=0
for barrier in $(grep -HnE '__syncthreads(_or|_count)?\(' src/lgg/*.cu src/lgg/*_gpu.h src/darknet/*.cu | sed -E 's|.*/([^:]*:[0-9]+):.*|\1|'); do
    export LGG_SKIP_BARRIER=$barrier
    if "$test_twins" -x > /dev/null 2>&1 && "$test_tap" > /dev/null 2>&1; then
        echo "FAIL barriers: nothing notices when that of $barrier is missing"
        failed=1
    else
        echo "PASS barriers: that of $barrier is needed"
    fi
done
exit $failed
