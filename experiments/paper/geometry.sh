#!/bin/bash
# Embeds test images by each network that a search has trained, and has PROGRAM (geometry) write results/geometry.md and .csv.
#
# usage: geometry.sh PROGRAM
set -euo pipefail
program=${1:?} darknet=${DARKNET_PROGRAM:-./darknet} networks=()
mkdir -p results/geometry
for run in results/search-late/runs/*.csv; do
    [ -e "$run" ] || continue
    name=$(basename "$run" .csv)
    case $name in *-half-* | *-twice-*) continue ;; esac # another lambda of the same
    $darknet lgg embed data/cifar10.data "results/search-late/cfg/$name.cfg" "results/search-late/backup/$name.weights" -images 2000 -o "results/geometry/$name" > /dev/null
    networks+=("${name%-*}" "results/geometry/$name")
done
"$program" results/geometry "${networks[@]}"
echo "results/geometry.md and results/geometry.csv hold it"
