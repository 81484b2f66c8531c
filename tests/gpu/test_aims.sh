#!/bin/bash
# A benchmark's aims that a step decides: judged with cuDNN, and not without it, where any share of a step is small.
#
# usage: tests/gpu/test_aims.sh FOLDER
set -u
folder=${1:?} status=0
mkdir -p "$folder"
printf 'name,value,unit\nstep_wrn28-0.5-gkd_lgg_share,0.4,%%\ngkd_wrn28_over_floor,1.2,ratio\n' > "$folder/figures.csv"

# says WHAT LINE SWITCH...
says() {
    if env -u GPU -u CUDNN "${@:3}" tests/bench/aims.sh "$folder/figures.csv" | grep -qxF "$2"; then
        echo "PASS aims: $1"
    else
        echo "FAIL aims: $1"
        status=1
    fi
}
says "with cuDNN a share of a step is judged" 'aim_gkd_share_of_step_percent 0.4 (at most 3: met)' GPU=1 CUDNN=1
says "without cuDNN it is not" 'aim_gkd_share_of_step_percent 0.4 (at most 3: not judged, the steps are slow without cuDNN)' GPU=1
says "nor with CUDNN=0" 'aim_gkd_share_of_step_percent 0.4 (at most 3: not judged, the steps are slow without cuDNN)' GPU=1 CUDNN=0
says "what needs no step is" 'aim_gkd_over_floor 1.2 (at most 1.3: met)' GPU=1 CUDNN=0
says "on the CPU all are" 'aim_gkd_share_of_step_percent 0.4 (at most 5: met)'
exit $status
