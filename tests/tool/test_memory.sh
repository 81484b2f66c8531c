#!/bin/bash
# The commands of ./darknet lgg while one allocation after another fails: each ends by itself with a
# status that says so and a line that says out of memory, and leaves no half-written file.
#
# Of the allocations that come by the same way through the code the first one fails. Only those of the project's own code do: the
# functions of OBJECTS (a folder) that are not the host's too.
#
# usage: test_memory.sh DARKNET FOLDER LIBRARY SOURCES OBJECTS   (FOLDER holds what test_commands.sh has left there)
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 LC_ALL=C
darknet=$(realpath "$1") folder=$(realpath "$2") library=$(realpath "$3") sources=$(realpath "$4") objects=$(realpath "$5")
failed=0 may_go_on=0
[ -n "$folder" ] && cd "$folder" || exit 1
rm -rf memory && mkdir memory || exit 1
net="linear.cfg linear.weights"

# --- where our functions are
functions() { nm "$@" 2> /dev/null | awk '$2 ~ /^[tTwW]$/ { print $3 }' | sort -u; }
ours=() hosts=()
for object in "$objects"/*.o; do
    name=$(basename "$object" .o)
    if compgen -G "$sources/*/$name.c*" > /dev/null; then ours+=("$object"); else hosts+=("$object"); fi
done
comm -23 <(functions "${ours[@]}") <(functions "${hosts[@]}") > memory/names
nm -S --defined-only "$darknet" | awk 'NR == FNR { ours[$1]; next } NF == 4 && $3 ~ /^[tTwW]$/ { name = $4; sub(/\..*/, "", name); if ($4 in ours || name in ours) print $1, $2 }' \
    memory/names - > memory/ranges
export LGG_FAIL_RANGES=$PWD/memory/ranges
[ "$(wc -l < memory/ranges)" -gt 200 ] || { echo "FAIL allocations that fail: $(wc -l < memory/ranges) functions of ours in $darknet"; exit 1; }

# whole OUT EXPECTED: each file is as it should be.
whole() {
    local file
    while read -r file; do
        if [ ! -f "$2/$file" ]; then echo "leaves $file"; return 1; fi
        cmp -s "$1/$file" "$2/$file" && continue
        # a training's log has a row for each iteration that was done
        [ "$file" = ./log.csv ] && cmp -s "$1/$file" <(head -n "$(wc -l < "$1/$file")" "$2/$file") && continue
        echo "half of $file"
        return 1
    done < <(cd "$1" && find . -type f ! -name '*.part') # from which the next call goes on
}

# sizes FOLDER: its files, with their bytes; a .csv, whose numbers may be written shorter or longer, with its lines and words.
sizes() {
    (cd "$1" && find . -type f ! -name '*.csv' -printf '%p %s\n' -o -name '*.csv' -exec sh -c 'echo "$1 $(tr , " " < "$1" | wc -lw)"' sh {} \; | sort)
}

# alike A B: the files of both folders have the same names and sizes.
alike() { cmp -s <(sizes "$1") <(sizes "$2"); }

# out_of_memory STATUS: what is wrong with a run that met a failing allocation. A training may also do without: where oneDNN lacks memory,
# the host's own functions compute.
out_of_memory() {
    if [ "$1" -eq 0 ] && [ "$may_go_on" = 1 ]; then alike memory/out memory/expected || echo "status 0, but not all that there should be"
    elif [ "$1" -eq 0 ]; then echo "status 0"
    elif [ "$1" -ge 124 ]; then echo "status $1"
    elif [ "$(grep -aciE 'out of memory|cannot allocate memory' memory/err)" != 1 ]; then echo "says '$(tail -1 memory/err)'"
    else whole memory/out memory/expected
    fi
}

# starves NAME ARGUMENTS…: the command writes into memory/out
starves() {
    local name=$1 number count=0 wrong
    shift
    rm -rf memory/out && mkdir memory/out
    if ! LD_PRELOAD=$library LGG_FAIL_LIST=memory/list "$darknet" "$@" < /dev/null > memory/said 2> memory/err; then
        echo "FAIL allocations that fail in $name: without one, $(tail -1 memory/err)"; failed=1; return
    fi
    rm -rf memory/expected && mv memory/out memory/expected
    while read -r number; do
        rm -rf memory/out memory/met && mkdir memory/out
        timeout 20 env LD_PRELOAD="$library" LGG_FAIL_AT="$number" LGG_FAIL_MET=memory/met "$darknet" "$@" < /dev/null > memory/said 2> memory/err
        wrong=$(out_of_memory $?)
        [ -f memory/met ] || wrong="was not met"
        if [ -n "$wrong" ]; then echo "FAIL allocation $number of $name: $wrong"; failed=1; fi
        count=$((count + 1))
    done < memory/list
    if [ $count -lt 10 ]; then echo "FAIL allocations that fail in $name: only $count"; failed=1; return; fi
    [ $failed = 1 ] || echo "PASS each of $count allocations of $name may fail"
}

starves "lgg graph" lgg graph two.data $net -per_class 3 -layers input,0 -k 2 -o memory/out/figure.svg -csv memory/out/graph.csv
starves "lgg eval" lgg eval two.data $net -layer input -by knn,logistic -knn 3 -csv memory/out/eval.csv
starves "lgg eval -retrieval" lgg eval two.data $net -retrieval -teacher linear.cfg,linear.weights -csv memory/out/retrieval.csv
may_go_on=1 # where oneDNN lacks memory, the host's own functions compute
sed 's|^|map/|' map/known.list > memory/known.list && printf 'valid=memory/known.list\n' > memory/known.data
starves "lgg map" lgg map memory/known.data map/squares.cfg map/squares.weights -csv memory/out/map.csv
# without the name of a lock, which is then not removed
starves "lgg embed" lgg embed two.data $net -layer input -pool -o memory/out/embedding
may_go_on=0
starves "lgg nearest" lgg nearest two.data $net images/1_red.ppm -layer input -k 3 -o memory/out/sheet.svg -csv memory/out/nearest.csv
starves "lgg variation" lgg variation two.data $net -batch 5 -csv memory/out/variation.csv
starves "lgg corrupt" lgg corrupt two.data $net -only fog -csv memory/out/fog.csv
starves "lgg attack" lgg attack two.data $net -method fgsm,apgd,deepfool -steps 3 -epsilon 1 -csv memory/out/attack.csv
starves "lgg stress" lgg stress two.data $net -layers 0 -draws 2 -csv memory/out/stress.csv -o memory/out/stress.svg
starves "lgg deploy" lgg deploy two.data section.cfg linear.weights -o memory/out -fold
if "$darknet" lgg export -help 2>&1 | grep -q 'built without ONNX'; then echo "SKIPPED lgg export without memory: built without ONNX"; else starves "lgg export" lgg export two.data section.cfg linear.weights -o memory/out/linear.onnx; fi

# A training: with a teacher, a log and a state. Backups and logs are written aside and renamed: each is there whole, or not at all.
cat > train.cfg << 'END'
[net]
batch=4
width=4
height=4
channels=3
learning_rate=.01
max_batches=2
seed=1
shuffle=1
pad_crop=0
lgg_log=memory/out/log.csv
[convolutional]
filters=4
size=3
stride=1
pad=1
batch_normalize=1
activation=relu
[connected]
output=2
activation=linear
[softmax]
[label_variation]
layers=0
[lgg_gkd]
teacher_cfg=linear.cfg
teacher_weights=linear.weights
layers=0
teacher_layers=0
END
sed 's|^backup=.*||; $a backup=memory/out/' two.data > train.data
may_go_on=1
starves "a training" classifier train train.data train.cfg
exit $failed
