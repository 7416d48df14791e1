"""Findings as JUnit XML: what Jenkins, GitLab and the actions of GitHub show as tests.

They read different parts of it. GitLab shows ``classname`` as the suite, keeps the first of several cases of
one name, and reads the text of a failure, not its message; Jenkins takes what stands before the last dot of
``classname`` for a package. None knows a case that is undecided: it is a failure of that type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from edgeattn.report.ci.findings import Finding

_FAILED = ("fail", "undecided")


def junit(suites: Mapping[str, Sequence[Finding]], properties: Mapping[str, str]) -> bytes:
    """Return a document with a suite for each key, such as "sentence for cpu"."""
    counts = _counts([it for each in suites.values() for it in each])
    root = Element("testsuites", {"name": "edgeattn", **counts})
    for name, findings in suites.items():
        skipped = str(sum(each.word == "not compared" for each in findings))
        suite = SubElement(root, "testsuite", {"name": name, **_counts(findings), "skipped": skipped})
        element = SubElement(suite, "properties")
        for key, value in properties.items():
            SubElement(element, "property", name=key, value=value)
        times: Counter[tuple[str, str]] = Counter()
        for finding in findings:
            times[finding.kind, finding.name] += 1
            _add(suite, name, finding, times[finding.kind, finding.name])
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _counts(findings: Sequence[Finding]) -> dict[str, str]:
    failures = sum(each.word in _FAILED for each in findings)
    return {"tests": str(len(findings)), "failures": str(failures), "errors": "0", "time": "0"}


def _add(suite: Element, name: str, finding: Finding, time: int) -> None:
    again = f" ({time})" if time > 1 else ""
    classname = f"edgeattn.{name.replace('.', '_')}.{finding.kind}"
    case = SubElement(suite, "testcase", classname=classname, name=f"{finding.name}{again}", time="0")
    if finding.word in _FAILED:
        failure = SubElement(case, "failure", type=finding.word, message=finding.note)
        failure.text = finding.note
    elif finding.word == "not compared":
        SubElement(case, "skipped", message=finding.note)
    elif finding.note:
        SubElement(case, "system-out").text = finding.note
