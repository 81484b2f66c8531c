# make data: CIFAR-10 under data/cifar10/ (60,000 images, their lists and labels), for data/cifar10.data.
# CIFAR=path takes an archive, or a folder of the official .bin files, that is already here.

CIFAR_TOOL := $(BUILD)/data/cifar10
CIFAR_CFLAGS ?= -O2
OWN_WARNINGS ?= -Wall -Wextra -Wshadow -Wconversion

.PHONY: data deps
data: $(CIFAR_TOOL)
	@mkdir -p backup
	@CIFAR="$(CIFAR)" data/get_cifar10.sh $(CIFAR_TOOL)

$(CIFAR_TOOL): data/cifar10_main.c data/cifar10.c data/cifar10.h | deps
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CIFAR_CFLAGS) $(OWN_WARNINGS) -o $@ $(filter %.c,$^) -lpng -lz
