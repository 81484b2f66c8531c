#!/bin/bash
# usage: test_opencv.sh HOST DARKNET WITH TEST_OPENCV MAKE_IMAGES FOLDER    DARKNET: the program without OpenCV; WITH: that with it
set -u
host=$1 darknet=$(realpath "$2") with=$(realpath "$3") program=$(realpath "$4") make_images=$(realpath "$5") folder=$6
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$folder" && mkdir -p "$folder/images" && cd "$folder" || exit 1
export OMP_NUM_THREADS=1
# AlexeyAB/darknet draws its charts in a window, unless it is told not to.
if [ "$host" = pjreddie ]; then final='' options=(); else final=_final options=(-dont_show); fi
"$make_images" images 16 2 4 || exit 1
"$program" picture.jpg images/1_class1.png images/0_class0.png
failures=$?
cp "$here/../robust/cfg/quick.cfg" .
for one in "$darknet" "$with"; do
    rm -rf images/backup
    "$one" classifier train images/tiny.data quick.cfg "${options[@]}" > train.out 2>&1 || failures=1
    md5sum < "images/backup/quick$final.weights" >> sums
done
if [ "$(sort -u sums | wc -l)" = 1 ]; then
    echo "PASS opencv_trains_to_the_same_weights"
else
    echo "FAIL opencv_trains_to_the_same_weights: they differ"
    failures=1
fi
exit $failures
