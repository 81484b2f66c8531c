#!/bin/bash
# Keeps the results of tables: copies what paper_table wrote in results/TABLE/ to DEST/results/, and writes DEST/RESULTS.md from all tables
# that are kept there. Of a table that has not all its runs yet it keeps those that are over, and the last backup of those that have begun,
# in DEST/results/runs/TABLE/: KEPT=1 goes on from them. A table that has fewer runs than the one that is kept does not replace it.
#
# usage: keep.sh RESULTS DEST
set -euo pipefail
. "$(dirname "$0")/../common.sh"
from=${1:?} dest=${2:?}

# are_over DIR < "METHOD SEED" a line: each of these runs is.
are_over() {
    local method seed
    while read -r method seed; do [ -s "$1/runs/$method-$seed.csv" ] || return 1; done
}

# is_finished DIR: every run that its last call asked for is over.
is_finished() {
    [ -s "$1/wave1.txt" ] || return 0 # made by hand
    [ -e "$1/wave2.txt" ] && are_over "$1" < <(cat "$1"/wave[12].txt)
}

# is_whole DIR KEPT: so is every run of its table, also where METHODS chose some, and every one that is kept.
is_whole() {
    local cfg
    [ ! -e "$1/all.txt" ] || are_over "$1" < "$1/all.txt" || return 1
    for cfg in "$2"/cfg/*.cfg; do
        if [ -e "$cfg" ] && [ ! -s "$1/runs/$(basename "$cfg" .cfg).csv" ]; then return 1; fi
    done
}

# more_than NEW OLD: the first row of a table's figures that is of more runs in OLD.
more_than() { awk -F, 'NR == FNR { runs[$1, $2] = $3; next } FNR > 1 && $3 > runs[$1, $2] + 0 { print $1 " of " $2 ", seeds " $3; exit }' "$1" "$2"; }

# copy DEST FILE...: those that are there.
copy() {
    local file
    for file in "${@:2}"; do if [ -e "$file" ]; then cp "$file" "$1/"; fi; done
}

# keep_runs DIR DEST: of each run its .cfg, how it was judged and what that found. Of one that is over what says so, and weights that other runs need; of
# one that has begun what it goes on from.
keep_runs() {
    local cfg name
    mkdir -p "$2"/{cfg,runs,measures,backup,logs}
    for cfg in "$1"/cfg/*.cfg; do
        name=$(basename "$cfg" .cfg)
        # of a call without KEPT=1, which began it again
        if [ -s "$2/runs/$name.csv" ] && [ ! -s "$1/runs/$name.csv" ]; then continue; fi
        rm -f "$2"/{backup,runs,measures,logs}/"$name"[._]*
        copy "$2/measures" "$1/measures/${name}"_*.csv
        copy "$2/logs" "$1/logs/$name.seconds"
        if [ ! -s "$1/runs/$name.csv" ]; then
            copy "$2/backup" "$1/backup/$name".{restart,weights,backup,backup.state}
        elif grep -qshF -- "# needs $1/backup/$name.weights " "$1"/cfg/*.{cfg,asked}; then
            cp "$1/backup/$name.weights" "$2/backup/"
        fi
        copy "$2/cfg" "$1/cfg/$name".{asked,cfg}
        copy "$2/runs" "$1/runs/$name.csv"
    done
}

for dir in "$from"/*/; do
    dir=${dir%/} name=$(basename "$dir") kept=$dest/results/runs/$(basename "$dir") figures=$dest/results/$(basename "$dir").csv
    whole=1
    if compgen -G "$dir/cfg/*.cfg" > /dev/null && ! { is_finished "$dir" && is_whole "$dir" "$kept"; }; then whole=0; keep_runs "$dir" "$kept"; fi
    if ! is_finished "$dir" || [ ! -e "$dir/table.md" ]; then continue; fi
    more=$([ ! -e "$figures" ] || more_than "$dir/table.csv" "$figures")
    if [ -n "$more" ]; then
        echo "$name: the table that is kept stays, since it has more ($more); remove $figures to have this one instead" >&2
        continue
    fi
    [ $whole = 0 ] || rm -rf "$kept"
    for kind in md csv svg; do
        cp "$dir/table.$kind" "$dest/results/$name.$kind"
        [ ! -e "$dir/curve.$kind" ] || cp "$dir/curve.$kind" "$dest/results/$name-curve.$kind"
    done
done

{
    echo "# The paper's tables, as measured"
    echo
    echo "Written by \`make keep-results\` from what \`make table1\`, \`table2\`, \`table3\` and \`table-detection\` left in results/. Mean +- standard deviation over seeds;"
    echo "gain: how much less error, or more agreement or precision, than the baseline with the same seeds; p: of no difference, two-sided paired t-test. The"
    echo "paper's figures are those of its full scale. What was tried on the way, and did not work: [LOG.md](LOG.md)."
    for table in "$dest"/results/*.md; do
        [ -e "$table" ] || continue
        name=$(basename "$table" .md)
        printf '\n'
        cat "$table"
        printf '\n![%s as bars](results/%s.svg)\n' "$name" "$name"
        [ ! -e "$dest/results/$name-curve.svg" ] || printf '![learning curves](results/%s-curve.svg)\n' "$name"
    done
} > "$dest/RESULTS.md.new"
mv "$dest/RESULTS.md.new" "$dest/RESULTS.md"
