# make demo: trains small networks with the layers on CIFAR-10 and prints what they do. demo.sh says more.
# DEMO_BATCHES=n: n iterations a run instead of those in cfg/demo-*.cfg. DEMO_OUT=dir: results elsewhere than in demo/.

# Darknet is built while CIFAR-10 comes through the network.
.PHONY: demo
demo: deps
	+@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc)) darknet data
	@HOST='$(HOST)' DEMO_BATCHES=$(call quoted,$(value DEMO_BATCHES)) DEMO_OUT=$(call quoted,$(value DEMO_OUT)) experiments/demo/demo.sh
