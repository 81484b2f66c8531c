# Latent Geometry Graph layers for Darknet.
#
#   make demo      fetch, build, get CIFAR-10, train with the layers, print the results
#   make test      everything the project tests
#
# Each folder brings its own targets in a fragment; this file only names them.

SHELL := /bin/bash
BUILD ?= build

# A point is decimal and lists are sorted by bytes, whatever the user's language; and cd goes where it is told.
export LC_ALL := C
unexport CDPATH

# What fails half way is not there.
.DELETE_ON_ERROR:

include $(wildcard src/*.mk src/*/*.mk darknet_patch/*.mk data/*.mk experiments/*/*.mk tests/*/*.mk tests/*.mk)
