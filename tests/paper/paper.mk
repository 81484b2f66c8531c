# test-paper: the runner of the paper's tables and its statistics, with trainings of seconds.

TESTS += test-paper

.PHONY: test-paper
test-paper: darknet $(PAPER)/paper_table
	@tests/paper/test_paper.sh $(PAPER)/paper_table
