# test-second-host: AlexeyAB/darknet, where its source is at hand (make test HOST=alexeyab DARKNET=dir): a clean copy of the tree is
# installed into, built, trained with every section beside the first host, and put back to the byte.

TESTS += test-second-host
.PHONY: test-second-host
test-second-host:
ifeq ($(HOST),alexeyab)
	@$(MAKE) --no-print-directory -s host HOST=pjreddie DARKNET=
	@BUILD=$(BUILD) MAKE=$(MAKE) tests/second_host/test_second_host.sh $(HOST_PRISTINE) $(BUILD)/darknet-pjreddie/darknet
else
	@echo "SKIPPED second host: its source is not at hand; make test HOST=alexeyab DARKNET=its-tree"
endif
