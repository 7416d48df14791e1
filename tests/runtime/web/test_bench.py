"""What bench yields in Node is what the report of a bundle takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeattn.results.device import read_result
from edgeattn_runtime.bundle.folder import open_bundle

GOOD = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge"
SCRIPT = """
import {{ load }} from '{package}/dist/index.js';
import {{ FolderSource }} from '{package}/dist/folder.js';
const model = await load(new FolderSource('{bundle}'), {{ threads: {threads} }});
console.log(JSON.stringify(await model.bench({{ seconds: 0.1 }})));
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_the_report_takes_a_result(package: Path, tmp_path: Path, threads: int) -> None:
    script, path = tmp_path / "bench.mjs", tmp_path / "result.json"
    script.write_text(SCRIPT.format(package=package, bundle=GOOD, threads=threads))
    with path.open("wb") as output:
        subprocess.run(["node", script], stdout=output, check=True)
    result = read_result(path, open_bundle(GOOD))
    assert (result.model, result.target) == ("tiny", "web")
    assert [golden.ok for golden in result.golden] == [True] * 4
    (run,) = result.runs
    assert run.threads == threads
    assert all(timing.shape.keys() == {"batch", "sequence"} for timing in run.timings)
    assert all(0 < t.latency_ms.p50 <= t.latency_ms.p99 for t in run.timings)
    assert result.machine.versions.keys() >= {"node", "onnxruntime-web"}
