"""Outcomes as JUnit XML: what Jenkins, GitLab and the actions of GitHub show as tests.

They read different parts of it. GitLab shows ``classname`` as the suite, keeps the first of several cases of
one name, and reads the text of a failure, not its message; Jenkins takes what stands before the last dot of
``classname`` for a package. None knows a case that is undecided: it is a failure of that type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from edgeattn.report.ci.outcome import Outcome

_FAILED = ("fail", "undecided")


def junit(suites: Mapping[str, Sequence[Outcome]], properties: Mapping[str, str]) -> bytes:
    """Return a document with a suite for each key, such as "sentence for cpu".

    Args:
        suites: Outcomes by suite.
        properties: What else is known of the run, such as its machine.
    """
    counts = _counts([it for each in suites.values() for it in each])
    root = Element("testsuites", {"name": "edgeattn", **counts})
    for name, outcomes in suites.items():
        skipped = str(sum(each.word == "not compared" for each in outcomes))
        suite = SubElement(root, "testsuite", {"name": name, **_counts(outcomes), "skipped": skipped})
        held = SubElement(suite, "properties")
        for key, value in properties.items():
            SubElement(held, "property", name=key, value=value)
        times: Counter[tuple[str, str]] = Counter()
        for outcome in outcomes:
            times[outcome.kind, outcome.name] += 1
            _add(suite, name, outcome, times[outcome.kind, outcome.name])
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    failures = sum(each.word in _FAILED for each in outcomes)
    return {"tests": str(len(outcomes)), "failures": str(failures), "errors": "0", "time": "0"}


def _add(suite: Element, name: str, outcome: Outcome, time: int) -> None:
    again = f" ({time})" if time > 1 else ""
    classname = f"edgeattn.{name.replace('.', '_')}.{outcome.kind}"
    case = SubElement(suite, "testcase", classname=classname, name=f"{outcome.name}{again}", time="0")
    if outcome.word in _FAILED:
        failure = SubElement(case, "failure", type=outcome.word, message=outcome.told)
        failure.text = outcome.told
    elif outcome.word == "not compared":
        SubElement(case, "skipped", message=outcome.told)
    elif outcome.told:
        SubElement(case, "system-out").text = outcome.told
