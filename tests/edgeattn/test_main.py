from __future__ import annotations

import errno
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import edgeattn
from edgeattn.__main__ import main
from edgeattn.commands import app
from edgeattn.commands.terminal import working
from edgeattn_runtime.errors import BundleError, CheckFailed, install_command

Refused = Callable[..., str]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    def fail_with(error: BaseException) -> None:
        def run(*_: object) -> int:
            raise error

        monkeypatch.setattr(app, "run", run)

    return fail_with


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BundleError("x.edge:\n  broken"), 2, "x.edge: broken"),
        (CheckFailed("too slow"), 1, "too slow"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "x.edge"), 2, "x.edge: Permission denied"),
    ],
)
def test_what_goes_wrong_on_purpose_is_one_line_and_a_code(
    failing: Callable[[BaseException], None], refused: Refused, error: BaseException, code: int, line: str
) -> None:
    failing(error)
    assert refused("inspect", "x.edge", code=code).startswith(f"edgeattn: {line}")


@pytest.mark.parametrize("verb", ["", *app.COMMANDS])
def test_every_command_helps(verb: str, ran: Callable[..., str]) -> None:
    assert f" {verb} ".rstrip() in ran(*filter(None, [verb]), "-h").partition("\n")[0]


def test_a_mistake_of_ours_keeps_its_traceback(failing: Callable[[BaseException], None]) -> None:
    failing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["inspect", "x.edge"])


def test_a_warning_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*_: object) -> int:
        warnings.warn_explicit("mind\nthis", UserWarning, "pipeline.py", 1, module="edgeattn.pipeline")
        return 0

    monkeypatch.setattr(app, "run", run)
    assert main([]) == 0
    assert capsys.readouterr().err == "edgeattn: warning: mind this\n"


@pytest.mark.parametrize("verbose", [False, True])
def test_a_librarys_warning_is_for_verbose(
    verbose: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object) -> int:
        with working(verbose=verbose):
            warnings.warn_explicit("old", UserWarning, "/venv/site-packages/timm/layers.py", 1, module="timm")
        return 0

    monkeypatch.setattr(app, "run", run)
    warnings.simplefilter("always")
    assert main([]) == 0
    assert ("timm/layers.py:1: UserWarning: old" in capsys.readouterr().err) is verbose


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["fly"], "'fly'"),
        (["inspect"], "'NAME.edge|URL'"),
        (["inspect", "x.edge", "--loud"], "--loud"),
        (["run", "x.edge", "--threads", "0"], "'--threads'"),
        (["run"], "'NAME.edge'"),
    ],
)
def test_arguments_that_are_none_are_refused_in_a_line(
    refused: Refused, arguments: list[str], named: str
) -> None:
    line = refused(*arguments)
    assert named in line
    assert "edgeattn --help" in line


def test_alone_it_says_what_it_can_do(ran: Callable[..., str]) -> None:
    text = ran()
    assert all(
        command in text for command in ("export", "validate", "bench", "run", "inspect", "targets", "demo")
    )


def test_the_version_is_told(ran: Callable[..., str]) -> None:
    assert ran("--version") == f"edgeattn {edgeattn.__version__}\n"


WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
{then}
"""


def without(missing: list[str], then: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(missing=missing, then=then)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_the_command_says_what_to_install(missing: str) -> None:
    done = without([missing], "from edgeattn.__main__ import main; sys.exit(main(['inspect', 'x.edge']))")
    assert done.returncode == 2
    assert done.stderr == f"edgeattn: the command edgeattn needs the workshop: {install_command('export')}\n"


def test_without_the_extra_the_library_loads_and_export_says_what_to_install() -> None:
    then = """
import edgeattn
print(edgeattn.load.__name__)
try:
    edgeattn.export
except edgeattn.EdgeAttnError as error:
    print(error)
"""
    done = without(["torch", "onnx", "onnx_ir", "typer", "rich"], then)
    assert done.stdout == f"load\nedgeattn.export needs the workshop: {install_command('export')}\n"
    assert done.stderr == ""


def test_commands_are_listed_without_pytorch() -> None:
    then = "from edgeattn.commands.app import command_line; command_line()"
    assert without(["torch", "onnx", "onnx_ir", "onnxscript", "sympy"], then).stderr == ""


@pytest.mark.parametrize(
    ("name", "then"), [("onnx", "edgeattn.export"), ("typer", "edgeattn.__main__.main()")]
)
def test_a_module_of_the_same_name_is_named_with_its_place(name: str, then: str, tmp_path: Path) -> None:
    hiding = tmp_path / name / "__init__.py"
    hiding.parent.mkdir()
    hiding.touch()
    code = f"import edgeattn.__main__, sys\nsys.argv[1:] = ['inspect', 'x']\n{then}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"Python imports {name} from {hiding}, not from " in done.stderr.splitlines()[-1]


def test_a_home_that_may_not_be_written_is_no_news(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.touch()  # in which not even root makes a folder
    fonts = tmp_path / "fonts.conf"  # the system's fontconfig complains by itself where it may write no cache
    fonts.write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>", encoding="utf-8")
    code = "import edgeattn.pipeline, matplotlib.figure"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MPL", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "HOME": str(home), "TMPDIR": str(tmp_path), "FONTCONFIG_FILE": str(fonts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "completed"), [("edgeattn va", "validate"), ("edgeattn pack --fo", "--for")]
)
def test_a_shell_completes_commands_and_options(words: str, completed: str) -> None:
    code = "import sys; sys.argv = ['edgeattn']; import edgeattn.__main__; sys.exit(edgeattn.__main__.main())"
    asked = {"_EDGEATTN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [completed], "")


INTERRUPTED = """
import runpy, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == {name!r}:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = {arguments!r}
runpy.run_module("edgeattn", run_name="__main__")
"""


@pytest.mark.parametrize("name", ["edgeattn.commands.app", "numpy", "torch"])
def test_an_interrupt_amid_the_imports_is_one_line(name: str, tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.touch()  # one that is not there is refused before PyTorch is imported
    arguments = ["export", str(model)]
    code = INTERRUPTED.format(name=name, arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.startswith("edgeattn: interrupted")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "edgeattn", "--help"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert b"Traceback" not in done.stderr
