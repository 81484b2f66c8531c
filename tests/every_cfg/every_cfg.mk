# test-every-cfg: every .cfg of the host's own cfg/ folder, read and saved as stock Darknet does it, and a small network for every type
# of layer that the host has, stopped and resumed.

TESTS += test-every-cfg
EVERY_CFG := $(BUILD)/tests/every_cfg

EVERY_CFG_CFLAGS = $(filter-out -include tests/second_host/as_first_host.h, $(HOST_TEST_CFLAGS))
ifeq ($(HOST),alexeyab)
# save_network.c has random numbers of its own, which come first
EVERY_CFG_CFLAGS += -DSECOND_HOST -Wl,-z,muldefs
endif

.PHONY: test-every-cfg
test-every-cfg: host-test-libs stock-tree
	@mkdir -p $(EVERY_CFG)
	@$(CC) -O1 $(OWN_WARNINGS) $(subst $(HOST_TREE),$(STOCK_TREE),$(EVERY_CFG_CFLAGS)) -o $(EVERY_CFG)/save_stock \
		tests/every_cfg/save_network.c $(STOCK_LIBS)
	@$(CC) -O1 $(OWN_WARNINGS) $(EVERY_CFG_CFLAGS) -o $(EVERY_CFG)/save_ours tests/every_cfg/save_network.c $(HOST_TEST_LIBS)
	@$(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) -o $(EVERY_CFG)/every_layer tests/every_cfg/every_layer.c $(HOST_TEST_LIBS)
	@tests/every_cfg/every_cfg.sh $(STOCK_TREE) $(EVERY_CFG)
