# make data: CIFAR-10 under data/cifar10/ (60,000 images, their lists and labels), for data/cifar10.data.
# make detection-data: data/detection/, 4,000 scenes to train a detector with and 1,000 to test it, made of them, for data/detection.data.
# CIFAR=path takes an archive, or a folder of the official .bin files, that is already here.

CIFAR_TOOL := $(BUILD)/data/cifar10
CIFAR_CFLAGS ?= -O2
OWN_WARNINGS ?= -Wall -Wextra -Wshadow -Wconversion

.PHONY: data deps
data: $(CIFAR_TOOL)
	@mkdir -p backup
	@CIFAR=$(call quoted,$(value CIFAR)) data/get_cifar10.sh $(CIFAR_TOOL)

$(CIFAR_TOOL): data/cifar10_main.c data/cifar10.c data/cifar10.h | deps
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CIFAR_CFLAGS) $(OWN_WARNINGS) -o $@ $(filter %.c,$^) -lpng -lz

DETECTION_TOOL := $(BUILD)/data/detection

.PHONY: detection-data
detection-data: data $(DETECTION_TOOL)
	@exec 9> data/.detection.lock; flock 9; if [ -d data/detection ]; then echo "data/detection is there"; exit 0; fi; \
	rm -rf data/detection.part && $(DETECTION_TOOL) data/cifar10/train.list data/cifar10/test.list data/cifar10/labels.txt data/detection.part \
		4000 1000 1 data/detection && mv data/detection.part data/detection && echo "data/detection: 4000 scenes to train with, 1000 to test"

$(DETECTION_TOOL): data/detection.c | deps
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CIFAR_CFLAGS) $(OWN_WARNINGS) -o $@ $< -lpng
