# test-paper: the runner of the paper's tables and its statistics, with trainings of seconds, on either host.

TESTS += test-paper

.PHONY: test-paper
test-paper: darknet $(PAPER)/paper_table
	@HOST=$(HOST) tests/paper/test_paper.sh $(PAPER)/paper_table

# The same with detectors.
TESTS += test-detectors
TEST_PRODUCTS += $(PAPER)/paper_table

.PHONY: test-detectors
test-detectors: darknet detection-data
	@$(MAKE) --no-print-directory -s $(PAPER)/paper_table
	@HOST=$(HOST) tests/paper/test_detectors.sh $(PAPER)/paper_table

# The same, on the first host, under Slurm and through GNU parallel over ssh, where Debian's packages slurm-wlm, parallel and openssh-server are installed.
TESTS += test-schedulers

.PHONY: test-schedulers
test-schedulers: darknet $(PAPER)/paper_table
	@tests/paper/test_schedulers.sh $(PAPER)/paper_table
