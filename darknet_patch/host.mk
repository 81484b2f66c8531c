# The host: fetching Darknet, patching it, building ./darknet, and patching trees of the user's own.
#
#   make darknet [DARKNET=dir] [switches]   ./darknet, built in build/darknet-<host>
#   make install DARKNET=dir                patches the Darknet tree in dir
#   make uninstall DARKNET=dir              puts it back byte for byte
#   make deps                               installs the Debian packages that are missing (root), or names them

# A text for the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
# For a program that is linked with the library in a folder here.
rpath = -Wl,-rpath,$(call quoted,$(abspath $(1)))

# pjreddie or alexeyab; a tree named by DARKNET speaks for itself. Its name may hold a $, which is not make's.
HOST := pjreddie
override DARKNET := $(value DARKNET)
ifneq ($(DARKNET),)
HOST_FOUND := $(shell bash -c '. darknet_patch/common.sh; host_of "$$1"' - $(call quoted,$(DARKNET)))
ifneq ($(HOST_FOUND),)
HOST := $(HOST_FOUND)
endif
endif

# Darknet's switches. ARCH, CC, NVCC and the like reach its Makefile when given on make's command line.
GPU := 0
CUDNN := 0
OPENCV := 0
OPENMP := 1
BLAS := 1
DEBUG := 0
HOST_SWITCHES := GPU=$(GPU) CUDNN=$(CUDNN) OPENCV=$(OPENCV) OPENMP=$(OPENMP) BLAS=$(BLAS) DEBUG=$(DEBUG)
HOST_SWITCHES += $(if $(DNNL),DNNL=$(DNNL)) $(if $(FAST),FAST=$(FAST))

HOST_PRISTINE := build/pristine/$(HOST)
HOST_TREE := $(BUILD)/darknet-$(HOST)

.PHONY: deps pristine host darknet install uninstall
deps:
	@darknet_patch/deps.sh $(HOST_SWITCHES)

pristine:
	@darknet_patch/alone.sh $(HOST_PRISTINE).lock darknet_patch/fetch.sh $(HOST) $(HOST_PRISTINE) $(if $(DARKNET),$(call quoted,$(DARKNET)))

# The build tree alone, with Darknet's program and libraries in it: $(HOST_TREE)/darknet, libdarknet.a, libdarknet.so.
host: pristine
	@darknet_patch/alone.sh $(HOST_TREE).lock $(MAKE) --no-print-directory -s staged-and-built

.PHONY: staged-and-built
staged-and-built:
	@darknet_patch/stage.sh $(HOST) $(HOST_PRISTINE) $(HOST_TREE) $(HOST_SWITCHES)
	@$(MAKE) --no-print-directory -s -C $(HOST_TREE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc)) $(HOST_SWITCHES)

darknet: host
	@cmp -s $(HOST_TREE)/darknet darknet || { cp $(HOST_TREE)/darknet darknet.new && mv darknet.new darknet; }

install uninstall:
	@darknet_patch/install.sh $@ $(call quoted,$(DARKNET))
