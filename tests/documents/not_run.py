"""Commands in the pages' blocks that no test runs, each pattern with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase

NOT_RUN = {
    "pip install *": ".ci/run installs the checkout before all tests, and .ci/wheel the wheel",
    "apt-get *": "data of a training, or of a peer's benchmark",
    "for package in *": "the same data, unpacked",
    "python models/sentence/collect.py texts": "the same data, read",
    "python models/*/train.py": "trains for up to half an hour",
    "python tests/bench/*": "measures for minutes",
    "edgeattn bench sentence.edge *": "measures for minutes: tests/edgeattn/commands/test_bench.py",
    "edgeattn sweep models/digits/model.py models/series/model.py *": "docs/sweep.md has its like, run",
    "pytest": "all tests",
    "make check": "all tests, and more",
    ".ci/run": "all tests, and more",
    ".ci/nightly*": "all tests that .ci/run leaves out",
    ".ci/lock *": "asks registries for the newest versions: tests/test_locks.py reads what it wrote",
    "adb *": "asks for a phone",
    "sudo *": "tests/isa/boards.py runs the page's lines on emulated boards",
    "cmake * board*": "tests/isa/boards.py runs the page's lines on emulated boards",
    "edgeattn-run run digits.edge *": "tests/isa/boards.py runs the page's lines on emulated boards",
    "runtime/web/examples/run *": "serves without end: tests/runtime/web/page-*.test.mjs",
    "runtime/web/examples/terminal/run *": "tests/models/used runs it, with bundles that are searched",
    "runtime/cpp/examples/run digits *": "tests/runtime/cpp/test_programs.py runs it, with images",
    "runtime/cpp/examples/run *": "tests/models/used runs it, with bundles that are searched",
    "runtime/swift/.build/debug/Dictation *": "tests/models/used runs it, with recordings of phrases",
    "runtime/swift/.build/debug/Keywords *": "tests/models/used runs it, with a recording of words",
    "runtime/swift/.build/debug/Story *": "tests/models/used runs it, with a bundle that is searched",
    "runtime/android/example/run *": "tests/models/used runs it, with a recording of words",
    "arecord *": "asks for a microphone: tests/models/used gives what one would",
    "edgeattn generate captions.edge *": "no model here captions photos: tests/edgeattn/test_captioner.py",
    "edgeattn * whisper*": "no folder of Whisper here: tests/edgeattn/source/checkpoint/test_speech.py",
    "edgeattn sign sentence.edge *": "docs/signatures.md has its like, run",
    "hf *": "sends to a hub, or fetches from one",
    "edgeattn inspect https:*": "asks for a download: tests/edgeattn/test_hub.py",
    "edgeattn devices *": "asks for a device of this name: tests/edgeattn/devices",
    "edgeattn * --on *": "asks for devices of these names: tests/edgeattn/devices",
    "edgeattn * --scheduler *": "asks for a scheduler at this address: tests/edgeattn/sweep",
    "dask *": "Dask's own",
    "git *": "changes a repository, and publishes it",
    "make release": "builds for an hour: tests/test_release.py has its list, other tests each package",
    "twine *": ".ci/wheel checks the wheel",
    "npm publish*": "tests/runtime/web/test_package.py: as a dry run",
    "runtime/android/gradlew *": "neither Gradle nor Google's repository is within reach",
    "export *": "an environment for the commands beside it",
}


def why_not_run(command: str) -> str | None:
    """Return the reason for which no test runs a command, or None where one does."""
    return next((why for pattern, why in NOT_RUN.items() if fnmatchcase(command, pattern)), None)
