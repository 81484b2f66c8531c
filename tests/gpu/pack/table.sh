#!/bin/bash
# Goes on with a table of the paper at full scale on a machine with a driver: `make table1 SCALE=full` in slices, each of which may be on
# another machine. Each brings its state back as one file, OUT/TABLE.state.tar.xz, which the next slice starts from: put it into the
# packed folder, or name it by STATE=file. Runs that came to their end in a slice leave their networks and logs in
# OUT/TABLE.networks-N.tar.xz and OUT/TABLE.logs-N.tar.xz, which no later slice needs.
#
#   BUDGET=seconds  of this slice, all in all (default 540)
#   SEEDS=n         of every run (default: the table's)
#   JOBS=n          runs at once (default 3)
#   OUT, WORK       as for report.sh
#
# usage: [BUDGET=seconds] [SEEDS=n] [JOBS=n] [STATE=file] [OUT=dir] table.sh [TABLE]      TABLE: table1-full (default), table2-full, table3-full
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${BUDGET:-} in *[!0-9]*) echo "table.sh: BUDGET=$BUDGET: whole seconds would be right" >&2; exit 1 ;; esac
. "$here/common.sh"
budget=${BUDGET:-540} table=${1:-table1-full} spare=30 # seconds to save and pack
cd "$work" || exit 1
file=experiments/paper/$table.txt results=results/$table
[ -s "$file" ] || die "there is no table $table: $(cd experiments/paper && ls table*.txt | sed 's/\.txt$//' | paste -sd ' ') would be right"
state=${STATE:-}
if [ -n "$state" ] && [ ! -s "$state" ]; then die "STATE=$state: there is no such file"; fi
for found in "$out/$table.state.tar.xz" "$here/$table.state.tar.xz"; do
    if [ -z "$state" ] && [ -s "$found" ]; then state=$found; fi
done

xz_packed() { LD_LIBRARY_PATH=$here/xz "$here/xz/xz" "$@"; }

# What is in $work is what this machine did last, unless another file is named.
unpack_state() {
    if [ -d "$results" ] && [ -z "${STATE:-}" ]; then return; fi
    rm -rf "$results"
    mkdir -p results
    if [ -z "$state" ]; then echo "$table: no state is here: it begins"; return; fi
    xz_packed -dc "$state" | tar -C results -xf - || die "$state: not a state of this script"
    [ -d "$results" ] || die "$state: not a state of $table"
    echo "$table goes on from $state: $(ls "$results/runs" | grep -c 'csv$') runs are over"
}

# wrapper NAME PROGRAM: a command in $work that runs it with its libraries.
wrapper() {
    printf '#!/bin/bash\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$(library_path)" "$2" > "$1"
    chmod +x "$1"
}

# needed_weights: those that other runs of the table need, relative to the results.
needed_weights() {
    bash -c '. experiments/paper/common.sh; table=$1 out=.; read_table
        for method in "${methods[@]}"; do for ((seed = 1; seed <= seeds_of[$method]; ++seed)); do
            for need in $(needs_of "$method"; judged_after "$method" "$seed"); do weights_of "${need%-*}" "${need##*-}"; done; done; done' - "$file" | sed 's|^\./||' | sort -u
}

# finished networks|logs: those of runs that are over and have not been brought back yet, relative to the results.
finished() {
    local run name
    for run in runs/*.csv; do
        name=$(basename "$run" .csv)
        if [ ! -e "$run" ] || grep -qx "$name" brought 2> /dev/null; then continue; fi
        if [ "$1" = networks ]; then ls backup/"$name"{,_*}.weights; else ls logs/"$name".*; fi 2> /dev/null
    done
}

# pack_file NAME TAR-ARGUMENTS...: in OUT, there whole or not at all.
pack_file() {
    local to=$out/$1
    shift
    tar -C results -cf - "$@" | xz_packed -2 -T0 > "$to.new" && mv "$to.new" "$to" && echo "$to: $(($(stat -c %s "$to") / 1024)) KiB"
}

bring_back() {
    local slice name
    slice=$(($(cat "$results/slice" 2> /dev/null || echo 0) + 1))
    echo $slice > "$results/slice"
    for name in networks logs; do (cd "$results" && finished $name) | sed "s|^|$table/|" > "finished-$name.list"; done
    if [ -s finished-logs.list ]; then
        pack_file "$table.networks-$slice.tar.xz" -T finished-networks.list && pack_file "$table.logs-$slice.tar.xz" -T finished-logs.list &&
            (cd "$results" && for name in runs/*.csv; do basename "$name" .csv; done > brought)
    fi
    # What is over is not gone on with, but for networks that others need.
    (
        cd "$results" && for name in runs/*.csv; do
            name=$(basename "$name" .csv)
            ls -d backup/"$name"[._]* logs/"$name".csv 2> /dev/null
        done | grep -vxF "$(cd "$work" && needed_weights)"
    ) | sed "s|^|$table/|" > left-out.list
    pack_file "$table.state.tar.xz" --exclude='*.lock' -X left-out.list "$table"
    cp "$results/table.txt" "$out/$table.txt" 2> /dev/null
}

main() {
    local status=0 images left
    find_cuda > logs/found.txt || true
    eval "$(cat found)"
    if [ "$device$libraries" != 11 ]; then cat logs/found.txt >&2; die "no device, or libraries are missing"; fi
    if [ "$cudnn" = 0 ]; then echo "no usable cuDNN: this will be slow"; fi
    unpack_images || die "the images cannot be unpacked, or none are here"
    images=$(wc -l < data/cifar10/train.list)
    if [ "$images" -lt "$(sed -n 's/^train  *//p' "$file" | grep . || echo 50000)" ]; then die "only $images training images are here: the other parts of the packed folder are needed, too"; fi
    unpack_state
    wrapper darknet "$work/cudnn$cudnn/darknet"
    wrapper paper_table "$work/cudnn$cudnn/paper_table"
    left=$((budget - SECONDS - spare))
    [ $left -gt 0 ] || die "BUDGET=$budget: too short; $((SECONDS + spare)) seconds went into unpacking and packing alone"
    BUDGET=$(awk -v s=$left 'BEGIN { print s / 60 }') JOBS=${JOBS:-3} SEEDS=${SEEDS:-} GPU=1 COMMIT=$commit \
        DARKNET_PROGRAM=./darknet experiments/paper/paper.sh "$file" ./paper_table || status=$?
    if [ -d "$results" ]; then bring_back || status=1; fi
    return $status
}

main
