# Rewrites the launches of a .cu file: kernel<<<...>>>(...) and kernel<type><<<...>>>(...) become
# emulation_launch_of("kernel", ..., kernel)(...), line by line where they were.
#
# usage: perl -0777 -p launches.pl FILE.cu > FILE.cpp
s/(\w+)((?:<[\w, ]+>)?)\s*<<<((?:(?!<<<).)*?)>>>\s*\(/emulation_launch_of("$1", $3, $1$2)(/gs;
s/\A/#line 1 "$ARGV"\n/;
