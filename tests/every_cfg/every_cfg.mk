# test-every-cfg: every .cfg of the host's own cfg/ folder, read and saved as stock Darknet does it, and a small network for every type
# of layer that the host has, stopped and resumed.

TESTS += test-every-cfg
EVERY_CFG := $(BUILD)/tests/every_cfg

# Stock Darknet, which is only asked to read and write networks: built quickly, without what makes it fast.
STOCK_TREE := $(BUILD)/stock/$(HOST)
STOCK_SWITCHES := GPU=0 CUDNN=0 OPENCV=0 OPENMP=0 OPTS=-O1
EVERY_CFG_CFLAGS = $(filter-out -include tests/second_host/as_first_host.h, $(HOST_TEST_CFLAGS))
ifeq ($(HOST),alexeyab)
STOCK_TARGET := obj/ darknet
STOCK_LIBS = $$(ls $(STOCK_TREE)/obj/*.o | grep -v /darknet.o) -lm -lpthread -lstdc++
# save_network.c has random numbers of its own, which come first
EVERY_CFG_CFLAGS += -DSECOND_HOST -Wl,-z,muldefs
else
STOCK_TARGET := obj libdarknet.so
STOCK_LIBS = -L$(STOCK_TREE) -ldarknet -lm -Wl,-rpath,$(abspath $(STOCK_TREE))
endif

.PHONY: test-every-cfg
test-every-cfg: host-test-libs
	@mkdir -p $(EVERY_CFG) $(dir $(STOCK_TREE))
	@cmp -s $(HOST_PRISTINE).id $(STOCK_TREE).id || { rm -rf $(STOCK_TREE) && cp -RH $(HOST_PRISTINE) $(STOCK_TREE); }
	@$(MAKE) --no-print-directory -s -C $(STOCK_TREE) -j2 $(STOCK_TARGET) $(STOCK_SWITCHES) > $(STOCK_TREE).log 2>&1
	@cp $(HOST_PRISTINE).id $(STOCK_TREE).id
	@$(CC) -O1 $(OWN_WARNINGS) $(subst $(HOST_TREE),$(STOCK_TREE),$(EVERY_CFG_CFLAGS)) -o $(EVERY_CFG)/save_stock \
		tests/every_cfg/save_network.c $(STOCK_LIBS)
	@$(CC) -O1 $(OWN_WARNINGS) $(EVERY_CFG_CFLAGS) -o $(EVERY_CFG)/save_ours tests/every_cfg/save_network.c $(HOST_TEST_LIBS)
	@$(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) -o $(EVERY_CFG)/every_layer tests/every_cfg/every_layer.c $(HOST_TEST_LIBS)
	@tests/every_cfg/every_cfg.sh $(STOCK_TREE) $(EVERY_CFG)
