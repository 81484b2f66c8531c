#!/bin/bash
# Memory over a training of 20,000 iterations with every section of ours: the resident set must not grow.
#
# usage: soak.sh DARKNET MAKE_IMAGES FOLDER [ITERATIONS]
set -u
darknet=$(realpath "$1") make_images=$(realpath "$2") folder=$3 iterations=${4:-20000}
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$folder" && mkdir -p "$folder/small" && cd "$folder" || exit 1
export OMP_NUM_THREADS=1
"$make_images" small 16 2 4 || exit 1
cp "$here"/cfg/soak.cfg "$here"/cfg/quick.cfg .
# an epoch of many iterations, so that saving does not take all the time
for ((i = 0; i < 500; ++i)); do cat small/train.list; done > list && mv list small/train.list
sed '/^lgg_log/d; s/max_batches=.*/max_batches=5/' quick.cfg > soak-teacher.cfg
"$darknet" classifier train small/tiny.data soak-teacher.cfg > teacher.out 2>&1 && mv small/backup/soak-teacher*.weights soak-teacher.weights || exit 1
sed -i "s/max_batches=.*/max_batches=$iterations/" soak.cfg
"$darknet" classifier train small/tiny.data soak.cfg > soak.out 2>&1 &
pid=$!
echo "iteration resident_kB" > memory.txt
while kill -0 $pid 2> /dev/null; do
    resident=$(awk '/^VmRSS/ { print $2 }' /proc/$pid/status 2> /dev/null)
    [ -z "$resident" ] || echo "$(($(cat soak.csv 2> /dev/null | wc -l) - 1)) $resident" >> memory.txt
    sleep 1
done
wait $pid || { tail -3 soak.out; echo "FAIL soak: the training ended with an error"; exit 1; }
# the mean of the second tenth against that of the last, once the loader's threads have all they need
awk -v n="$iterations" 'NR > 1 && $1 > n / 10 && $1 <= n / 5 { early += $2; ++e } NR > 1 && $1 > n * 9 / 10 { late += $2; ++l }
    END { if (!e || !l) { print "FAIL soak: too few samples"; exit 1 }
          printf "%s soak: resident set %d kB over iterations %d to %d, %d kB over the last %d: growth %d kB\n",
                 late / l < 1.02 * early / e ? "PASS" : "FAIL", early / e, n / 10, n / 5, late / l, n / 10, late / l - early / e
          exit late / l >= 1.02 * early / e }' memory.txt
