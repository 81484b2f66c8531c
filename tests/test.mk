# make test: everything the project tests, one area after another. A fragment that brings tests adds its target to TESTS. The areas
# test the CPU build; with GPU=1 there is one more, which makes a GPU build of its own.

.PHONY: test
test: deps data
	@$(MAKE) --no-print-directory darknet GPU=0 CUDNN=0
	@BUILD=$(BUILD) MAKE="$(MAKE) GPU=0 CUDNN=0" tests/run.sh $(sort $(TESTS))
