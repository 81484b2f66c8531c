/* tool_attack_geometry.c: balls of noise around an image. */
#include <math.h>
#include <stdlib.h>

#include "tool_attack.h"

double attack_length(const float *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

double attack_distance(const attack_ball *ball, const float *x, const float *point) {
    double sum = 0, greatest = 0;
    for (int i = 0; i < ball->inputs; ++i) {
        double noise = (double)point[i] - x[i];
        sum += noise * noise;
        greatest = fmax(greatest, fabs(noise));
    }
    return ball->infinite ? greatest : sqrt(sum);
}

static float clamp(double v) {
    return v < 0 ? 0 : v > 1 ? 1 : (float)v;
}

void attack_clamp(const attack_ball *ball, float *point) {
    for (int i = 0; i < ball->inputs; ++i)
        point[i] = clamp((double)point[i]);
}

void attack_ascend(const attack_ball *ball, float *point, const float *gradient, double amount) {
    double norm = ball->infinite ? 1 : attack_length(gradient, ball->inputs);
    for (int i = 0; i < ball->inputs; ++i) {
        double direction = ball->infinite ? (gradient[i] > 0) - (gradient[i] < 0) : norm > 0 ? gradient[i] / norm : 0;
        point[i] = (float)(point[i] + amount * direction);
    }
}

void attack_project(const attack_ball *ball, const float *x, float *point, double epsilon) {
    double scale = 1;
    if (!ball->infinite) {
        double distance = attack_distance(ball, x, point);
        if (distance > epsilon) scale = epsilon / distance;
    }
    for (int i = 0; i < ball->inputs; ++i) {
        double noise = scale * ((double)point[i] - x[i]);
        if (ball->infinite) noise = fmin(fmax(noise, -epsilon), epsilon);
        point[i] = clamp(x[i] + noise);
    }
}

/* x + length * a random direction. */
static void move_at_random(const attack_ball *ball, const float *x, float *point, double length, tool_random *random) {
    double sum = 0;
    for (int i = 0; i < ball->inputs; ++i) {
        point[i] = (float)tool_random_normal(random);
        sum += (double)point[i] * point[i];
    }
    for (int i = 0; i < ball->inputs; ++i)
        point[i] = (float)(x[i] + length * point[i] / sqrt(sum));
}

void attack_random_start(const attack_ball *ball, const float *x, float *point, double epsilon, tool_random *random) {
    if (ball->infinite) {
        for (int i = 0; i < ball->inputs; ++i)
            point[i] = (float)(x[i] + epsilon * (2 * tool_random_uniform(random) - 1));
    } else {
        double share = pow(tool_random_uniform(random), 1. / ball->inputs);
        move_at_random(ball, x, point, epsilon * share, random);
    }
    attack_clamp(ball, point);
}

void attack_random_direction(const attack_ball *ball, const float *x, float *point, double epsilon,
                             tool_random *random) {
    for (int i = 0; i < ball->inputs && ball->infinite; ++i)
        point[i] = (float)(x[i] + (tool_random_uniform(random) < .5 ? -epsilon : epsilon));
    if (!ball->infinite) move_at_random(ball, x, point, epsilon, random);
}
