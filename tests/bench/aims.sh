#!/bin/bash
# What the project set itself, beside the figures of a benchmark: a line for each aim. A step of a GPU build without cuDNN is many times slower than
# it need be: nothing is judged by it.
#
# usage: [GPU=1 [CUDNN=1]] aims.sh FIGURES.csv
set -u
figures=${1:?}
slow=''
if [ "${GPU:-0}" = 1 ] && [ "${CUDNN:-0}" != 1 ]; then slow='not judged, the steps are slow without cuDNN'; fi

# aim NAME FIGURE least|most BOUND: the figure again, and whether it reaches the bound.
aim() {
    local unjudged=''
    case $2 in step_* | load_over_step_* | teacher_*) unjudged=$slow ;; esac
    awk -F, -v name="$1" -v figure="$2" -v bound="$3" -v aim="$4" -v unjudged="$unjudged" '
        $1 == figure { value = $2 }
        END {
            met = value == "" ? "not measured" : unjudged != "" ? unjudged : (bound == "least" ? value + 0 >= aim : value + 0 <= aim) ? "met" : "not met"
            printf "aim_%s %s (at %s %s: %s)\n", name, value == "" ? "-" : value, bound, aim, met
        }' "$figures"
}

aim gkd_times_faster_than_torch gkd_wrn28_times_faster_than_torch least 6
aim smoothness_times_faster_than_torch smooth_preact18_times_faster_than_torch least 6
aim gkd_times_faster_than_default_torch gkd_wrn28_times_faster_than_default_torch least 6
aim smoothness_times_faster_than_default_torch smooth_preact18_times_faster_than_default_torch least 6
aim gkd_over_floor gkd_wrn28_over_floor most 1.3
aim smoothness_over_floor smooth_preact18_over_floor most 1.3
aim step_times_faster_than_torch step_wrn28-0.5_times_faster_than_torch least 2
aim step_with_gkd_times_faster_than_torch step_wrn28-0.5-gkd_times_faster_than_torch least 2
aim step_over_peak step_wrn28-0.5_over_peak most 2.5
aim teacher_over_peak teacher_wrn28-1_over_peak most 1.5
aim gkd_over_peak gkd_wrn28_over_peak most 1.5
for name in tiny_prediction tiny_step yolov3-tiny_prediction yolov3-tiny_step; do
    aim "${name}_times_faster_than_stock" "${name}_times_faster_than_stock" least .95
done
aim load_over_step load_over_step_wrn28-0.5 most 1
# with GPU=1 the step is the GPU's
aim gkd_share_of_step_percent step_wrn28-0.5-gkd_lgg_share most $([ "${GPU:-0}" = 1 ] && echo 3 || echo 5)
