# test-demo: the flow of `make demo`, with a few iterations.

TESTS += test-demo

.PHONY: test-demo
test-demo: deps darknet data
	@HOST='$(HOST)' tests/demo/test_demo.sh $(BUILD)/tests/demo
