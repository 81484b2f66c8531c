#!/bin/bash
# Takes out every __syncthreads(), __syncthreads_or() and __syncthreads_count() of the kernels in turn, and expects the emulation to
# notice.
#
# usage: tests/cuda/test_barriers.sh TEST_TWINS TEST_TAP
set -u
test_twins=${1:?} test_tap=${2:?} failed=0
barriers=$(grep -HnE '__syncthreads(_or|_count)?\(' src/lgg/*.cu src/lgg/*_gpu.h src/darknet/*.cu | sed -E 's|.*/([^:]*:[0-9]+):.*|\1|')
if ! "$test_twins" -x > /dev/null 2>&1 || ! "$test_tap" > /dev/null 2>&1 || [ -z "$barriers" ]; then
    echo "FAIL barriers: with all of them something fails, or there is none"
    exit 1
fi
for barrier in $barriers; do
    export LGG_SKIP_BARRIER=$barrier
    case $barrier in # a loss's own kernels need only its cases
        lgg_gkd_gpu.cu:*) cases=gkd ;;
        lgg_hkd_gpu.cu:*) cases=hkd ;;
        lgg_rkd_gpu.cu:*) cases=rkd ;;
        lgg_variation_gpu.cu:*) cases=label_variation ;;
        *) cases= ;;
    esac
    if "$test_twins" -x $cases > /dev/null 2>&1 && "$test_tap" > /dev/null 2>&1; then
        echo "FAIL barriers: nothing notices when that of $barrier is missing"
        failed=1
    else
        echo "PASS barriers: that of $barrier is needed"
    fi
done
exit $failed
