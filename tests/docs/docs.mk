# make readme: puts the figures that the benchmark, the demo and the tables wrote into README. test-docs: they are there, and no link
# leads nowhere.

.PHONY: readme test-docs
readme:
	@tests/docs/readme.sh write

test-docs:
	@tests/docs/readme.sh check
TESTS += test-docs
