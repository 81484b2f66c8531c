// What our functions and the patches of darknet_patch/pjreddie mend, tested one by one in the built host (libdarknet): each of these
// tests fails without what it tests.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "darknet.h"

#include "activation_layer.h"
#include "batchnorm_layer.h"
#include "convolutional_layer.h"
#include "crnn_layer.h"
#include "gemm.h"
#include "layer_functions.h"
#include "network.h"
#include "normalization_layer.h"
#include "parser.h"
#include "recipe.h"
#include "reorg_layer.h"
#include "upsample_layer.h"

static void fill_random(float *x, int n) {
    for (int i = 0; i < n; ++i)
        x[i] = (float)rand() / RAND_MAX * 2 - 1;
}

static float *random_floats(int n) {
    float *x = calloc((size_t)n, sizeof(float));
    fill_random(x, n);
    return x;
}

// Runs what Darknet prints on stderr into nothing; quiet(-1) begins, quiet(what it returned) ends.
static int quiet(int saved) {
    fflush(stderr);
    if (saved < 0) {
        saved = dup(2);
        assert_non_null(freopen("/dev/null", "w", stderr));
        return saved;
    }
    dup2(saved, 2);
    close(saved);
    return -1;
}

// A network from the text of a cfg, in a file of its own in the current folder.
static network *network_from(const char *cfg) {
    char name[] = "host-test-XXXXXX";
    int saved, file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(write(file, cfg, strlen(cfg)), (int)strlen(cfg));
    close(file);
    saved = quiet(-1);
    network *net = parse_network_cfg(name);
    quiet(saved);
    unlink(name);
    return net;
}

// A network struct for calling one layer alone.
static network around(layer l, float *input, float *delta) {
    network net = {0};
    net.input = input;
    net.delta = delta;
    net.train = 1;
    net.bn_momentum = .99f;
    net.workspace = calloc(1, l.workspace_size + 4);
    return net;
}

// A layer as parsing leaves it: with our functions around the host's.
static layer as_parsed(layer l) {
    network net = {0};
    net.n = 1;
    net.layers = &l;
    set_layer_functions(&net);
    return l;
}

// Backward twice, into a delta of zeros and into one that holds something: the second must be the first plus what was there.
static void assert_accumulates(layer l) {
    int in = l.inputs * l.batch, out = l.outputs * l.batch;
    float *input = random_floats(in), *there = random_floats(in), *delta = random_floats(out);
    float *first = calloc((size_t)in, sizeof(float)), *second = calloc((size_t)in, sizeof(float));
    float largest = 0;
    memcpy(second, there, (size_t)in * sizeof(float));

    network net = around(l, input, first);
    l.forward(l, net);
    memcpy(l.delta, delta, (size_t)out * sizeof(float));
    l.backward(l, net);
    net.delta = second;
    l.forward(l, net); // which clears what a recurrent layer gathers inside
    memcpy(l.delta, delta, (size_t)out * sizeof(float));
    l.backward(l, net);
    for (int i = 0; i < in; ++i) {
        assert_float_equal(second[i], first[i] + there[i], 1e-4 + 1e-6 * fabs(first[i]));
        largest = fmaxf(largest, fabsf(first[i]));
    }
    assert_true(largest > 0);
    free(net.workspace);
    free(input);
    free(there);
    free(delta);
    free(first);
    free(second);
    free_layer(l);
}

static layer conv(int batch, int side, int c, int n, int groups, int stride, int padding) {
    int saved = quiet(-1);
    layer l = make_convolutional_layer(batch, side, side, c, n, groups, 1, stride, padding, LINEAR, 0, 0, 0, 0);
    quiet(saved);
    return as_parsed(l);
}

static void test_deltas_accumulate(void **state) {
    (void)state;
    int saved = quiet(-1);
    layer layers[] = {
        make_activation_layer(2, 48, LEAKY),
        make_batchnorm_layer(3, 4, 4, 5),
        make_normalization_layer(2, 4, 4, 6, 3, 1e-2f, .75f, 1),
        make_reorg_layer(2, 4, 6, 8, 2, 0, 0, 0),
        make_reorg_layer(2, 4, 6, 8, 2, 1, 0, 0),
        make_reorg_layer(2, 4, 6, 8, 1, 0, 1, 0),
        make_reorg_layer(2, 4, 6, 8, 1, 1, 1, 0),
        make_reorg_layer(2, 4, 6, 8, 2, 0, 0, 7),
        make_upsample_layer(2, 4, 4, 3, 2),
        make_upsample_layer(2, 4, 4, 3, -2),
    };
    quiet(saved);
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); ++i) {
        if (layers[i].type == UPSAMPLE) layers[i].scale = 1;
        assert_accumulates(as_parsed(layers[i]));
    }
    assert_accumulates(conv(2, 5, 4, 6, 1, 1, 0));
    assert_accumulates(conv(2, 5, 4, 6, 2, 2, 0));
}

// A recurrent layer calls the layers inside it by the host's names: none of our functions is in them, and none has to be.
static void test_recurrent_layers_accumulate_without_us(void **state) {
    (void)state;
    int saved = quiet(-1);
    layer made = make_crnn_layer(2, 5, 4, 3, 4, 6, 1, TANH, 1);
    quiet(saved);
    layer l = as_parsed(made);
    assert_null(l.input_layer->functions);
    assert_ptr_equal(l.backward, made.backward);
    l.workspace_size = 1 << 16;
    assert_accumulates(l);
}

// reorg is a permutation: forward then its own backward gives the input again.
static void test_reorg_moves_every_value_once(void **state) {
    (void)state;
    for (int reverse = 0; reverse < 2; ++reverse) {
        int saved = quiet(-1);
        layer l = as_parsed(make_reorg_layer(2, 4, 6, 8, 2, reverse, 0, 0));
        quiet(saved);
        int n = l.inputs * l.batch;
        float *input = random_floats(n), *back = calloc((size_t)n, sizeof(float));
        network net = around(l, input, back);
        for (int pass = 0; pass < 2; ++pass)
            l.forward(l, net); // what an earlier pass left must not add up
        memcpy(l.delta, l.output, (size_t)n * sizeof(float));
        l.backward(l, net);
        for (int i = 0; i < n; ++i)
            assert_float_equal(back[i], input[i], 0);
        free(net.workspace);
        free(input);
        free(back);
        free_layer(l);
    }
}

// 1x1 convolutions against their definition, forward and backward.
static void check_1x1(int groups, int stride, int padding) {
    const int batch = 2, side = 5, c = 4, n = 6;
    layer l = conv(batch, side, c, n, groups, stride, padding);
    int in = l.inputs * batch, out = l.outputs * batch, per_group = c / groups;
    float *input = random_floats(in), *delta = random_floats(out), *got = calloc((size_t)in, sizeof(float));
    float *input_gradient = calloc((size_t)in, sizeof(float)),
          *weight_gradient = calloc((size_t)l.nweights, sizeof(float));
    network net = around(l, input, got);
    l.forward(l, net);
    for (int b = 0; b < batch; ++b)
        for (int f = 0; f < n; ++f)
            for (int y = 0; y < l.out_h; ++y)
                for (int x = 0; x < l.out_w; ++x) {
                    int o = x + l.out_w * (y + l.out_h * (f + n * b));
                    int row = y * stride - padding, col = x * stride - padding;
                    float sum = 0;
                    if (row >= 0 && row < side && col >= 0 && col < side) {
                        for (int k = 0; k < per_group; ++k) {
                            int i = col + side * (row + side * (f / (n / groups) * per_group + k + c * b));
                            int w = f * per_group + k;
                            sum += l.weights[w] * input[i];
                            input_gradient[i] += l.weights[w] * delta[o];
                            weight_gradient[w] += input[i] * delta[o];
                        }
                    }
                    assert_float_equal(l.output[o], sum, 1e-5);
                }
    memcpy(l.delta, delta, (size_t)out * sizeof(float));
    l.backward(l, net);
    for (int i = 0; i < in; ++i)
        assert_float_equal(got[i], input_gradient[i], 1e-5);
    for (int i = 0; i < l.nweights; ++i)
        assert_float_equal(l.weight_updates[i], weight_gradient[i], 1e-4);
    free(net.workspace);
    free(input);
    free(delta);
    free(got);
    free(input_gradient);
    free(weight_gradient);
    free_layer(l);
}

static void test_1x1_convolutions(void **state) {
    (void)state;
    check_1x1(1, 1, 0);
    check_1x1(1, 2, 0);
    check_1x1(2, 2, 0);
    check_1x1(2, 1, 1);
    check_1x1(1, 3, 2);
}

static void test_first_layers_without_a_delta_train(void **state) {
    (void)state;
    const char *first[] = {"[batchnorm]\n",
                           "[activation]\nactivation=relu\n",
                           "[maxpool]\nsize=2\nstride=2\n",
                           "[avgpool]\n",
                           "[reorg]\nstride=2\n",
                           "[normalization]\n",
                           "[upsample]\nstride=2\n",
                           "[l2norm]\n",
                           "[crop]\ncrop_width=4\ncrop_height=4\n[maxpool]\nsize=2\nstride=2\n[route]\nlayers=0\n",
                           "[crop]\ncrop_width=8\ncrop_height=8\n[convolutional]\nfilters=4\n[shortcut]\nfrom=-2\n"};
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); ++i) {
        char cfg[1000];
        snprintf(cfg, sizeof(cfg),
                 "[net]\nbatch=2\nheight=8\nwidth=8\nchannels=4\n%s[connected]\noutput=3\n[softmax]\n", first[i]);
        network *net = network_from(cfg);
        fill_random(net->input, net->inputs * net->batch);
        net->truth[0] = net->truth[4] = 1;
        assert_true(train_network_datum(net) > 0);
        free_network(net);
    }
}

static const char *batchnorm_cfg =
    "[net]\nbatch=4\nheight=4\nwidth=4\nchannels=3\nlearning_rate=.5\nmomentum=.9\ndecay=.01\n%s"
    "[batchnorm]\n[convolutional]\nfilters=2\nsize=3\npad=1\nactivation=linear\n[batchnorm]\n"
    "[connected]\noutput=3\nactivation=linear\n[softmax]\n";

static network *batchnorm_network(const char *options) {
    char cfg[1000];
    snprintf(cfg, sizeof(cfg), batchnorm_cfg, options);
    network *net = network_from(cfg);
    fill_random(net->input, net->inputs * net->batch);
    memset(net->truth, 0, (size_t)(net->truths * net->batch) * sizeof(float));
    for (int b = 0; b < net->batch; ++b)
        net->truth[b * net->truths + b % 3] = 1;
    return net;
}

// Mean and variance of channel c of x, (batch, channels, spatial).
static void moments(const float *x, int batch, int channels, int spatial, int c, double *mean, double *variance) {
    double sum = 0, squares = 0;
    int n = batch * spatial;
    for (int b = 0; b < batch; ++b)
        for (int i = 0; i < spatial; ++i)
            sum += x[(b * channels + c) * spatial + i];
    *mean = sum / n;
    for (int b = 0; b < batch; ++b)
        for (int i = 0; i < spatial; ++i)
            squares += pow(x[(b * channels + c) * spatial + i] - *mean, 2);
    *variance = squares / (n - 1); // that of the population
}

static void test_batchnorm_formula(void **state) {
    (void)state;
    network *net = batchnorm_network("");
    layer l = net->layers[0];
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] *= .003f; // a variance as small as the 1e-5 in the formula
    net->train = 1;
    l.forward(l, *net);
    for (int c = 0; c < 3; ++c) {
        double mean, variance;
        moments(net->input, 4, 3, 16, c, &mean, &variance);
        for (int i = 0; i < 16; ++i) {
            int at = c * 16 + i;
            assert_float_equal(l.output[at], (net->input[at] - mean) / sqrt(variance * 63 / 64 + 1e-5), 1e-4);
        }
    }
    free_network(net);
}

static void test_batchnorm_learns(void **state) {
    (void)state;
    network *net = batchnorm_network("");
    layer l = net->layers[2];
    float bias = 0, scale = 0;
    net->train = 1;
    forward_network(net);
    backward_network(net);
    for (int c = 0; c < 2; ++c) {
        bias = l.bias_updates[c];
        scale = l.scale_updates[c];
        assert_true(bias != 0 && scale != 0);
    }
    update_network(net);
    assert_float_equal(l.biases[1], .5f * bias / 4, 1e-6);
    assert_float_equal(l.scales[1], 1 + .5f * scale / 4, 1e-6);
    assert_float_equal(l.bias_updates[1], .9f * bias, 1e-6);
    assert_float_equal(l.scale_updates[1], .9f * scale, 1e-6);
    free_network(net);
}

static void test_batchnorm_resizes(void **state) {
    (void)state;
    network *net =
        network_from("[net]\nbatch=2\nheight=4\nwidth=4\nchannels=3\n[batchnorm]\n[convolutional]\nfilters=2\nsize=3\n"
                     "pad=1\n[batchnorm]\n[avgpool]\n[softmax]\n");
    resize_network(net, 12, 8);
    assert_int_equal(net->layers[2].outputs, 2 * 12 * 8);
    assert_int_equal(net->layers[0].inputs, 3 * 12 * 8);
    fill_random(net->input, net->inputs * net->batch);
    net->truth[0] = net->truth[3] = 1;
    assert_true(train_network_datum(net) > 0);
    free_network(net);
}

static void test_bn_momentum(void **state) {
    (void)state;
    const char *options[] = {"", "bn_momentum=.5\n", "bn_momentum=0\n"};
    const float kept[] = {.99f, .5f, 0};
    for (int i = 0; i < 3; ++i) {
        network *net = batchnorm_network(options[i]);
        layer l = net->layers[0];
        l.rolling_mean[1] = 3;
        l.rolling_variance[1] = 2;
        net->train = 1;
        l.forward(l, *net);
        assert_float_equal(l.rolling_mean[1], 3 * kept[i] + (1 - kept[i]) * l.mean[1], 1e-5);
        assert_float_equal(l.rolling_variance[1], 2 * kept[i] + (1 - kept[i]) * l.variance[1] * 64 / 63, 1e-5);
        free_network(net);
    }
    network *net =
        network_from("[net]\nbatch=1\ninputs=4\ntime_steps=2\nbn_momentum=.5\n[lstm]\noutput=3\nbatch_normalize=1\n");
    assert_float_equal(net->bn_momentum, .5f, 0);
    fill_random(net->input, net->inputs * net->batch);
    net->train = 1;
    layer inner = *net->layers[0].uf;
    fill_random(inner.rolling_mean, 3);
    float before = inner.rolling_mean[0];
    net->layers[0].delta = calloc(3 * 2, sizeof(float)); // which the host's CPU build forgets
    net->layers[0].steps = 1;
    net->layers[0].forward(net->layers[0], *net);
    assert_float_equal(inner.rolling_mean[0], .5f * before + .5f * inner.mean[0], 1e-5);
    free_network(net);
}

static void test_bn_momentum_out_of_range_is_refused(void **state) {
    (void)state;
    const char *bad[] = {"bn_momentum=1\n", "bn_momentum=-.1\n"};
    for (int i = 0; i < 2; ++i) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            batchnorm_network(bad[i]);
            _exit(0);
        }
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    }
}

/* From weights.h: only a training may start from a file of some of the layers. */
void note_darknet_command(int argc, char **argv);

static char weights_file[] = "host-test.weights";

// Gives the network's parameters values that tell them apart.
static void mark_parameters(network *net) {
    for (int i = 0; i < 3; i += 2) {
        layer l = net->layers[i];
        for (int c = 0; c < l.c; ++c) {
            l.biases[c] = 10.f * (float)i + (float)c + .1f;
            l.scales[c] = 10.f * (float)i + (float)c + .2f;
            l.rolling_mean[c] = 10.f * (float)i + (float)c + .3f;
            l.rolling_variance[c] = 10.f * (float)i + (float)c + .4f;
        }
    }
}

static void load_quietly(network *net) {
    int saved = quiet(-1);
    load_weights(net, weights_file);
    quiet(saved);
}

static void assert_same_parameters(network *a, network *b, int biases) {
    for (int i = 0; i < 3; i += 2) {
        layer l = a->layers[i], m = b->layers[i];
        for (int c = 0; c < l.c; ++c) {
            assert_float_equal(l.biases[c], biases ? m.biases[c] : 0, 0);
            assert_float_equal(l.scales[c], m.scales[c], 0);
            assert_float_equal(l.rolling_mean[c], m.rolling_mean[c], 0);
            assert_float_equal(l.rolling_variance[c], m.rolling_variance[c], 0);
        }
    }
    layer l = a->layers[1], m = b->layers[1];
    assert_memory_equal(l.weights, m.weights, (size_t)l.nweights * sizeof(float));
    l = a->layers[3], m = b->layers[3];
    assert_memory_equal(l.weights, m.weights, (size_t)(l.inputs * l.outputs) * sizeof(float));
}

static void test_batchnorm_weights_file(void **state) {
    (void)state;
    network *net = batchnorm_network(""), *other = batchnorm_network("");
    mark_parameters(net);
    int saved = quiet(-1);
    save_weights(net, weights_file);
    quiet(saved);
    load_quietly(other);
    assert_same_parameters(other, net, 1);

    FILE *file = fopen(weights_file, "rb");
    float values[12];
    fseek(file, 20, SEEK_SET);
    assert_int_equal(fread(values, sizeof(float), 12, file), 12);
    fclose(file);
    const layer l = net->layers[0];
    assert_memory_equal(values, l.biases, 12); // the second host's order
    assert_memory_equal(values + 3, l.scales, 12);
    assert_memory_equal(values + 6, l.rolling_mean, 12);
    assert_memory_equal(values + 9, l.rolling_variance, 12);
    unlink(weights_file);
    free_network(net);
    free_network(other);
}

// Writes the file that stock Darknet would for the first n layers: no biases of [batchnorm].
static void save_as_stock(network *net, int n) {
    FILE *file = fopen(weights_file, "wb");
    int header[] = {0, 2, 0};
    fwrite(header, sizeof(int), 3, file);
    fwrite(net->seen, sizeof(size_t), 1, file);
    for (int i = 0; i < n; ++i) {
        layer l = net->layers[i];
        if (l.type == BATCHNORM) {
            fwrite(l.scales, sizeof(float), (size_t)l.c, file);
            fwrite(l.rolling_mean, sizeof(float), (size_t)l.c, file);
            fwrite(l.rolling_variance, sizeof(float), (size_t)l.c, file);
        } else if (l.type == CONVOLUTIONAL) {
            fwrite(l.biases, sizeof(float), (size_t)l.n, file);
            fwrite(l.weights, sizeof(float), (size_t)l.nweights, file);
        } else if (l.type == CONNECTED) {
            fwrite(l.biases, sizeof(float), (size_t)l.outputs, file);
            fwrite(l.weights, sizeof(float), (size_t)(l.outputs * l.inputs), file);
        }
    }
    fclose(file);
}

static void test_stock_weights_file_still_loads(void **state) {
    (void)state;
    network *net = batchnorm_network(""), *other = batchnorm_network("");
    mark_parameters(net);
    mark_parameters(other);
    save_as_stock(net, net->n);
    load_quietly(other);
    assert_same_parameters(other, net, 0);

    save_as_stock(net, 3); // a file of the first layers, to train the rest anew
    char *training[] = {"darknet", "classifier", "train"};
    note_darknet_command(3, training);
    mark_parameters(other);
    other->layers[2].scales[0] = -1;
    load_quietly(other);
    assert_same_parameters(other, net, 0);
    unlink(weights_file);
    free_network(net);
    free_network(other);
}

static void test_seed(void **state) {
    (void)state;
    network *a = batchnorm_network("seed=7\n"), *b, *c;
    int drawn = rand();
    b = batchnorm_network("seed=7\n");
    assert_int_equal(rand(), drawn);
    c = batchnorm_network("seed=0\n");
    size_t size = (size_t)a->layers[1].nweights * sizeof(float);
    assert_memory_equal(a->layers[1].weights, b->layers[1].weights, size);
    assert_true(memcmp(a->layers[1].weights, c->layers[1].weights, size) != 0);
    assert_true(c->recipe->seeded);
    free_network(a);
    free_network(b);
    free_network(c);

    srand(3);
    drawn = rand();
    srand(3);
    a = network_from("[net]\nbatch=1\ninputs=4\n[softmax]\n"); // nothing given: nobody else's draws change
    assert_int_equal(rand(), drawn);
    free_network(a);
}

static void test_gemm(void **state) {
    (void)state;
    const int m = 7, n = 5, k = 9, lda = 11, ldb = 12, ldc = 8;
    for (int form = 0; form < 4; ++form) {
        int ta = form & 1, tb = form >> 1;
        for (int zero = 0; zero < 2; ++zero) {
            float beta = zero ? 0 : .7f;
            float *a = random_floats(12 * 12), *b = random_floats(12 * 12), *c = random_floats(m * ldc);
            float *expected = calloc((size_t)(m * ldc), sizeof(float));
            memcpy(expected, c, (size_t)(m * ldc) * sizeof(float));
            for (int i = 0; i < m; ++i)
                for (int j = 0; j < n; ++j) {
                    double sum = 0;
                    for (int l = 0; l < k; ++l)
                        sum += a[ta ? l * lda + i : i * lda + l] * b[tb ? j * ldb + l : l * ldb + j];
                    expected[i * ldc + j] = beta * c[i * ldc + j] + 1.5f * (float)sum;
                }
            gemm(ta, tb, m, n, k, 1.5f, a, lda, b, ldb, beta, c, ldc);
            for (int i = 0; i < m * ldc; ++i)
                assert_float_equal(c[i], expected[i], 1e-5);
            free(a);
            free(b);
            free(c);
            free(expected);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deltas_accumulate),
        cmocka_unit_test(test_recurrent_layers_accumulate_without_us),
        cmocka_unit_test(test_reorg_moves_every_value_once),
        cmocka_unit_test(test_1x1_convolutions),
        cmocka_unit_test(test_first_layers_without_a_delta_train),
        cmocka_unit_test(test_batchnorm_formula),
        cmocka_unit_test(test_batchnorm_learns),
        cmocka_unit_test(test_batchnorm_resizes),
        cmocka_unit_test(test_bn_momentum),
        cmocka_unit_test(test_bn_momentum_out_of_range_is_refused),
        cmocka_unit_test(test_batchnorm_weights_file),
        cmocka_unit_test(test_stock_weights_file_still_loads),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_gemm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
