"""A report's page, and its other files in a bundle."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edgeattn.report.files import Provenance, report_files
from edgeattn.report.page import View, machine_facts, page
from edgeattn.report.pareto import pareto_svg
from edgeattn.results.check import Check
from edgeattn.results.graph import Layer, Refusal
from edgeattn.results.limits import GOLDEN, LIMITS
from edgeattn.results.report import MEASURED, Report
from edgeattn_runtime.timing.machine import Machine

VOID = {"img", "meta", "path", "use"}  # without an end, in HTML or in a drawing


class _Reader(HTMLParser):
    """Checks that elements end as they began, and keeps the words that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html.replace("<wbr>", ""))  # where a long name may break
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data.split()


def html_of(report: Report) -> str:
    return page(View(report=report, drawn=None, facts={}))


def written(report: Report) -> str:
    """Return the page as a bundle has it."""
    return report_files(report, {}, Provenance())["report.html"].decode()


def read(html: str) -> str:
    return " ".join(_Reader(html).words)


def test_the_page_gives_unknown_tokens(report: Report) -> None:
    counted = replace(report, samples=replace(report.samples, unknown_tokens=0.0))
    assert "PyTorch on 180 more, 0 % of their tokens unknown. Recipe" in read(html_of(counted))


def test_the_page_tells_what_the_report_says(report: Report) -> None:
    provenance = Provenance(tolerance={"embedding": 0.0968}, source="ab12", versions={"torch": "2.99"})
    files = report_files(report, {}, provenance)
    words = read(files["report.html"].decode())
    for told in (
        "sentence pass For cpu, calibrated on 60 real samples, selected on 40 others, evaluated against "
        "PyTorch on 180 more. Recipe: dynamic-int8.",
        "5.00x speedup over PyTorch, p50 22.9 MB of 90.3 MB 0.98680 R² to PyTorch",
        f"cosine {LIMITS['cosine'].meaning} 0.99340 0.99210 at least 0.99 pass",
        f"size_mb {LIMITS['size_mb'].meaning} 22.9 at most 24 MB pass",
        "Notes Int8 is not faster here: encoder.0.output is too small.",
        "ms p50 p90 p99 speedup PyTorch 16.0 32.0 48.0 1.00x float 9.00 18.0 27.0 1.78x "
        "bundle 3.20 6.40 9.60 5.00x",
        "Latency of 384 calls on 32 samples, 1 thread; median batch 1, sequence 30",
        "The weights of the bundle by part: embeddings 5.20 MB encoder.0 17.4 MB Memory of a process",
        "Memory of a process that runs the bundle: 51.1 MB.",
        "Variant recipe device threads ms cpu-on-pi4 dynamic-int8 pi4 1 3.20",
        "cpu-on-pi4 dynamic-int8 server 2 0.800",
        "Largest difference 0.036",
        "What users meet besides the samples. Edge cases: 1 of 1 right, the largest error 0.13300.",
        "batch 3 0.13300 pass sequence 512 the original does not answer: IndexError: too long not compared",
        "01 dynamic-int8 (chosen) 0.99400 0.98500 3.10 22.9",
        "02 smoothed 0.99900 0.99800 3.40 22.9",
        "recipes/01-dynamic-int8.json",
        "Dominated candidates: 1 more; see report.json.",
        "Operators DynamicQuantizeMatMul 24, Attention 6 Time DynamicQuantizeMatMul 70 %, Attention 28 %, "
        "others 2 % Fused attention 6",
        "projections encoder.0 the inputs differ: [a] and [b]",
        "Golden outputs error at most 0.0968 (embedding) of the spread of PyTorch's answers, on every device",
        "Source, sha256 ab12 Made with torch 2.99",
        f"Measured on pi4: {report.machine}.",
        "cpu-on-pi4 dynamic-int8 server 2 0.800",
        f"{report.machine}, for cpu: largest error 0.50000 of the outputs' spread, "
        "loaded in 123 ms, peak memory 98.7 MB: fail",
        "p50, ms 1 thread 2 threads sample 0, batch 1, sequence 16 0.754 0.754",
        "sample 1, batch 1, sequence 128 6.08 6.08",
        "Processor Abacus(R) CPU 9000 @ 0.01GHz Instruction sets avx2, avx512_vnni Cores 3 Memory 8 GB",
        "System Linux 6.1.0-9-cloud",
        "Versions python 3.13.0, onnxruntime 1.23.4, numpy 2.3.0",
    ):
        assert told in words


def test_a_bundle_of_kernels_has_both_ways_on_its_page(report: Report, two_ways: Report) -> None:
    provenance = Provenance(tolerance={"embedding": 0.0968}, source="ab12", versions={})
    words = read(report_files(two_ways, {}, provenance)["report.html"].decode())
    assert "bundle 3.20 6.40 9.60 5.00x bundle without kernels 5.60 6.60 7.70 2.86x" in words
    assert "R² to PyTorch, without kernels 0.96450" in words
    assert "without kernels" not in read(report_files(report, {}, provenance)["report.html"].decode())


def test_the_page_needs_nothing_but_itself(report: Report) -> None:
    html = written(report)
    assert "://" not in html
    assert "<script" not in html
    assert "@import" not in html
    links = re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)', html)
    assert links
    assert all(
        "".join(link).startswith(("#", "data:image/png;base64,", "data:image/svg+xml;base64,"))
        for link in links
    )
    assert len(html) < 1_000_000


def test_a_table_too_wide_for_its_reader_scrolls_in_a_box_of_its_own(report: Report) -> None:
    html = html_of(report)
    boxes = re.findall(r'<div class="scroll" role="region" aria-label="([^"]+)" tabindex="0">\s*<table', html)
    assert html.count("<table") == len(boxes) > 3
    assert len(set(boxes)) == len(boxes)


def test_a_legend_tells_the_marks_apart(report: Report) -> None:
    html = html_of(report)
    legend = html[html.index('class="aside legend"') :].partition("</p>")[0]
    assert re.findall(r'<i class="(p\d+)"></i>\s+(p\d+)', legend) == [(p, p) for p in ("p50", "p90", "p99")]


def test_a_failed_check_is_told_first(report: Report) -> None:
    failed = replace(report, checks=(Check("latency_ratio", 2.5, 3.0, False),))
    words = read(html_of(failed))
    assert words.startswith("sentence for cpu: fail sentence fail")
    assert f"latency_ratio {LIMITS['latency_ratio'].meaning} 2.5 at least 3x fail" in words


def test_names_are_words_and_no_markup(report: Report) -> None:
    hostile = "<script>alert('&')</script>-->"
    told = replace(
        report,
        model=hostile,
        recipe=hostile,
        notes=(hostile,),
        layers=(Layer(hostile, hostile, hostile, None),),
        refused=(Refusal(hostile, hostile, hostile, hostile),),
        trials=tuple(replace(line, name=hostile) for line in report.trials),
        original=hostile,
        machine=replace(report.machine, cpu=hostile, system=hostile),
    )
    html = page(View(report=told, drawn=pareto_svg(told), facts={hostile: hostile}))
    assert "<script" not in html
    assert "<svg" not in html.replace('<svg viewBox="0 0 ', "")  # but what the template itself draws
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    assert html.index("Content-Security-Policy") < html.index("<style>")
    assert read(html).count(hostile) > 10


def test_the_longest_bar_is_the_largest_model(report: Report) -> None:
    html = html_of(report)
    bars = html[html.index('<dl class="bars">') :].partition("</dl>")[0]
    assert re.findall(r'style="width: ([\d.]+)%', bars) == ["100.0", "100.0", "25.36"]


def test_a_worst_sample_is_shown_as_a_person_sees_it(report: Report) -> None:
    html = html_of(report)
    words = read(html)
    assert "Sample 12 error 0.17500 of what answers vary by How far is the moon? text PyTorch says 3" in words
    assert '<img alt="image, 8x8" src="data:image/png;base64,iVBORw0KGgo=">' in html
    assert '<polyline class="line-0" points="0.0,76.0 150.0,4.0 300.0,40.0"></polyline>' in html
    assert html.count('class="differs"') == 1


def test_modules_are_told_by_layer_in_the_order_of_a_run(report: Report) -> None:
    words = read(html_of(report))
    assert "In the order in which they run. 1 linear layer as int8, 1 left float." in words
    assert words.index("embeddings 5.20 MB 20.0 % of the time") < words.index("encoder.0 int8 17.4 MB")
    assert "encoder.0.attention.query int8 17.4 80.0 % 7 0.99980" in words


def test_errors_are_told_by_module_the_worst_first(report: Report) -> None:
    html = html_of(report)
    words = read(html)
    assert "encoder.0.attention.query 8.5 % 9.2 % 0 % embeddings 0.1 % 0.1 % 0 %" in words
    assert 'class="wrong"' not in html
    (first, *_) = report.losses
    wrong = html_of(replace(report, losses=(replace(first, wrong=True),)))
    assert "computed in float, and not as the original does" in read(wrong)


def test_the_page_says_which_wrong_answers_the_proof_sees(report: Report) -> None:
    words = read(html_of(report))
    assert "twice the right one cosine 1.12 times always the mean nothing, in embedding" in words
    assert "What this proof sees" not in read(html_of(replace(report, planted=())))


def test_a_report_of_an_older_release_has_a_page_too(report: Report) -> None:
    older = replace(report, worst=(), parts=(), losses=(), module_times={})
    words = read(html_of(older))
    for title in ("The worst samples", "Where the loss comes from", "by part"):
        assert title not in words
    assert "encoder.0 int8" in words  # by its layers alone


def test_two_bundles_stand_side_by_side_section_by_section(report: Report) -> None:
    views = [
        View(report=each, drawn=None, facts={}, label=label)
        for label, each in (("old.edge", report), ("new.edge", replace(report, notes=(), recipe="newer")))
    ]
    html = page(*views)
    words = read(html)
    assert words.startswith("sentence for cpu, old.edge: pass; sentence for cpu, new.edge: pass")
    landmarks = re.findall(r'role="region" aria-label="([^"]+)"', html)
    assert len(set(landmarks)) == len(landmarks) > 3
    assert html.count("<h3>old.edge</h3>") == html.count("<h3>new.edge</h3>") == html.count("<h2")
    assert "Notes old.edge Int8 is not faster here: encoder.0.output is too small. new.edge None." in words


def test_every_check_of_a_report_has_a_meaning(report: Report) -> None:
    golden = replace(report, checks=(Check("golden", 0.85, 0.9, False),))
    assert GOLDEN.meaning in read(html_of(golden))


def test_what_a_machine_does_not_tell_is_unknown(machine: Machine) -> None:
    bare = machine_facts(replace(machine, memory_mb=None, instruction_sets=()))
    assert bare["Memory"] == "unknown"
    assert bare["Instruction sets"].startswith("none")


def _with_pictures(html: str) -> str:
    """Return a page with the text of its SVG images in the place of their sources."""
    return re.sub(r"data:image/svg\+xml;base64,([^\"]*)", lambda source: b64decode(source[1]).decode(), html)


def test_latencies_that_are_counted_are_not_called_measured(report: Report) -> None:
    measured, counted = (
        _with_pictures(written(replace(report, nominal=nominal))) for nominal in (False, True)
    )
    assert "median on one thread" in measured
    assert "Nominal" not in measured
    assert "Nominal ms" in counted
    assert "median on one thread" not in counted


TOLD = {"trials": "Tried recipes", "notes": "Notes", "refused": "Left as it is", "devices": "Devices"}


@pytest.mark.parametrize("empty", TOLD)
def test_what_there_is_not_is_not_spoken_of(report: Report, empty: str) -> None:
    told = TOLD[empty]
    assert told in written(report)
    files = report_files(replace(report, **{empty: ()}), {}, Provenance())
    assert told not in files["report.html"].decode()
    assert ("pareto.svg" in files) == (empty != "trials")


def test_a_bundle_gets_the_report_in_all_its_forms_and_the_recipes(report: Report) -> None:
    files = report_files(report, {"recipes/01-dynamic-int8.json": b"{}"}, Provenance())
    assert list(files) == ["report.json", "report.html", "pareto.svg", "recipes/01-dynamic-int8.json"]
    assert Report.from_json(files["report.json"].decode()) == report
    assert files["pareto.svg"] == pareto_svg(report)


def test_a_draft_draws_nothing(report: Report) -> None:
    files = report_files(replace(report, draft=True), {}, Provenance())
    assert list(files) == ["report.json", "report.html"]


def test_a_sample_that_is_drawn_stands_in_the_page_and_beside_it(report: Report) -> None:
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg"></svg><script>document.title="pwned"</script>\xff'
    files = report_files(report, {}, Provenance(), example=drawn)
    assert files["example.svg"] == drawn
    html = files["report.html"].decode()
    assert "<script" not in html
    (source,) = re.findall(r'<img class="picture" src="data:image/svg\+xml;base64,([^"]*)" alt="A real', html)
    assert b64decode(source) == drawn
    assert "A sample, and what both make of it" not in written(report)


def test_what_another_machine_would_change_is_called_measured(report: Report) -> None:
    table = json.loads(report.to_json())
    assert set(MEASURED) <= table.keys()
    assert set(table["measured"]) == {name for name in MEASURED if table[name]}
