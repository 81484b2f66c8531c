# make test-fuzz: a few seconds of each fuzzer, from the corpus kept in tests/fuzz/corpus.
# make fuzz [FUZZ_SECONDS=3600] [FUZZERS="cfg weights"]: longer; what is new goes to build/fuzz/corpus, findings to build/fuzz/findings.
#
# make keep-fuzz-corpus: what build/fuzz/corpus holds that reaches code of its own, into tests/fuzz/corpus.tar.gz.
#
# The host's own code is compiled for it too, with clang's address sanitizer; ours with the undefined behaviour sanitizer as well. More
# optimization than -O1, or more to debug than lines, would take longer to compile than it gains.

# Without the one of images: below our reader it runs into the host's own stb_image, whose old version still ends in assertions of its own.
TESTS += test-fuzz
FUZZERS := cfg weights golden cifar npy image
FUZZ_SECONDS := 3
FUZZ := $(BUILD)/fuzz
FUZZ_TREE := $(FUZZ)/darknet-$(HOST)
FUZZ_CC := clang -gline-tables-only -fsanitize=fuzzer-no-link,address -fno-omit-frame-pointer
FUZZ_SWITCHES := CC='$(FUZZ_CC)' OPTS=-O1 OPENMP=0 BLAS=0 DNNL=0 GPU=0 OPENCV=0
FUZZ_WRAP := -Wl,--wrap=exit,--wrap=error,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=fopen,--wrap=fclose
FUZZ_LINK := clang -gline-tables-only -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(ROOM_FLAGS) -Itests/golden \
	-isystem $(FUZZ_TREE)/include -isystem $(FUZZ_TREE)/src -DLGG_HOST_HEADER='"host_$(HOST).h"'

.PHONY: test-fuzz fuzz fuzzers
test-fuzz:
	@if clang -fsanitize=fuzzer -x c - -o /dev/null <<< 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' 2> /dev/null; \
	then $(MAKE) --no-print-directory -s fuzz FUZZERS='$(filter-out image, $(FUZZERS))'; \
	else echo "SKIPPED fuzz: clang with its fuzzer (clang, libclang-rt-14-dev) is not installed"; fi

fuzz: fuzzers
	@tests/fuzz/run_fuzzers.sh $(abspath $(FUZZ)) $(FUZZ_SECONDS) $(FUZZERS)

.PHONY: keep-fuzz-corpus
keep-fuzz-corpus: fuzzers
	@tests/fuzz/keep_corpus.sh $(abspath $(FUZZ)) $(filter-out cifar npy image,$(FUZZERS))

fuzzers: pristine
	@mkdir -p $(FUZZ)
	@darknet_patch/stage.sh $(HOST) $(HOST_PRISTINE) $(FUZZ_TREE) $(FUZZ_SWITCHES)
	@$(MAKE) --no-print-directory -s -C $(FUZZ_TREE) libdarknet.a $(FUZZ_SWITCHES) > $(FUZZ)/log 2>&1 || \
	    { tail -5 $(FUZZ)/log; exit 1; }
	@for name in cfg weights; do \
	    $(FUZZ_LINK) $(FUZZ_WRAP) tests/fuzz/fuzz_$$name.c tests/fuzz/fuzz_host.c $(FUZZ_TREE)/libdarknet.a -lm -lpthread \
	        -o $(FUZZ)/fuzz_$$name || exit 1; done
	@$(FUZZ_LINK) $(FUZZ_WRAP) tests/fuzz/fuzz_golden.c tests/fuzz/fuzz_host.c tests/golden/golden_case.c $(wildcard src/lgg/*.c) -lm \
	    -o $(FUZZ)/fuzz_golden
	@$(FUZZ_LINK) $(FUZZ_WRAP) tests/fuzz/fuzz_npy.c tests/fuzz/fuzz_host.c src/tool/tool_npy.c src/tool/tool_common.c \
	    src/common/allocate.c src/common/exit.c src/common/text_file.c -o $(FUZZ)/fuzz_npy
	@$(FUZZ_LINK) $(FUZZ_WRAP) tests/fuzz/fuzz_image.c tests/fuzz/fuzz_host.c src/tool/tool_decode.c src/tool/tool_common.c \
	    $(FUZZ_TREE)/libdarknet.a -lm -lpthread -o $(FUZZ)/fuzz_image
	@$(FUZZ_LINK) tests/fuzz/fuzz_cifar.c data/cifar10.c -lpng -o $(FUZZ)/fuzz_cifar
