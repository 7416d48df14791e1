"""Bundles of releases, each frozen with its case: every later version answers it as that release did.

python runtime/conformance/frozen.py 0.1.0    # freezes bundles of this version's cases in recorded/0.1.0.zip
"""

from __future__ import annotations

import json
import sys
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from case import Case
from cases import CASES, FROZEN_CASES, RECORDED, raw_files

BUNDLES = (
    *("good", "buckets", "kernels", "decoder", "int8-cache", "encoder-decoder", "steps"),
    *("letterbox", "log-mel", "series-hold", "span-bytes", "signed"),
)


def _frozen(case: Case, release: str) -> tuple[dict[str, object], dict[str, bytes]]:
    """Return a case's row and files in the archive, without raw inputs that lie in files of their own."""
    row, bundle = case.table(), f"{release}-{case.bundle}.edge"
    asked = [each for each in row.get("prepare", ()) if b'"file"' not in case.besides[each["given"]]]
    files = {f"{bundle}/{name}": data for name, data in case.files.items()}
    for each in asked:
        for path in raw_files(each):
            files[path.replace("prepare/", f"prepare/{release}/")] = case.besides[path]
        each |= {key: each[key].replace("prepare/", f"prepare/{release}/") for key in ("given", "expected")}
    prepare = {"prepare": asked} if asked else {}
    return {**row, **prepare, "bundle": bundle, "why": f"as {release} wrote it: {case.why}"}, files


def main(release: str) -> None:
    """Write the archive of a release, which is not there yet."""
    rows, files = [], {}
    for case in (case for case in CASES if case.bundle in BUNDLES):
        row, own = _frozen(case, release)
        rows.append(row)
        files |= own
    with ZipFile(RECORDED / f"{release}.zip", "x") as archive:
        for name, data in {FROZEN_CASES: json.dumps(rows).encode(), **files}.items():
            archive.writestr(ZipInfo(name), data, ZIP_DEFLATED)


if __name__ == "__main__":
    main(*sys.argv[1:])
