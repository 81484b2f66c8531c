#!/bin/bash
# Trains with the images on the (emulated) GPU, gpu_data=1, and without: both must end with the same bytes, resumed or not; and what cannot be
# there is refused by one line.
#
# usage: tests/cuda/test_gpu_data.sh HOST DARKNET FOLDER [same]   same: the first of these checks alone
set -u
host=${1:?} darknet=$(realpath "${2:?}") folder=${3:?} only=${4:-} status=0
if [ "$host" = pjreddie ]; then final=''; else final=_final; fi
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
rm -rf "$folder"
mkdir -p "$folder/backup"
cd "$folder" || exit 1
name=$(basename "$(dirname "$folder")")

pass() { echo "PASS $name: gpu_data: $1"; }
fail() { echo "FAIL $name: gpu_data: $1: $(grep -aE 'emulation:|rror|gpu_data' log | tail -1)"; status=1; }
check() { if "${@:2}"; then pass "$1"; else fail "$1"; fi; }

# images SIZE: twelve of noise.
images() {
    for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
        perl -e 'srand($ARGV[0]); print "P6 $ARGV[1] $ARGV[1] 255\n"; print chr(int(rand(256))) for 1 .. 3 * $ARGV[1] ** 2' "$i" "$1" \
            > "${i}_$(if [ $((i % 2)) = 0 ]; then echo cat; else echo dog; fi).ppm"
    done
}
images 10
ls "$PWD"/*.ppm > train.list
printf 'cat\ndog\n' > labels
printf 'classes=2\ntrain=train.list\nvalid=train.list\nlabels=labels\nbackup=backup\n' > small.data
network='[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=leaky\n[avgpool]\n[connected]\noutput=2\nactivation=linear\n[softmax]\n[label_variation]\nlayers=0\nsimilarity=exp\nalpha=0.1\n'

# train NAME ITERATIONS OPTIONS [ARGUMENT...]: with these lines in [net], each after a space.
size=8
train() {
    { printf '[net]\nbatch=8\nsubdivisions=2\nheight=%s\nwidth=%s\nchannels=3\nlearning_rate=0.1\nmomentum=0.9\nmax_batches=%s\n' $size $size "$2"
      printf '%s\n' $3
      printf "$network"; } > "$1.cfg"
    timeout 100 "$darknet" classifier train small.data "$1.cfg" "${@:4}" > log 2>&1
}
recipe='pad_crop=2 flip=1 shuffle=1 seed=5'
ends_alike() { cmp "backup/with$final.weights" "backup/without$final.weights" > /dev/null 2>&1; }
same() {
    train without 6 "$recipe" && train with 6 "$recipe gpu_data=1" && grep -aq 'gpu_data: reads 12 images of 10x10' log && ends_alike
}
check "the weights are those of a training without, to the bit" same
if [ "$only" = same ]; then exit $status; fi

reading() { rm -f backup/with.* backup/with_*; LGG_EMULATION_PAGEABLE=1 same; }
# AlexeyAB/darknet copies its new layers' weights to the device and changes them at once.
if [ "$host" = pjreddie ]; then check "so are those on a GPU that reads the host's memory by itself" reading; fi
stopped() {
    rm -f backup/with.* backup/with_*
    train with 3 "$recipe gpu_data=1" && LGG_EMULATION_SEED=4 train with 6 "$recipe gpu_data=1" backup/with.backup && ends_alike
}
check "so are those of a training that goes on" stopped
without_crop() { train without 3 "pad_crop=0 flip=0 shuffle=1 seed=2 $1" && train with 3 "pad_crop=0 flip=0 shuffle=1 seed=2 $1 gpu_data=1" && ends_alike; }
check "and without a border or mirror images" without_crop ''
two() { train without 4 "$recipe" -gpus 0,1 && train with 4 "$recipe gpu_data=1" -gpus 0,1 && ends_alike; }
check "and on two GPUs" two

# refused WHAT LINE OPTIONS: the training ends with that line.
refused() {
    if ! train bad 2 "$3" && grep -aqF "$2" log && ! grep -aq 'emulation:' log; then pass "refused: $1"; else fail "refused: $1"; fi
}
refused "another value" '[net]: gpu_data=2: must be a whole number from 0 to 1' "pad_crop=2 gpu_data=2"
refused "no pad_crop" 'gpu_data=1: images are cropped by pad_crop alone: give pad_crop=4' "gpu_data=1"
refused "a change of colours" 'gpu_data=1: saturation: colours cannot be changed on the GPU' "pad_crop=2 saturation=1.5 gpu_data=1"
refused "adversarial training" 'gpu_data=1: adversarial: images cannot be changed so on the GPU' "pad_crop=2 adversarial=fgsm gpu_data=1"
size=16
refused "images too small" 'is 10x10, too small to crop 16x16' "pad_crop=2 gpu_data=1"
size=8
mv 3_dog.ppm whole
printf 'P6 9 10 255\n%0270d' 1 > 3_dog.ppm
refused "an image of another size" '3_dog.ppm is 9x10, and ' "$recipe gpu_data=1"
mv whole 3_dog.ppm
images 400
export LGG_EMULATION_BYTES=5000000
refused "images that the device has no memory for" 'gpu_data=1: the training images: 5.8 MB: out of memory; train without gpu_data' "$recipe gpu_data=1"
exit $status
