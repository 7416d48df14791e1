"""What stands between an app's data and the arrays of a call: a file each."""

from edgeattn_runtime.processing.audio import Audio, Sound
from edgeattn_runtime.processing.image import Image
from edgeattn_runtime.processing.labels import Label, Labels
from edgeattn_runtime.processing.processing import Processing, check_processing
from edgeattn_runtime.processing.series import Series
from edgeattn_runtime.processing.text import Text

__all__ = ["Audio", "Image", "Label", "Labels", "Processing", "Series", "Sound", "Text", "check_processing"]
