#!/usr/bin/env python3
"""Makes the files that test_tool compares the corruptions without random draws with, by other programs than ours (PIL, scipy).

usage: make.py FOLDER     (written with PIL 9.4, scipy 1.10, numpy 1.24)
"""
import colorsys
import io
import sys

import numpy as np
from PIL import Image
from scipy.ndimage import convolve, zoom

SEVERITIES = (2, 5)


def clean():
    """A picture with edges, ramps and all hues."""
    y, x = np.mgrid[0:32, 0:32]
    rgb = np.stack([128 + 100 * np.sin(x * .37 + 1), 128 + 110 * np.cos(y * .29), 4 * (x + y)], -1)
    rgb[8:20, 10:24] = (200, 40, 30)
    rgb[(x - 22) ** 2 + (y - 22) ** 2 < 30] = (15, 20, 240)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def bytes_of(values):
    return np.uint8(np.clip(values, 0, 1) * 255)


def defocus_blur(image, severity):
    radius, alias = [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)][severity - 1]
    x, y = np.meshgrid(np.arange(-8, 9), np.arange(-8, 9))
    disk = (x ** 2 + y ** 2 <= radius ** 2).astype(float)
    gauss = np.exp(-np.array([1, 0, 1]) / (2 * alias ** 2))
    gauss /= gauss.sum()
    kernel = convolve(disk / disk.sum(), np.outer(gauss, gauss), mode='mirror')
    return bytes_of(np.stack([convolve(image[..., c] / 255., kernel, mode='mirror') for c in range(3)], -1))


def clipped_zoom(image, factor):
    side = int(np.ceil(32 / factor))
    top = (32 - side) // 2
    large = zoom(image[top:top + side, top:top + side], (factor, factor, 1), order=1)
    trim = (large.shape[0] - 32) // 2
    return large[trim:trim + 32, trim:trim + 32]


def zoom_blur(image, severity):
    image = (image / 255.).astype(np.float32)
    factors = np.arange(1, [1.06, 1.11, 1.16, 1.21, 1.26][severity - 1], .01)
    return bytes_of((image + sum(clipped_zoom(image, f) for f in factors)) / (len(factors) + 1))


def brightness(image, severity):
    amount, result = [.05, .1, .15, .2, .3][severity - 1], np.zeros((32, 32, 3))
    for i in np.ndindex(32, 32):
        hue, saturation, value = colorsys.rgb_to_hsv(*(image[i] / 255.))
        result[i] = colorsys.hsv_to_rgb(hue, saturation, min(1, value + amount))
    return bytes_of(result)


def contrast(image, severity):
    image = image / 255.
    mean = image.mean((0, 1), keepdims=True)
    return bytes_of((image - mean) * [.75, .5, .4, .3, .15][severity - 1] + mean)


def pixelate(image, severity):
    side = int(32 * [.95, .9, .85, .75, .65][severity - 1])
    return np.asarray(Image.fromarray(image).resize((side, side), Image.BOX).resize((32, 32), Image.BOX))


def jpeg_compression(image, severity):
    file = io.BytesIO()
    Image.fromarray(image).save(file, 'JPEG', quality=[80, 65, 58, 50, 40][severity - 1])
    return np.asarray(Image.open(file))


picture = clean()
np.save(f'{sys.argv[1]}/clean.npy', picture[None])
for corruption in defocus_blur, zoom_blur, brightness, contrast, pixelate, jpeg_compression:
    np.save(f'{sys.argv[1]}/{corruption.__name__}.npy', np.stack([corruption(picture, s) for s in SEVERITIES]))
