"""What a family's own process does: it sets its limits, takes the family along, and tells what came of it."""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path

from hub.building import NotBuiltError
from hub.limits import MEMORY, limit
from hub.outcome import Family, Record
from hub.stages import take

from edgeattn_runtime.errors import EdgeAttnError


def work(family: Family, file: Path, log: Path) -> None:
    """Take a family through the workshop.

    Args:
        family: Which.
        file: Keeps its outcome.
        log: Keeps what is printed on the way, and the traceback of a failure.
    """
    with log.open("w", encoding="utf-8") as printed:
        os.dup2(printed.fileno(), sys.stdout.fileno())
        os.dup2(printed.fileno(), sys.stderr.fileno())
    limit()
    record = Record(family, file)
    try:
        take(record)
    except NotBuiltError as reason:
        record.note(fate="not built", reason=str(reason))
    except EdgeAttnError as refusal:
        traceback.print_exc()
        clear = "\n" not in str(refusal).strip()
        record.note(fate="refused" if clear else "crashed", reason=str(refusal))
    except MemoryError:
        traceback.print_exc()
        record.note(reason=f"out of memory: over {MEMORY >> 30} GB")
    except Exception as error:
        traceback.print_exc()
        record.note(reason=f"{type(error).__name__}: {' '.join(str(error).split())}")
    record.note(seconds=time.process_time())
