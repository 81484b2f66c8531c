# test-runner: tests/run.sh itself.

TESTS += test-runner

.PHONY: test-runner
test-runner:
	@tests/runner/test_runner.sh
