# make table1, table2, table3: the paper's tables; paper.sh runs them, the table files say what they are.
#
#   SCALE=small   (default) what two cores do in one to two hours; SCALE=medium: in many; SCALE=full: as the authors trained, for a GPU
#   SEEDS=n  METHODS="baseline gkd" (these alone)  JOBS=n (runs at once)  BUDGET=minutes (then stop; the next call goes on)
#   RUNNER="srun -n1" (before each run's command)
#   SLURM="-p gpu --gres=gpu:1" (an array of jobs, by sbatch)  PARALLEL="-S host1,host2" (GNU parallel over ssh)
#
#   make table-detection  a detector with and without [lgg_gkd], over images, pixels and boxes
#   make search        label variation's open choices, on training images only; make search-late: its later options, at equal slopes
#   make geometry      what label variation can tell: sigma of known embeddings, and of those that search-late trained
#   make keep-results  puts finished tables into RESULTS.md and results/ here, and what the demo and the benchmark measured beside
#                      their scripts, from where README takes its tables

SCALE ?= small
PAPER := $(BUILD)/paper
PAPER_CFLAGS = -O2 -std=c11 $(OWN_WARNINGS) $(ROOM_FLAGS)
ifeq ($(HOST),alexeyab)
PAPER_LIBS = $(HOST_OBJECTS) $(HOST_LDFLAGS) -lstdc++ -lgsl -lm
else
PAPER_LIBS = -L$(HOST_TREE) -ldarknet $(call rpath,$(HOST_TREE)) -lgsl -lopenblas -lm
endif

$(PAPER)/paper_table: experiments/paper/paper_table.c src/tool/tool.h src/figures/tool_drawing.h
	@mkdir -p $(@D)
	@$(CC) $(PAPER_CFLAGS) $< -o $@ $(PAPER_LIBS)

PAPER_TABLES := $(patsubst experiments/paper/%.txt,%,$(wildcard experiments/paper/table*.txt experiments/paper/search*.txt))

.PHONY: table1 table2 table3 table-detection search $(PAPER_TABLES)
ifneq ($(filter-out small medium full,$(SCALE)),)
table1 table2 table3:
	@echo "SCALE=$(SCALE): small, medium or full would be right" >&2; exit 1
else
table1 table2 table3: %: %-$(SCALE)
endif
table-detection: table-detection-small
search: search-label_variation
$(filter %-detection-small, $(PAPER_TABLES)): detection-data
$(PAPER_TABLES) geometry: paper-ready
.PHONY: paper-ready
paper-ready: deps
	+@$(MAKE) --no-print-directory darknet data
$(PAPER_TABLES):
	+@$(MAKE) --no-print-directory $(PAPER)/paper_table
	@$(foreach option,SEEDS METHODS JOBS BUDGET RUNNER SLURM PARALLEL KEPT,$(option)=$(call quoted,$(value $(option)))) GPU='$(GPU)' HOST='$(HOST)' \
		experiments/paper/paper.sh experiments/paper/$@.txt $(PAPER)/paper_table

# make geometry: what label variation can tell of embeddings that are known, and of those that make search-late trained.
PAPER_EMBEDDINGS = src/judging/tool_embedding.h src/tool/tool_npy.h
$(PAPER)/geometry: experiments/paper/geometry.c src/tool/tool.h $(PAPER_EMBEDDINGS) src/lgg/lgg.h
	@mkdir -p $(@D)
	@$(CC) $(PAPER_CFLAGS) $< -o $@ $(PAPER_LIBS)

.PHONY: geometry
geometry:
	+@$(MAKE) --no-print-directory $(PAPER)/geometry
	@experiments/paper/geometry.sh $(PAPER)/geometry

.PHONY: keep-results
keep-results:
	@[ ! -e results/geometry.md ] || { cp results/geometry.md experiments/paper/GEOMETRY.md; cp results/geometry.csv experiments/paper/results/; }
	@experiments/paper/keep.sh results experiments/paper
	@[ ! -e demo/results.md ] || cp demo/results.md experiments/demo/RESULTS.md
	@[ ! -e $(BUILD)/bench/RESULTS.md ] || cp $(BUILD)/bench/RESULTS.md tests/bench/RESULTS.md
	@[ ! -e $(BUILD)/bench/losses.svg ] || cp $(BUILD)/bench/losses.svg tests/bench/pictures/losses.svg
	@tests/docs/readme.sh write
