# test-gradient: the gradients of whole networks, through the real host, against finite differences.

TESTS += test-gradient
GRADIENT_TEST := $(BUILD)/tests/gradient

# With the fast functions, and with those of the host that they replace: both ways must be right.
GRADIENT_PROGRAMS := gradient gradient_stock
GRADIENT_SOURCES = -Itests/layers tests/gradient/*.c tests/layers/host_sections.c

.PHONY: test-gradient
test-gradient: host-stock
	@mkdir -p $(GRADIENT_TEST)
	@$(call host_program,$(GRADIENT_TEST)/gradient,$(GRADIENT_SOURCES))
	@$(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) -fopenmp $(GRADIENT_SOURCES) -o $(GRADIENT_TEST)/gradient_stock $(STOCK_TEST_LIBS)
	@for program in $(GRADIENT_PROGRAMS); do \
		$(call run_on_one_thread,$(GRADIENT_TEST)/$$program $(GRADIENT_TEST),$(GRADIENT_TEST)/log); done

# A development check, too slow for make test: without any one of the host's corrections a test must fail. Without FAST and DNNL, whose
# functions are right whatever the host does.
.PHONY: test-mutants
test-mutants: pristine
	@tests/gradient/mutants.sh $(HOST_PRISTINE) $(HOST) $(BUILD)/mutants $(filter-out FAST=% DNNL=%, $(HOST_SWITCHES)) FAST=0 DNNL=0
