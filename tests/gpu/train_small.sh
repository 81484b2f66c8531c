#!/bin/bash
# Trains small.cfg for two iterations on invented images, in FOLDER.
#
# usage: tests/gpu/train_small.sh DARKNET FOLDER [-nogpu | -gpus 0,1]
set -eu
darknet=$(realpath "${1:?}") folder=${2:?}
shift 2
mkdir -p "$folder/backup"
cp tests/gpu/small.cfg "$folder"
cd "$folder"
for class in cat dog; do
    for i in 1 2 3 4; do printf 'P6 8 8 255\n%0192d' "$i" > "${i}_$class.ppm"; done
done
ls "$PWD"/*.ppm > train.list
printf 'cat\ndog\n' > labels
printf 'classes=2\ntrain=train.list\nvalid=train.list\nlabels=labels\nbackup=backup\n' > small.data
timeout 100 "$darknet" classifier train small.data small.cfg "$@"
