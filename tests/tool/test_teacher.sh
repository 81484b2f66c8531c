#!/bin/bash
# The commands of ./darknet lgg on a real network, the published WideResNet28-1, where it lies beside the repository
# (../shared/weights) and CIFAR-10 is there.
#
# usage: test_teacher.sh DARKNET FOLDER
set -u
# threads that wait asleep do not slow down a machine that others use too
export OMP_WAIT_POLICY=passive
darknet=$1 folder=$2 failed=0
net="../shared/weights/wrn28-1.cfg ../shared/weights/wrn28-1.weights"
if [ ! -f ../shared/weights/wrn28-1.weights ] || [ ! -f data/cifar10/test.list ]; then
    echo "SKIPPED lgg commands on a real network: no ../shared/weights or no data/cifar10"
    exit 0
fi

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
run() { "$darknet" lgg "$1" data/cifar10.data $net "${@:2}" 2> "$folder/err" > "$folder/said" || fail "lgg $1" "$(tail -1 "$folder/err")"; }
# column FILE ROW COLUMN
column() { sed -n "$2p" "$1" | cut -d, -f"$3"; }

run eval -csv "$folder/teacher.csv"
error=$(column "$folder/teacher.csv" 2 6)
[ "$error" = 6.7300 ] && pass "the teacher's clean error is 6.73" || fail "the teacher's clean error is 6.73" "$error"

run variation -layers input,13,27,42 -k 5 -test 500 -csv "$folder/variation.csv"
awk -F, 'NR > 1 { if (NR > 2 && $2 >= last) bad = 1; last = $2 } END { exit bad || NR != 5 }' "$folder/variation.csv" \
    && pass "label variation falls from the input to the pooling" || fail "label variation falls from the input to the pooling" "$(tr '\n' ' ' < "$folder/variation.csv")"

# PyTorch 1.13, same network and images: 67.30 % of the first 1,000, 67.87 % of all 10,000; here a part that takes seconds
run attack -snr 33 -test 1000 -csv "$folder/attack.csv"
attacked=$(column "$folder/attack.csv" 3 5) epsilon=$(column "$folder/attack.csv" 3 7)
awk "BEGIN { exit !($attacked >= 66.9 && $attacked <= 67.7 && $epsilon > .011782 && $epsilon < .011783) }" \
    && pass "FGSM at 33 dB gives PyTorch's error" || fail "FGSM at 33 dB gives PyTorch's error" "$attacked at $epsilon, 67.3 at .0117824 expected"

# PyTorch 1.13, a program of its own written from the paper, from the images themselves: of the first 200, 20 steps, 15.5 % stand APGD-CE in
# the infinity norm at 1/255 and 18.0 % APGD-DLR, 29.0 % APGD-CE in the 2-norm at .1; of the first 1,000, 100 steps, 13.5, 16.4 and 30.0 %
for norm in inf 2; do
    run attack -method apgd-ce,fgsm -norm $norm -epsilon "$([ $norm = inf ] && echo 1/255 || echo .1)" -steps 20 -random_start 0 -test 200 -batch 25 -csv "$folder/apgd-$norm.csv"
    standing=$(column "$folder/apgd-$norm.csv" 3 6) expected=$([ $norm = inf ] && echo 15.5 || echo 29)
    awk -F, -v expected=$expected 'NR == 3 { off = $6 - expected; apgd = $6 } NR == 4 { fgsm = $6 } END { exit !(off <= 1 && off >= -1 && apgd <= fgsm) }' "$folder/apgd-$norm.csv" \
        && pass "APGD in the $norm norm gives PyTorch's accuracy, below FGSM's" || fail "APGD in the $norm norm gives PyTorch's accuracy, below FGSM's" "$standing, $expected expected"
    ! grep -q 'warning: ' "$folder/err" && pass "the teacher's gradient is not masked, $norm norm" || fail "the teacher's gradient is not masked, $norm norm" "$(tail -1 "$folder/err")"
done

run graph -o "$folder/figure.svg" -csv "$folder/graph.csv"
awk -F, 'NR > 1 { if (NR > 2 && $2 >= last) bad = 1; last = $2 } END { exit bad || NR != 4 }' "$folder/graph.csv" \
    && pass "the figure's label variation falls" || fail "the figure's label variation falls" "$(tr '\n' ' ' < "$folder/graph.csv")"

if "$darknet" lgg corrupt data/cifar10.data $net -test 40 -csv "$folder/corrupt.csv" > "$folder/said" 2> "$folder/err"; then
    awk -F, '$2 > 0 { e[$2] += $4 } END { for (s = 2; s <= 5; ++s) if (e[s] < e[s - 1]) exit 1 }' "$folder/corrupt.csv" \
        && pass "the mean error over the corruptions does not fall with severity" \
        || fail "the mean error over the corruptions does not fall with severity" "$(tail -1 "$folder/said")"
else
    case $(tail -1 "$folder/err") in
        *"this build lacks"*) echo "SKIPPED the mean error over the corruptions: $(tail -1 "$folder/err")" ;;
        *) fail "the mean error over the corruptions does not fall with severity" "$(tail -1 "$folder/err")" ;;
    esac
fi
exit $failed
