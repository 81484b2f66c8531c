# Rewrites the launches of a .cu file: kernel<<<...>>>(...) becomes emulation_launch_of("kernel", ..., kernel)(...), line by line where
# it was.
#
# usage: perl -0777 -p launches.pl FILE.cu > FILE.cpp
s/(\w+)<<<(.*?)>>>\(/emulation_launch_of("$1", $2, $1)(/gs;
s/\A/#line 1 "$ARGV"\n/;
