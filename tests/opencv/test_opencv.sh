#!/bin/bash
# usage: test_opencv.sh TREE DARKNET MAKE_IMAGES FOLDER    TREE: Darknet built with OPENCV=1; DARKNET: the program without
set -u
tree=$(realpath "$1") darknet=$(realpath "$2") make_images=$(realpath "$3") folder=$4
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$folder" && mkdir -p "$folder/images" && cd "$folder" || exit 1
export OMP_NUM_THREADS=1
"$make_images" images 16 2 4 || exit 1
cat > save_jpg.c << 'END'
#include "darknet.h"
int main(void)
{
    image im = load_image_color("images/1_class1.png", 0, 0), large = resize_image(im, 83, 61);
    save_image(large, "picture");
    return 0;
}
END
cc -I"$tree/include" save_jpg.c -o save_jpg -L"$tree" -ldarknet -Wl,-rpath,"$tree" -lm 2> /dev/null && ./save_jpg
cc -DOPENCV -I"$tree/include" -I"$tree/src" "$here/test_opencv.c" -o test_opencv -L"$tree" -ldarknet -Wl,-rpath,"$tree" -lm || exit 1
./test_opencv picture.jpg images/0_class0.png images/1_class1.png
failures=$?
cp "$here/../robust/cfg/quick.cfg" .
for program in "$darknet" "$tree/darknet"; do
    rm -rf images/backup
    "$program" classifier train images/tiny.data quick.cfg > train.out 2>&1 || failures=1
    md5sum < images/backup/quick.weights >> sums
done
if [ "$(sort -u sums | wc -l)" = 1 ]; then
    echo "PASS opencv_trains_to_the_same_weights"
else
    echo "FAIL opencv_trains_to_the_same_weights: they differ"
    failures=1
fi
exit $failures
