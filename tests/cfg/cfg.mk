# test-cfg: the networks of cfg/ against the paper's.

TESTS += test-cfg
CFG_TEST := $(BUILD)/tests/cfg

.PHONY: test-cfg
test-cfg: host-test-libs
	@mkdir -p $(CFG_TEST)
	@$(call host_program,$(CFG_TEST)/test_cfg,tests/cfg/test_cfg.c)
	@$(CFG_TEST)/test_cfg $(CFG_TEST) 2>$(CFG_TEST)/log || { tail -5 $(CFG_TEST)/log; exit 1; }
