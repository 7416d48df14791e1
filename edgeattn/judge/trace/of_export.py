"""What an export has made, traced on a few samples: the errors of each module, for its report."""

from __future__ import annotations

from edgeattn.judge.module_loss import ModuleLoss
from edgeattn.judge.padding import Padded
from edgeattn.judge.trace.inside import Graphs
from edgeattn.judge.trace.module_error import ModuleError
from edgeattn.judge.trace.points import module_behind
from edgeattn.judge.trace.trace import trace
from edgeattn.judge.trace.trials import pad_token, trials
from edgeattn.judge.trace.variant import feed_of
from edgeattn.measure.threads import THREADS, torch_threads
from edgeattn.progress import Progress
from edgeattn_export.capture import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.targets import Bucket

FEW = 8  # samples: the rank of a module's error settles soon


def losses_of(
    captured: Captured, bucket: Bucket, engine: Engine, samples: Samples, padded: Padded, progress: Progress
) -> tuple[ModuleLoss, ...]:
    """Return the errors of each module, the worst first.

    Args:
        captured: The original and the float graph.
        bucket: The graphs, in the sizes that they fix.
        engine: Runs them in this process.
        samples: The evaluation samples.
        padded: How padding is told.
        progress: Told before each input.

    Raises:
        EdgeAttnError: As ``trace`` does.
    """
    parts = bucket.parts
    contracts = {name: part.graph for name, part in parts.graphs.items()}
    names = tuple(reversed(tuple(parts.graphs)))  # an encoder's outputs go to its decoder
    models = tuple(parts.graphs[name].quantized.model for name in names)
    graphs = Graphs(models, engine, feed_of(parts.generation, contracts))
    pad = pad_token(module_behind(captured).module)
    inputs = list(trials(samples, padded, captured.axes, bucket.sizes, pad, most=FEW))
    with torch_threads(THREADS):
        return tuple(map(_loss, trace(captured, graphs, inputs, progress).modules))


def _loss(error: ModuleError) -> ModuleLoss:
    int8 = error.in_int8
    return ModuleLoss(
        module=error.module,
        introduced=None if int8 is None else int8.introduced,
        accumulated=None if int8 is None else int8.accumulated,
        in_float=error.in_float.introduced,
        wrong=bool(error.faults),
    )
