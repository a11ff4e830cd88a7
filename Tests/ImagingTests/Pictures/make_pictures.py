"""Makes PictureFixtures.swift: small PNG and JPEG files and the pixels that Pillow reads from them.

    python3 -m pip install pillow==13.0.0 numpy==2.4.6
    python3 make_pictures.py > PictureFixtures.swift
"""
import base64
import io

import numpy
from PIL import Image

random = numpy.random.default_rng(1561)
gray = random.integers(0, 256, (9, 7), dtype=numpy.uint8)
deep = random.integers(0, 65536, (9, 7), dtype=numpy.uint16)
low = random.integers(0, 30000, (5, 6), dtype=numpy.uint16)
colors = random.integers(0, 256, (6, 5, 3), dtype=numpy.uint8)
smooth = (numpy.add.outer(numpy.arange(32) * 3, numpy.arange(24) * 4) % 256).astype(numpy.uint8)


def luma(array):
    red, green, blue = (array[..., channel].astype(int) for channel in range(3))
    return (red * 299 + green * 587 + blue * 114 + 500) // 1000


cases = []


def add(name, image, ending, expected=None, **options):
    file = io.BytesIO()
    image.save(file, **options)
    if expected is None:
        file.seek(0)
        expected = numpy.asarray(Image.open(file))
        if expected.ndim == 3:
            expected = numpy.where(
                (expected[..., 0] == expected[..., 1]) & (expected[..., 1] == expected[..., 2]), expected[..., 0],
                luma(expected))
    cases.append((name, ending, file.getvalue(), expected))


add("gray8", Image.fromarray(gray), "png", format="PNG")
add("gray16", Image.fromarray(deep), "png", deep, format="PNG")
add("gray15", Image.fromarray(low), "png", low, format="PNG")
add("gray1", Image.fromarray(gray > 127), "png", (gray > 127) * 255, format="PNG")
add("rgb", Image.fromarray(colors), "png", luma(colors), format="PNG")
add("rgbOfGray", Image.fromarray(numpy.stack([gray] * 3, -1)), "png", gray, format="PNG")
add("palette", Image.fromarray(colors).quantize(8), "png", luma(numpy.asarray(Image.fromarray(colors).quantize(8).convert("RGB"))), format="PNG")
add("alpha", Image.fromarray(numpy.dstack([colors, gray[:6, :5]])), "png", luma(colors), format="PNG")
add("jpegGray", Image.fromarray(smooth), "jpg", format="JPEG", quality=90)
add("jpegColor", Image.fromarray(numpy.stack([smooth] * 3, -1)), "jpg", format="JPEG", quality=90)
add("jpegProgressive", Image.fromarray(smooth), "jpeg", format="JPEG", quality=80, progressive=True)

print("// Made by make_pictures.py with Pillow 13.0.0; not to be edited.")
print("// swift-format-ignore-file")
print()
print("/// Small pictures, and the gray values that Pillow reads from them, row by row.")
print("enum PictureFixtures {")
print("    static let all: [(name: String, width: Int, height: Int, pixels: [Int], base64: String)] = [")
for name, ending, data, pixels in cases:
    height, width = pixels.shape
    text = base64.b64encode(data).decode()
    values = ", ".join(str(int(value)) for value in pixels.flatten())
    print(f'        ("{name}.{ending}", {width}, {height}, [{values}],\n            "{text}"),')
print("    ]")
print("}")
