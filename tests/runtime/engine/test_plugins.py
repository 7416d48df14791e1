from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace

import onnxruntime
import pytest

from edgeattn_runtime.engine import session
from edgeattn_runtime.engine import session as plugins
from edgeattn_runtime.engine.session import open_session

QNN = "QNNExecutionProvider"


@dataclass
class Loader:
    """Stands in for onnxruntime's loading of plug-ins."""

    loaded: list[tuple[str, str]] = field(default_factory=list)

    def providers(self) -> list[str]:
        return ["CPUExecutionProvider", *(name for name, _ in self.loaded)]

    def register(self, name: str, path: str) -> None:
        self.loaded.append((name, path))

    def devices(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(ep_name=name) for name in self.providers()]


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> Loader:
    loader = Loader()
    monkeypatch.setattr(onnxruntime, "get_available_providers", loader.providers)
    monkeypatch.setattr(onnxruntime, "register_execution_provider_library", loader.register)
    monkeypatch.setattr(onnxruntime, "get_ep_devices", loader.devices)
    monkeypatch.setitem(sys.modules, "onnxruntime_qnn", None)  # an import fails
    return loader


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, loader: Loader) -> Loader:
    module = ModuleType("onnxruntime_qnn")
    module.get_library_path = lambda: "/opt/libqnn.so"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "onnxruntime_qnn", module)
    return loader


def test_an_installed_plugin_is_loaded_once(installed: Loader) -> None:
    assert plugins.available_providers() == ["CPUExecutionProvider", QNN]
    assert plugins.register(QNN)
    assert installed.loaded == [(QNN, "/opt/libqnn.so")]
    assert [device.ep_name for device in plugins.devices_of(QNN)] == [QNN]


def test_one_that_is_not_installed_is_none(loader: Loader) -> None:
    assert plugins.available_providers() == ["CPUExecutionProvider"]
    assert not plugins.register(QNN)
    assert not plugins.register("CPUExecutionProvider")


def test_a_session_takes_a_plugin_with_its_options(
    installed: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: dict[str, object] = {}

    class Options(SimpleNamespace):
        def add_session_config_entry(self, name: str, text: str) -> None:
            opened[name] = text

        def add_provider_for_devices(self, devices: list[SimpleNamespace], options: dict[str, str]) -> None:
            opened[devices[0].ep_name] = options

    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)

    class Session:
        def __init__(self, *_: object, providers: object, enable_fallback: bool) -> None:
            opened["providers"], opened["fallback"] = providers, enable_fallback

        def disable_fallback(self) -> None:
            pass

    monkeypatch.setattr(session.onnxruntime, "InferenceSession", Session)
    open_session(
        b"", providers=[QNN, "CPUExecutionProvider"], options={f"{QNN}.backend_type": "htp", "ep.share": True}
    )
    assert opened[QNN] == {"backend_type": "htp"}
    assert opened["ep.share"] == "1"
    assert opened["providers"] is None
    assert opened["fallback"] is False  # what a plug-in cannot run is an error, not left to the CPU
