# The rooms of src/ and what each is for. tool/, the commands of `./darknet lgg`, uses them all and is used by none.
#
#   lgg/       the mathematics, which knows nothing of Darknet
#   common/    what several rooms use: files, names, labels, memory
#   darknet/   the sections, their taps and teachers, and what differs from host to host
#   layers/    what is put around the functions of the host's layers
#   speed/     faster functions for the CPU
#   training/  what trains and resumes: recipe, checkpoint, weights, log, random numbers

ROOMS := $(filter-out tool, $(notdir $(patsubst %/, %, $(wildcard src/*/))))
ROOM_FLAGS := $(ROOMS:%=-Isrc/%)
