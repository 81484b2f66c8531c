#!/bin/bash
# Tests the runner of the paper's tables with detectors, on either host: trained from scratch and from a teacher, judged, stopped, gone on with.
#
# usage: HOST=host tests/paper/test_detectors.sh PAPER_TABLE
set -u
program=${1:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PAPER_OUT=$work/results JOBS=2
unset SEEDS METHODS BUDGET RUNNER SLURM PARALLEL KEPT # of the user's shell

failed=0
holds() { # holds NAME WHY CONDITION...: a test on a condition
    local name=$1 why=$2
    shift 2
    if "$@" > /dev/null 2>&1; then echo "PASS $name"; else echo "FAIL $name: $why"; failed=1; fi
}
paper() { experiments/paper/paper.sh "$work/$1.txt" "$program" > "$work/$1.log" 2>&1; }
refused() { holds "$1" "$(tail -1 "$work/$2.log")" grep -q "$3" "$work/$2.log"; } # refused NAME TABLE TEXT: its last call ended with an error that says so
scenes() { # scenes NAME LINES: a table file of detectors
    printf '%s\n' "title a test of detectors" "task detector" "seeds 2" "train 256" "baseline student" "evaluate map -test 40" "$2" > "$work/$1.txt"
}
detector="cfg/tiny-yolo-gkd.cfg net.batch=16 net.burn_in=5 drop=lgg_gkd budget"
student="run student $detector=60 seeds=1"
scenes detectors "run teacher cfg/tiny-yolo-teacher.cfg net.batch=16 net.burn_in=5 seeds=1 budget=3
run student $detector=3
run boxes $detector=3 add=experiments/paper/small/gkd-detector.cfg lgg_gkd.teacher_weights=@teacher lgg_gkd.vertices=boxes lgg_gkd.samples=64"
paper detectors
d=$PAPER_OUT/detectors
holds paper_detectors_run_to_the_end "$(tail -1 "$work/detectors.log")" [ "$(ls "$d/runs" | tr '\n' ' ')" = "boxes-1.csv boxes-2.csv student-1.csv student-2.csv teacher-1.csv " ]
holds paper_a_detector_is_judged_on_the_test_scenes "$(cat "$d/data.cfg")" grep -qx 'valid=data/detection/test.list' "$d/data.cfg"
holds paper_detectors_of_other_seeds_differ "the same weights" [ "$(md5sum < "$d/backup/student-1.weights")" != "$(md5sum < "$d/backup/student-2.weights")" ]
holds paper_a_detector_has_its_teacher "$(head -2 "$d/logs/boxes-1.csv")" grep -q lgg_gkd "$d/logs/boxes-1.csv"
holds paper_and_it_is_the_table_s "$(grep teacher_ "$d/cfg/boxes-1.cfg")" grep -qx "teacher_weights=$d/backup/teacher-1.weights" "$d/cfg/boxes-1.cfg"
holds paper_prints_the_precision "$(tail -2 "$work/detectors.log")" grep -q '^| mAP@.5:.95, % ' "$d/table.md"

printf 'class,boxes,found,AP,AP50\nall,9,90,20.5,40.25\nred,9,90,30,50\n' > "$d/measures/student-1_map.csv"
rm "$d/runs/student-1.csv"
paper detectors
holds paper_a_detector_has_its_precision "$(cat "$d/runs/student-1.csv")" [ "$(grep '^map' "$d/runs/student-1.csv" | tr '\n' ' ')" = "map50,40.25 map,20.5 " ]

scenes cut "$student"
log=$PAPER_OUT/cut/logs/student-1.csv
experiments/paper/paper.sh "$work/cut.txt" "$program" > "$work/cut.log" 2>&1 &
runner=$!
for ((i = 0; i < 600; ++i)); do
    if [ -e "$log" ] && [ "$(wc -l < "$log")" -gt 5 ]; then break; fi
    sleep .1
done
kill -TERM $runner
wait $runner
holds paper_a_signal_stops_a_detector "it was over before" [ ! -e "$PAPER_OUT/cut/runs/student-1.csv" ]
holds paper_and_leaves_its_backup "$(ls "$PAPER_OUT/cut/backup")" [ -s "$PAPER_OUT/cut/backup/student-1.backup.state" ]
paper cut
holds paper_a_detector_goes_on "$(tail -3 "$work/cut.log")" grep -q "training, 60 iterations, from .*/student-1.backup" "$work/cut.log"
holds paper_and_logs_each_iteration_once "the log" [ "$(cut -d, -f1 "$log" | sort | uniq -d | wc -l)-$(wc -l < "$log")" = 0-61 ]
scenes uncut "$student"
paper uncut
holds paper_and_ends_as_in_one_go "other weights" cmp "$PAPER_OUT/cut/backup/student-1.weights" "$PAPER_OUT/uncut/backup/student-1.weights"

scenes mistake "evaluate clean"
paper mistake
refused paper_judges_a_detector_by_its_precision_alone mistake "evaluate 'clean': a detector is judged by map"
scenes mistake "$student"$'\n'"teacher student"
paper mistake
refused paper_asks_no_detector_to_agree mistake "teacher student: classifiers alone"
exit $failed
