#!/bin/bash
# Keeps the results of finished tables: copies what paper_table wrote in results/TABLE/ to DEST/results/, and writes DEST/RESULTS.md from
# all tables that are kept there.
#
# usage: keep.sh RESULTS DEST
set -euo pipefail
from=${1:?} dest=${2:?}

for table in "$from"/*/table.md; do
    [ -e "$table" ] || continue
    dir=${table%/*} name=$(basename "${table%/*}")
    for kind in md csv svg; do
        cp "$dir/table.$kind" "$dest/results/$name.$kind"
        [ ! -e "$dir/curve.$kind" ] || cp "$dir/curve.$kind" "$dest/results/$name-curve.$kind"
    done
done

{
    echo "# The paper's tables, as measured"
    echo
    echo "Written by \`make keep-results\` from what \`make table1\`, \`table2\` and \`table3\` left in results/. Mean +- standard deviation over seeds;"
    echo "gain: how much less error, or more agreement, than the baseline with the same seeds; p: of no difference, two-sided paired t-test. The"
    echo "paper's figures are those of its full scale. What was tried on the way, and did not work: [LOG.md](LOG.md)."
    for table in "$dest"/results/*.md; do
        name=$(basename "$table" .md)
        printf '\n'
        cat "$table"
        printf '\n![%s as bars](results/%s.svg)\n' "$name" "$name"
        [ ! -e "$dest/results/$name-curve.svg" ] || printf '![learning curves](results/%s-curve.svg)\n' "$name"
    done
} > "$dest/RESULTS.md.new"
mv "$dest/RESULTS.md.new" "$dest/RESULTS.md"
