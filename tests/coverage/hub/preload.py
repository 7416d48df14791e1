"""What the processes of a run share: the libraries, imported and used once before they are forked off."""

from __future__ import annotations

import logging
import warnings

import torch
import transformers
from hub import stages  # noqa: F401 - to have it imported
from hub.transformers_models import attempts

torch.set_num_threads(1)
warnings.simplefilter("ignore")
transformers.logging.set_verbosity_error()
logging.getLogger("torch.__trace").handlers.clear()  # else torch prints every graph for its own tracing
for name in ("llama", "vit"):
    next(attempts(name))()
