# The rooms of src/ and what each is for, from the ground up: a room uses those before it in this list alone.
#
#   common/    what several rooms use: files, names, labels, memory, random numbers
#   lgg/       the mathematics, which knows nothing of Darknet
#   darknet/   the sections, their taps and teachers, weights, and what differs from host to host
#   layers/    what is put around the functions of the host's layers
#   speed/     faster functions for the CPU
#   training/  what the host's trainers call, from the recipe of [net] to backups and the log; validation in batches
#   tool/      what the commands of `./darknet lgg` share: options, images, networks, files that are read and written
#   attacks/   attacks and corruptions
#   judging/   errors, neighbours, retrieval, mean average precision
#   figures/   what they draw
#   export/    a network for other readers
#   commands/  the commands, a file each
#   hooks/     what Darknet's own files call

ROOMS := $(notdir $(patsubst %/, %, $(wildcard src/*/)))
ROOM_FLAGS := $(ROOMS:%=-Isrc/%)
