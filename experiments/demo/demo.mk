# make demo: trains small networks with the layers on CIFAR-10 and prints what they do. demo.sh says more.
# DEMO_BATCHES=n: n iterations a run instead of those in cfg/demo-*.cfg. DEMO_OUT=dir: results elsewhere than in demo/.

.PHONY: demo
demo: deps darknet data
	@DEMO_BATCHES='$(DEMO_BATCHES)' DEMO_OUT='$(DEMO_OUT)' experiments/demo/demo.sh
