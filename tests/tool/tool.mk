# test-tool: the commands of ./darknet lgg, on networks with known answers and, where it is, on a real one.

TESTS += test-tool
TOOL_TEST := $(BUILD)/tests/tool

.PHONY: test-tool
test-tool: host-test-libs darknet
	@mkdir -p $(TOOL_TEST)
	@$(call host_program,$(TOOL_TEST)/test_tool,-std=gnu11 tests/tool/test_tool.c)
	@$(call host_program,$(TOOL_TEST)/test_retrieval,-std=gnu11 tests/tool/test_retrieval.c)
	@$(call host_program,$(TOOL_TEST)/test_map,-std=gnu11 tests/tool/test_map.c)
	@$(CC) -O1 $(OWN_WARNINGS) -shared -fPIC -o $(TOOL_TEST)/fail_memory.so tests/tool/fail_memory.c
	@$(CC) -O1 $(OWN_WARNINGS) -shared -fPIC -o $(TOOL_TEST)/fail_sync.so tests/tool/fail_sync.c
	@status=0; OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(TOOL_TEST)/test_tool $(TOOL_TEST) 2>$(TOOL_TEST)/log || { status=1; tail -3 $(TOOL_TEST)/log; }; \
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(TOOL_TEST)/test_retrieval || status=1; \
	rm -rf $(TOOL_TEST)/map && mkdir $(TOOL_TEST)/map && $(TOOL_TEST)/test_map $(TOOL_TEST)/map || status=1; \
	HOST=$(HOST) tests/tool/test_commands.sh ./darknet $(TOOL_TEST) || status=1; \
	HOST=$(HOST) tests/tool/test_details.sh ./darknet $(TOOL_TEST) || status=1; \
	tests/tool/test_embed.sh ./darknet $(TOOL_TEST) || status=1; \
	tests/tool/test_overwrite.sh ./darknet $(TOOL_TEST) || status=1; \
	tests/tool/test_map.sh ./darknet $(TOOL_TEST)/map || status=1; \
	tests/tool/test_hostile.sh ./darknet $(TOOL_TEST) || status=1; \
	tests/tool/test_memory.sh ./darknet $(TOOL_TEST) $(TOOL_TEST)/fail_memory.so src $(BUILD)/darknet-$(HOST)/obj || status=1; \
	tests/tool/test_teacher.sh ./darknet $(TOOL_TEST) || status=1; exit $$status
