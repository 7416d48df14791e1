"""What a bundle may ask for, and an input may have, at most; as the table in runtime/README.md says it.

None is near what a model has. They keep a file of a few kilobytes from taking gigabytes or minutes.
"""

from __future__ import annotations

from typing import Final

PIXELS: Final = 2**25  # of an image, and of it in the width that it is made first; 8K video has 33,177,600
TEXT_BYTES: Final = 2**20  # of a text in UTF-8
NORMALIZED: Final = 2**23  # bytes that a tokenizer may make of a text
STEPPED: Final = 2**25  # bytes that all of its steps together may make of a text
GROWTH: Final = 2**13  # and of one of its bytes
DECODED: Final = 16  # bytes that a tokenizer may make of one, decoding
PIECE: Final = 2**8  # bytes of an added token, and of a Unigram model's: each place of a text is tried for it
STEPS: Final = 2**6  # of a tokenizer: each reads all that the one before it made
RATE: Final = 2**20  # samples a second
SAMPLES: Final = 2**24  # of a sound's input, in all its channels
FRAME: Final = 2**15  # samples of a log-mel frame
FRAMES: Final = 2**6  # log-mel frames that look at a sample
BANDS: Final = 2**9  # of a log-mel frame
TOKEN: Final = 2**22  # samples from the beginning of a log-mel token to its end
PREDICTIONS: Final = 2**20  # of a call, and bytes of its transcripts in UTF-8
STEP: Final = 2**27  # bytes of a streaming step's inputs, states among them, and of its outputs
