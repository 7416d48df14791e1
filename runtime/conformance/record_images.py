"""Records the numbers that a bundle makes of the files in recorded/images: of a new file, put there by hand.

    python runtime/conformance/record_images.py    # needs edgeattn[image]; then make.py --record

Compressed bytes differ from release to release of the libraries that write them, and so do the pixels that
decoders of JPEG make, by a level or two: files and numbers are kept. The pixels are Pillow's; of a file that
is refused there are none, and it stays null in images.json.
"""

from __future__ import annotations

import json

import image_cases
import numpy as np
from PIL import Image, ImageOps
from processed import rows


def main() -> None:
    """Write the numbers of all files but those that are refused."""
    (row,) = (row for row in rows("images") if row.bundle == image_cases.OF_FILES)
    recorded = json.loads(image_cases.NUMBERS.read_text("ascii"))
    lines = []
    names = sorted(path.name for path in image_cases.RECORDED.iterdir())
    for name in dict.fromkeys((*recorded, *names)):
        numbers = None
        if recorded.get(name, ()) is not None:
            with Image.open(image_cases.RECORDED / name) as picture:
                shown = ImageOps.exif_transpose(picture)
            color = "RGB" if shown.mode == "P" else "L" if shown.mode == "1" else shown.mode
            numbers = image_cases.numbers_of([np.asarray(shown.convert(color))], row.processing.image)
        lines.append(f'"{name}": {json.dumps(numbers, separators=(",", ":"))}')
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    image_cases.NUMBERS.write_text(text, encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
