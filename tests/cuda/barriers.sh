#!/bin/bash
# Takes out every __syncthreads() of the kernels in turn, and expects the emulation to notice.
#
# usage: tests/cuda/barriers.sh TEST_TWINS
set -u
test_twins=${1:?} failed=0
for barrier in $(grep -Hn '__syncthreads();' src/lgg/*_gpu.cu src/lgg/*_gpu.h | sed -E 's|.*/([^:]*:[0-9]+):.*|\1|'); do
    if LGG_SKIP_BARRIER=$barrier "$test_twins" -x > /dev/null 2>&1; then
        echo "FAIL barriers: nothing notices when that of $barrier is missing"
        failed=1
    else
        echo "PASS barriers: that of $barrier is needed"
    fi
done
exit $failed
