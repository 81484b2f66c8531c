# make test-opencv: Darknet built with OPENCV=1 against Debian's OpenCV 4, where that is installed.

TESTS += test-opencv
OPENCV_BUILD := $(BUILD)/opencv
OPENCV_TREE := $(OPENCV_BUILD)/darknet-$(HOST)

.PHONY: test-opencv
test-opencv: $(BUILD)/tests/robust/make_images
	@mkdir -p $(OPENCV_BUILD); if ! pkg-config --exists opencv4; then echo "SKIPPED opencv: libopencv-dev is not installed"; exit 0; fi; \
	$(MAKE) --no-print-directory -s host OPENCV=1 BUILD=$(OPENCV_BUILD) > $(BUILD)/opencv/log 2>&1 || \
	    { tail -5 $(BUILD)/opencv/log; echo "FAIL opencv_4_builds: see $(BUILD)/opencv/log"; exit 1; }; \
	echo "PASS opencv_4_builds"; \
	tests/opencv/test_opencv.sh $(OPENCV_TREE) ./darknet $< $(BUILD)/tests/opencv
