# make readme: puts the figures that the benchmark, the demo and the tables wrote into README. test-docs: they are there, no link
# leads nowhere, and no room of src/ uses one above it.

.PHONY: readme test-docs
readme:
	@tests/docs/readme.sh write

test-docs:
	@status=0; tests/docs/readme.sh check || status=1; tests/docs/rooms.sh || status=1; exit $$status
TESTS += test-docs
