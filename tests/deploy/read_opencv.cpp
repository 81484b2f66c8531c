/* read_opencv.cpp: what OpenCV's DNN module gives for images: all outputs of the network.
 *
 * usage: read_opencv NET.cfg NET.weights IMAGES C H W BATCH OUT        read_opencv NET.onnx - IMAGES C H W BATCH OUT */
#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include <opencv2/dnn.hpp>

#include "tensors.h"

static int run(char **argv) {
    const std::string model = argv[1];
    cv::dnn::Net net = model.find(".onnx") != std::string::npos ? cv::dnn::readNetFromONNX(model)
                                                                : cv::dnn::readNetFromDarknet(model, argv[2]);
    net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    // its order is another: yolo_12 before yolo_5
    std::vector<std::string> names = net.getUnconnectedOutLayersNames();
    std::sort(names.begin(), names.end(), [](const std::string &a, const std::string &b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    const tensors images = tensors_read(argv[3]);
    const int c = atoi(argv[4]), h = atoi(argv[5]), w = atoi(argv[6]), batch = atoi(argv[7]);
    std::vector<float> values;
    int size = 0;
    for (int first = 0; first < images.count; first += batch) {
        const int count = std::min(batch, images.count - first);
        const int dimensions[] = {count, c, h, w};
        net.setInput(
            cv::Mat(4, dimensions, CV_32F, images.x + static_cast<size_t>(first) * static_cast<size_t>(images.size)));
        std::vector<cv::Mat> outputs;
        net.forward(outputs, names);
        for (int i = 0; i < count; ++i) {
            for (const cv::Mat &output : outputs) {
                const size_t one = output.total() / static_cast<size_t>(count);
                const float *x = output.ptr<float>() + static_cast<size_t>(i) * one;
                values.insert(values.end(), x, x + one);
            }
        }
    }
    size = static_cast<int>(values.size() / static_cast<size_t>(images.count));
    tensors_write(argv[8], tensors{images.count, size, values.data()});
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 9) return 2;
    try {
        return run(argv);
    } catch (const std::exception &error) {
        fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
