# test-layers: the sections as layers of the real host, what they say of bad input, and the published teacher's accuracy.

TESTS += test-layers
LAYERS_TEST := $(BUILD)/tests/layers

.PHONY: test-layers test-teacher
test-layers: host-test-libs
	@mkdir -p $(LAYERS_TEST)
	@$(call host_program,$(LAYERS_TEST)/layers,tests/layers/*.c)
	@$(call run_on_one_thread,$(LAYERS_TEST)/layers $(LAYERS_TEST),$(LAYERS_TEST)/log)
	@HOST=$(HOST) tests/layers/test_commands.sh $(HOST_TREE)/darknet $(LAYERS_TEST)/commands

TESTS += test-teacher
test-teacher: darknet
	@tests/layers/test_teacher.sh
