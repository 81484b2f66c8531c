#!/bin/bash
# Every .cfg of the host's own cfg/ folder: what stock Darknet reads and saves, ours reads, loads and saves again to the same bytes. Where
# stock Darknet itself crashes there is nothing to compare: such files are listed as skipped. Then every type of layer (every_layer.c).
#
# usage: every_cfg.sh STOCK-TREE FOLDER    FOLDER has save_stock, save_ours and every_layer; the networks are read in the stock tree,
# whose data/ some of them name
set -u
tree=$(realpath "$1") folder=$(realpath "$2")

# why LOG STATUS: what a program that failed said last.
why() { echo "status $2: $(grep -av -e '^$' -e backtrace -e '^[0-9]*/[0-9]*: ' "$1" | tail -n 1 | cut -c 1-160)"; }

# compare NAME: one line on cfg/NAME.cfg.
compare() {
    local name=$1 work=$folder/cfg-$1 status
    rm -rf "$work" && mkdir "$work" && cd "$tree" || exit 1
    timeout 300 "$folder/save_stock" "cfg/$name.cfg" - "$work/stock" > "$work/log" 2>&1
    status=$?
    if [ $status = 134 ] || [ $status = 136 ] || [ $status = 139 ]; then # SIGABRT, SIGFPE, SIGSEGV
        echo "SKIPPED every .cfg, $name: stock Darknet itself ends with $(why "$work/log" $status)"
    elif [ $status -ne 0 ]; then
        echo "FAIL every .cfg, $name: the program with stock Darknet ends with $(why "$work/log" $status)"
    else
        timeout 300 "$folder/save_ours" "cfg/$name.cfg" "$work/stock" "$work/ours" > "$work/log" 2>&1
        status=$?
        if [ $status -ne 0 ]; then
            echo "FAIL every .cfg, $name: ours ends with $(why "$work/log" $status)"
        elif cmp -s "$work/stock" "$work/ours"; then
            echo "PASS every .cfg, $name: loaded and saved to the same bytes"
        else
            echo "FAIL every .cfg, $name: saved to other bytes ($(stat -c %s "$work/stock" "$work/ours" | tr '\n' ' '))"
        fi
    fi
    rm -rf "$work"
}

# The sections that the host's parser compares with.
sections() { grep 'strcmp(type' "$tree/src/parser.c" | grep -o '\[[A-Za-z_0-9]*\]' | sort -u; }

export -f compare why
export folder tree OMP_NUM_THREADS=1
networks=$(cd "$tree/cfg" && ls -S ./*.cfg | sed 's|^\./||; s|\.cfg$||')
[ -n "$networks" ] || { echo "FAIL every .cfg: there is none in $tree/cfg"; exit 1; }
# two at a time: the largest takes about 2 GB
{
    xargs -P 2 -I NAME bash -c 'compare "$1"' - NAME <<< "$networks"
    mkdir -p "$folder/layers" && "$folder/every_layer" "$folder/layers" $(sections)
    [ $? -le 1 ] || echo "FAIL every layer: the program ends with status $?"
} | tee "$folder/results"
! grep -q ^FAIL "$folder/results"
