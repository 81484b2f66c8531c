# test-cfg: the networks of cfg/ against the paper's.

TESTS += test-cfg
CFG_TEST := $(BUILD)/tests/cfg

.PHONY: test-cfg
test-cfg: darknet
	@mkdir -p $(CFG_TEST)
	@$(CC) -O1 $(OWN_WARNINGS) -isystem $(HOST_TREE)/include -o $(CFG_TEST)/test_cfg tests/cfg/test_cfg.c \
		-L$(HOST_TREE) -ldarknet -lm -Wl,-rpath,$(abspath $(HOST_TREE))
	@$(CFG_TEST)/test_cfg $(CFG_TEST) 2>$(CFG_TEST)/log || { tail -5 $(CFG_TEST)/log; exit 1; }
