# make test: everything the project tests, one area after another. A fragment that brings tests adds its target to TESTS.

.PHONY: test
test: deps darknet data
	@BUILD=$(BUILD) MAKE=$(MAKE) tests/run.sh $(sort $(TESTS))
