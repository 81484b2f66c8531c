# To be sourced by bash: a folder with a tiny data set, a teacher, and all.cfg, which has every section of ours.
#
# final is what the host's name for the weights at the end of a training has between the cfg file's name and .weights.
final=$([ "${HOST:-pjreddie}" = alexeyab ] && echo _final)

# every_section DARKNET MAKE_IMAGES FOLDER: makes the folder and goes there.
every_section() {
    local darknet make_images
    darknet=$(realpath "$1") make_images=$(realpath "$2")
    rm -rf "$3" && mkdir -p "$3/images" && cp "$(dirname "${BASH_SOURCE[0]}")"/cfg/*.cfg "$3" && cd "$3" || exit 1
    export OMP_NUM_THREADS=1 # the networks are tiny
    "$make_images" images 48 4 12 || exit 1
    "$darknet" classifier train images/tiny.data teacher.cfg > teacher.out 2>&1 || { tail -3 teacher.out; exit 1; }
    mv "images/backup/teacher$final.weights" teacher.weights
}
