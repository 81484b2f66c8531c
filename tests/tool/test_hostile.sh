#!/bin/bash
# The commands of ./darknet lgg, and a training, on files that are broken or made to break them: one line that names the file, and no
# figure or table of what is no number. FOLDER holds what test_commands.sh has left there.
#
# usage: test_hostile.sh DARKNET FOLDER
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
darknet=$(realpath "$1") folder=$(realpath "$2") here=$(realpath "$(dirname "$0")")
failed=0
[ -n "$folder" ] && cd "$folder" || exit 1
rm -rf hostile && mkdir -p hostile/backup || exit 1
net="linear.cfg linear.weights"

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }

# refuses NAME TEXT ARGUMENTS…: darknet ends by itself with status 1, and one of its last two lines says TEXT.
refuses() {
    local name=$1 text=$2 status
    shift 2
    (ulimit -v 4000000; timeout 20 "$darknet" "$@" < /dev/null > hostile/said 2> hostile/err)
    status=$?
    if [ $status = 1 ] && tail -2 hostile/err | grep -qF "$text"; then pass "$name"; else fail "$name" "status $status, $(tail -1 hostile/err)"; fi
}

# npy FILE VERSION HEADER: an array with this header, 64 bytes of 0xff after it
npy() {
    { printf '\x93NUMPY'; printf "\\x$2"; printf '\x00'; printf "\\x$(printf %02x ${#3})\\x00"; printf '%s' "$3"; head -c 64 /dev/zero | tr '\0' '\377'; } > "$1"
}
mkdir hostile/wrap hostile/nine hostile/signed
npy hostile/wrap/labels.npy 01 "{'descr': '<i8', 'fortran_order': False, 'shape': (2305843009213693960,), }"
refuses "a .npy header whose sizes wrap" "ask for more bytes than there can be" lgg corrupt two.data $net -npy hostile/wrap
npy hostile/nine/labels.npy 09 "{'descr': '|u1', 'fortran_order': False, 'shape': (64,), }"
refuses "a .npy file of version 9" "hostile/nine/labels.npy: has format version 9.0" lgg corrupt two.data $net -npy hostile/nine
{ npy hostile/signed/labels.npy 01 "{'descr': '|i1', 'fortran_order': False, 'shape': (60,), }"; truncate -s -4 hostile/signed/labels.npy; }
refuses "a negative label in a .npy file is negative" "label -1 of image 0" lgg corrupt two.data $net -npy hostile/signed

printf 'P6\n-4 -4\n255\n' > hostile/minus_red.ppm
printf 'P6\n0 4\n255\n' > hostile/zero_red.ppm
printf 'P6\n60000 60000\n255\n' > hostile/huge_red.ppm
printf 'no image' > hostile/none_red.ppm
head -c 24 images/1_red.ppm > hostile/short_red.ppm
: > hostile/empty_red.ppm
# a PNG of colours of four bits, which there is not
base64 -d <<< "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACBAIAAAD91JpzAAAAFElEQVR4nGNgZGJm5zJhIQYSBLIAAWAANT95ewAB0AAASUVOREJggg==" > hostile/shallow_red.ppm
for kind in minus zero huge none short empty shallow; do
    { head -3 train.list; echo "hostile/${kind}_red.ppm"; } > hostile/$kind.list
    printf 'labels=labels.txt\ntrain=train.list\nvalid=hostile/%s.list\n' $kind > hostile/$kind.data
    refuses "an image that is none ($kind) is named" "cannot read hostile/${kind}_red.ppm" lgg eval hostile/$kind.data $net -by argmax
done

# A .bmp whose red stands in the highest byte of a pixel is sound.
word() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))"; }
words() { local w; for w in "$@"; do word "$w"; done; }
{
    printf BM; words 186 0 122                                             # the file: its size, where its pixels begin
    words 108 4 4 $((32 << 16 | 1)) 3 64 0 0 0 0                           # 4x4, 32 bits a pixel, by masks
    words 0xff000000 0x00ff0000 0x0000ff00 0x000000ff 0 0 0 0 0 0 0 0 0 0 0 0 0
    for ((i = 0; i < 16; ++i)); do word 0xff0000ff; done
} > hostile/high_red.bmp
{ echo hostile/high_red.bmp; head -3 train.list; } > hostile/high.list
printf 'labels=labels.txt\ntrain=train.list\nvalid=hostile/high.list\n' > hostile/high.data
if "$darknet" lgg eval hostile/high.data $net -by argmax > hostile/said 2> hostile/err; then pass "a .bmp of any order of bytes is read"
else fail "a .bmp of any order of bytes is read" "$(tail -1 hostile/err)"; fi

# --- devices and folders where a text should be
printf '[net]\nbatch=4\nwidth=4\nheight=4\nchannels=3\nmax_batches=3\n[connected]\noutput=2\nactivation=linear\n[softmax]\n' > hostile/plain.cfg
printf 'classes=2\ntrain=train.list\nvalid=train.list\nlabels=labels.txt\nbackup=hostile/backup\n' > hostile/train.data
{ cat hostile/plain.cfg; printf '[lgg_gkd]\nlayers=0\nteacher_cfg=/dev/zero\nteacher_weights=linear.weights\nteacher_layers=0\n'; } > hostile/endless.cfg
refuses "a teacher_cfg without an end" "teacher_cfg=/dev/zero: is a device" classifier train hostile/train.data hostile/endless.cfg
refuses "a .cfg without an end" "/dev/zero: is a device" classifier train hostile/train.data /dev/zero
refuses "a .cfg without an end: lgg" "/dev/zero: is a device" lgg eval two.data /dev/zero linear.weights
refuses "a data file without an end" "/dev/zero: is a device" lgg eval /dev/zero $net
refuses "a log without an end" "/dev/zero: is a device" lgg plot /dev/zero
refuses "a folder for a data file" "is a folder" lgg eval hostile $net

# --- numbers that are none
# put NAME VALUE OFFSET: linear.weights with the four bytes VALUE at OFFSET
put() { cp linear.weights "hostile/$1.weights"; printf "$2" | dd of="hostile/$1.weights" bs=1 seek="$3" conv=notrunc status=none; }
header=$(($(stat -c %s linear.weights) - 4 * (2 + 96)))
put nan '\x00\x00\xc0\x7f' $((header + 40))
put infinite '\x00\x00\x80\xff' "$header"
for command in eval attack "corrupt -only fog" "variation -batch 5" "graph -per_class 3 -o hostile/nan.svg"; do
    set -- $command
    refuses "weights with a NaN in them: lgg $1" "hostile/nan.weights: the weights of layer 0 [connected] are not all finite" \
        lgg "$1" two.data linear.cfg hostile/nan.weights "${@:2}"
done
refuses "weights with an infinity in them" "hostile/infinite.weights: the biases of layer 0 [connected] are not all finite" \
    lgg eval two.data linear.cfg hostile/infinite.weights
refuses "training from weights with a NaN in them" "hostile/nan.weights: the weights of layer 0" \
    classifier train hostile/train.data hostile/plain.cfg hostile/nan.weights
{ cat hostile/plain.cfg; printf '[lgg_gkd]\nlayers=0\nteacher_cfg=linear.cfg\nteacher_weights=hostile/nan.weights\nteacher_layers=0\n'; } > hostile/taught.cfg
refuses "a NaN in a teacher's weights is the teacher's" "teacher_weights=hostile/nan.weights: the weights of the teacher's layer 0 [connected]" \
    classifier train hostile/train.data hostile/taught.cfg
put large '\xff\xff\x7f\x7f' $((header + 8))
cp hostile/large.weights hostile/sum.weights
for i in $(seq 3 97); do printf '\xff\xff\x7f\x7f'; done | dd of=hostile/sum.weights bs=1 seek=$((header + 8)) conv=notrunc status=none
{ cat hostile/plain.cfg; printf '[lgg_gkd]\nlayers=0\nteacher_cfg=linear.cfg\nteacher_weights=hostile/sum.weights\nteacher_layers=0\n'; } > hostile/overflow.cfg
refuses "a teacher whose outputs are no numbers is named" "its teacher's layer 0 gives values that are no finite numbers (teacher_cfg=linear.cfg, teacher_weights=hostile/sum.weights)" \
    classifier train hostile/train.data hostile/overflow.cfg

# --- names that are no text
printf 'red\001\033[31m\377\nblue\302\200<&">\n' > hostile/labels.txt
for i in 1 2 3 4 5; do
    cp "images/${i}_red.ppm" "$(printf 'hostile/%s_red\001\033[31m\377.ppm' $i)" 2> /dev/null
    cp "images/${i}_blue.ppm" "$(printf 'hostile/%s_blue\302\200<&">.ppm' $i)"
done
ls -d hostile/[1-5]_* > hostile/named.list
printf 'classes=2\ntrain=hostile/named.list\nvalid=hostile/named.list\nlabels=hostile/labels.txt\n' > hostile/named.data
if "$darknet" lgg graph hostile/named.data $net -per_class 3 -o hostile/named.svg > hostile/said 2> hostile/err; then
    if command -v xmllint > /dev/null; then
        xmllint --noout hostile/*.svg hostile/*.graphml 2> hostile/err && pass "class names that are no text leave figures and GraphML valid XML" \
            || fail "class names that are no text leave figures and GraphML valid XML" "$(head -1 hostile/err)"
    else
        ! grep -qaP '[\x01-\x08\x0b\x0c\x0e-\x1f]' hostile/*.svg hostile/*.graphml && pass "class names that are no text leave no control characters" \
            || fail "class names that are no text leave no control characters" "$(ls hostile/*.svg)"
    fi
else
    fail "class names that are no text leave figures and GraphML valid XML" "$(tail -1 hostile/err)"
fi
exit $failed
