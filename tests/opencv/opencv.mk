# make test-opencv: Darknet built with OPENCV=1 against Debian's OpenCV 4, where that is installed.

TESTS += test-opencv
OPENCV_BUILD := $(BUILD)/opencv
OPENCV_DARKNET = $(OPENCV_BUILD)/darknet-$(HOST)/darknet

.PHONY: test-opencv opencv-programs
test-opencv: darknet $(BUILD)/tests/robust/make_images
	@mkdir -p $(OPENCV_BUILD); if ! pkg-config --exists opencv4; then echo "SKIPPED opencv: libopencv-dev is not installed"; exit 0; fi; \
	$(MAKE) --no-print-directory -s opencv-programs OPENCV=1 BUILD=$(OPENCV_BUILD) > $(OPENCV_BUILD)/log 2>&1 || \
	    { tail -5 $(OPENCV_BUILD)/log; echo "FAIL opencv_4_builds: see $(OPENCV_BUILD)/log"; exit 1; }; \
	echo "PASS opencv_4_builds"; \
	status=0; set -o pipefail; \
	tests/opencv/test_opencv.sh $(HOST) ./darknet $(OPENCV_DARKNET) $(OPENCV_BUILD)/test_opencv $(BUILD)/tests/robust/make_images $(BUILD)/tests/opencv || status=1; \
	tests/recipe/test_detector.sh $(OPENCV_DARKNET) $(HOST) $(BUILD)/tests/opencv/detector | sed 's/^[A-Z]* /&with OpenCV: /' || status=1; exit $$status

opencv-programs: host-test-libs
	@$(call host_program,$(BUILD)/test_opencv,-DOPENCV -std=gnu11 tests/opencv/test_opencv.c)
