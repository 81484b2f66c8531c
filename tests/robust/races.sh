#!/bin/bash
# The thread sanitizer over a training with every section of ours and 32 loader threads.
#
# usage: races.sh DARKNET MAKE_IMAGES FOLDER    DARKNET is built with -fsanitize=thread
. "$(dirname "$0")/every_section.sh"
darknet=$(realpath "$1")
every_section "$1" "$2" "$3"
sed "s/max_batches=.*/max_batches=16/" all.cfg > run.cfg
if TSAN_OPTIONS="log_path=$PWD/report" "$darknet" classifier train images/tiny.data run.cfg > run.out 2>&1 && ! ls report.* > /dev/null 2>&1; then
    echo "PASS no_data_race_in_loader_and_layers"
else
    echo "FAIL no_data_race_in_loader_and_layers: $(grep -ah 'data race' report.* | sort | uniq -c)"
    exit 1
fi
