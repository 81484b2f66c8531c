# test-deploy: networks that `lgg deploy` and `lgg export` wrote, read by stock Darknet, by OpenCV's DNN module and by ONNX Runtime, where
# these are installed.

TESTS += test-deploy
DEPLOY_TEST := $(BUILD)/tests/deploy
DEPLOY_CFLAGS = $(filter-out -include tests/second_host/as_first_host.h, $(HOST_TEST_CFLAGS)) $(if $(filter alexeyab,$(HOST)),-DSECOND_HOST)
DEPLOY_OPENCV_FLAGS := $(shell pkg-config --cflags opencv4 2> /dev/null || echo -I/usr/include/opencv4)

# The test alone wants it: the version whose package holds all it needs, for x64 and arm64.
ORT_PACKAGE := onnxruntime-node@1.14.0

.PHONY: test-deploy onnxruntime
test-deploy: host-test-libs stock-tree darknet onnxruntime
	@mkdir -p $(DEPLOY_TEST)
	@for program in make_images compare; do $(CC) -O2 $(OWN_WARNINGS) tests/deploy/$$program.c -o $(DEPLOY_TEST)/$$program -lm || exit 1; done
	@$(call host_program,$(DEPLOY_TEST)/make_weights,-std=gnu11 tests/deploy/make_weights.c)
	@$(CC) -O1 $(OWN_WARNINGS) $(DEPLOY_CFLAGS) tests/deploy/read_darknet.c -o $(DEPLOY_TEST)/read_ours $(HOST_TEST_LIBS)
	@$(CC) -O1 $(OWN_WARNINGS) $(subst $(HOST_TREE),$(STOCK_TREE),$(DEPLOY_CFLAGS)) tests/deploy/read_darknet.c -o $(DEPLOY_TEST)/read_stock $(STOCK_LIBS)
	@rm -f $(DEPLOY_TEST)/read_opencv; \
	if $(CXX) -E $(DEPLOY_OPENCV_FLAGS) -include opencv2/dnn.hpp -x c++ /dev/null > /dev/null 2>&1; then \
		$(CXX) -O1 -Wall -Wextra -isystem $(patsubst -I%,%,$(DEPLOY_OPENCV_FLAGS)) tests/deploy/read_opencv.cpp -o $(DEPLOY_TEST)/read_opencv -lopencv_dnn -lopencv_core; fi
	@tests/deploy/test_deploy.sh ./darknet $(HOST) $(DEPLOY_TEST) $(BUILD)/tests/onnxruntime/node_modules

# Through the machine's own npm, where there is one.
onnxruntime: $(BUILD)/tests/onnxruntime/$(ORT_PACKAGE)
$(BUILD)/tests/onnxruntime/$(ORT_PACKAGE):
	@mkdir -p $(@D)
	@if command -v npm > /dev/null && command -v node > /dev/null; then \
		(cd $(@D) && timeout 120 npm install --prefix . --fetch-retries=0 --ignore-scripts --no-audit --no-fund --silent $(ORT_PACKAGE) > log 2>&1) && touch $@ || true; fi
