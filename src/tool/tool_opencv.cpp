// tool_opencv.cpp: tool_opencv.h; C++ because OpenCV's interface is.
#include "tool_opencv.h"

#ifdef LGG_OPENCV
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

static int border_type(tool_border border) {
    switch (border) {
    case TOOL_BORDER_REPLICATE:
        return cv::BORDER_REPLICATE;
    case TOOL_BORDER_REFLECT:
        return cv::BORDER_REFLECT;
    default:
        return cv::BORDER_REFLECT_101;
    }
}

// The caller's buffer as OpenCV's matrix.
static cv::Mat wrap(float *image, int h, int w, int c) {
    return cv::Mat(h, w, CV_MAKETYPE(CV_32F, c), image);
}

int tool_has_opencv(void) {
    return 1;
}

void tool_opencv_single_thread(void) {
    cv::setNumThreads(1);
}

void tool_gaussian_blur(float *image, int h, int w, int c, double sigma, int radius, tool_border border) {
    cv::Mat m = wrap(image, h, w, c);
    cv::GaussianBlur(m.clone(), m, cv::Size(2 * radius + 1, 2 * radius + 1), sigma, sigma, border_type(border));
}

void tool_filter(float *image, int h, int w, int c, const float *kernel, int k, tool_border border) {
    cv::Mat m = wrap(image, h, w, c);
    cv::filter2D(m.clone(), m, -1, wrap(const_cast<float *>(kernel), k, k, 1), cv::Point(-1, -1), 0,
                 border_type(border));
}

void tool_affine(float *image, int h, int w, int c, const float *from, const float *to, tool_border border) {
    cv::Point2f a[3], b[3];
    for (int i = 0; i < 3; ++i) {
        a[i] = cv::Point2f(from[2 * i], from[2 * i + 1]);
        b[i] = cv::Point2f(to[2 * i], to[2 * i + 1]);
    }
    cv::Mat m = wrap(image, h, w, c);
    cv::warpAffine(m.clone(), m, cv::getAffineTransform(a, b), m.size(), cv::INTER_LINEAR, border_type(border));
}

void tool_remap(float *image, int h, int w, int c, const float *map_x, const float *map_y, tool_border border) {
    cv::Mat m = wrap(image, h, w, c);
    cv::remap(m.clone(), m, wrap(const_cast<float *>(map_x), h, w, 1), wrap(const_cast<float *>(map_y), h, w, 1),
              cv::INTER_LINEAR, border_type(border));
}

void tool_add_value(float *image, int h, int w, double amount) {
    cv::Mat m = wrap(image, h, w, 3), hsv;
    cv::cvtColor(m, hsv, cv::COLOR_RGB2HSV);
    for (int i = 0; i < h * w; ++i) {
        float &value = hsv.ptr<float>()[3 * i + 2];
        value = std::min(std::max(value + static_cast<float>(amount), 0.f), 1.f);
    }
    cv::cvtColor(hsv, m, cv::COLOR_HSV2RGB);
}

void tool_grey(const float *image, int h, int w, float *grey) {
    cv::Mat to = wrap(grey, h, w, 1);
    cv::cvtColor(wrap(const_cast<float *>(image), h, w, 3), to, cv::COLOR_RGB2GRAY);
}

int tool_kmeans(float *x, int n, int d, int clusters, int attempts, int seed, int *cluster) {
    try {
        cv::Mat labels;
        cv::theRNG().state = static_cast<uint64>(seed) + 1;
        cv::kmeans(wrap(x, n, d, 1), clusters, labels,
                   cv::TermCriteria(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 100, 1e-6), attempts,
                   cv::KMEANS_PP_CENTERS);
        for (int i = 0; i < n; ++i)
            cluster[i] = labels.at<int>(i);
    } catch (const std::bad_alloc &) {
        return -1;
    } catch (const cv::Exception &e) {
        return e.code == cv::Error::StsNoMem ? -1 : -2;
    }
    return 0;
}

#else

int tool_has_opencv(void) {
    return 0;
}

void tool_opencv_single_thread(void) {
}
void tool_gaussian_blur(float *, int, int, int, double, int, tool_border) {
}
void tool_filter(float *, int, int, int, const float *, int, tool_border) {
}
void tool_affine(float *, int, int, int, const float *, const float *, tool_border) {
}
void tool_remap(float *, int, int, int, const float *, const float *, tool_border) {
}
void tool_add_value(float *, int, int, double) {
}
void tool_grey(const float *, int, int, float *) {
}
int tool_kmeans(float *, int, int, int, int, int, int *) {
    return -1;
}

#endif
