# test-gradient: the gradients of whole networks, through the real host, against finite differences.

TESTS += test-gradient
GRADIENT_TEST := $(BUILD)/tests/gradient

# What chooses the functions that FAST and DNNL bring, compiled without them, takes the place of the library's: both ways must be right.
GRADIENT_STOCK := layer_fast
GRADIENT_BUILD = $(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) -Itests/layers tests/gradient/*.c tests/layers/host_sections.c

.PHONY: test-gradient
test-gradient: host-test-libs
	@mkdir -p $(GRADIENT_TEST)
	@$(GRADIENT_BUILD) -o $(GRADIENT_TEST)/gradient $(HOST_TEST_LIBS)
ifeq ($(HOST),pjreddie)
	@for file in $(GRADIENT_STOCK); do \
		$(CC) -w -Ofast $(HOST_TEST_CFLAGS) -c $(HOST_TREE)/lgg/darknet/$$file.c -o $(GRADIENT_TEST)/$$file.o || exit 1; done
	@$(GRADIENT_BUILD) $(GRADIENT_STOCK:%=$(GRADIENT_TEST)/%.o) -o $(GRADIENT_TEST)/gradient_stock $(HOST_TEST_LIBS)
endif
	@for program in gradient $(if $(filter pjreddie, $(HOST)), gradient_stock); do \
		OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(GRADIENT_TEST)/$$program $(GRADIENT_TEST) 2> $(GRADIENT_TEST)/log \
			|| { tail -5 $(GRADIENT_TEST)/log; exit 1; }; done

# A development check, too slow for make test: without any one of the host's corrections a test must fail. Without FAST and DNNL, whose
# functions are right whatever the host does.
.PHONY: test-mutants
test-mutants: pristine
	@tests/gradient/mutants.sh $(HOST_PRISTINE) $(HOST) $(BUILD)/mutants $(filter-out FAST=% DNNL=%, $(HOST_SWITCHES)) FAST=0 DNNL=0
