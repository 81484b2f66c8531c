# Targets that behave as well and as badly as those of make test may.
.PHONY: passing cmocka skipping failing silent dying status killed meets-a meets-b talks-a talks-b again shared temporary hung-up

passing:
	@echo "PASS one"; echo "PASS two"
cmocka:
	@echo "[  PASSED  ] 3 test(s)."; echo "[  FAILED  ] 2 test(s), listed below:"; exit 2
skipping:
	@echo "SKIPPED three: no reason"
failing:
	@echo "PASS four"; echo "FAIL five: why"; exit 1
silent:
	@true
dying:
	@kill -SEGV $$$$
status:
	@echo "PASS six"; exit 3
# Ends its make and the runner's own process for this target.
killed:
	@echo "PASS seven"; limit=$$(ps -o ppid= -p $$PPID); kill -KILL $$(ps -o ppid= -p $$limit) $$limit $$PPID

# Each waits for the other: alone, neither comes to its end.
meets-a meets-b:
	@touch $(MEETING)/$@; for i in $$(seq 100); do \
		if [ -e $(MEETING)/meets-a ] && [ -e $(MEETING)/meets-b ]; then echo "PASS $@"; exit 0; fi; sleep .1; done; exit 1
talks-a talks-b:
	@for i in 1 2 3 4 5; do echo "$@ $$i"; sleep .1; done; echo "PASS $@"

temporary:
	@program=$$(mktemp) && printf '#!/bin/sh\necho "PASS temporary"\n' > $$program && chmod +x $$program && $$program; status=$$?; rm $$program; exit $$status

# Its own make must build what the runner's was told to leave alone.
shared:
	@echo "PASS shared"
again:
	@$(MAKE) --no-print-directory -f tests/runner/targets.makefile shared

# nohup lets its programs ignore SIGHUP.
hung-up:
	@bash -c 'kill -HUP $$$$'; [ $$? = 129 ] && echo "PASS hung-up"
