"""onnxruntime, opened the same way everywhere, with execution providers that come as plug-ins."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import onnxruntime

from edgeattn_runtime.boundary import Boundary, lacking, reason_of, refusing, shortage
from edgeattn_runtime.bundle.folder import GraphContent
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings, available_cores
from edgeattn_runtime.engine.external_weights import CHECKED_BY_ENGINE, check_external_weights
from edgeattn_runtime.engine.functions import check_functions
from edgeattn_runtime.engine.kernels import kernels_of
from edgeattn_runtime.engine.registration import register_operators
from edgeattn_runtime.engine.release import release
from edgeattn_runtime.errors import BundleError, EdgeAttnError, IncompatibleRuntimeError, InputError
from edgeattn_runtime.fields import Scalar

# By execution provider, the module of the package that brings it.
_PLUGINS: Mapping[str, str] = {"QNNExecutionProvider": "onnxruntime_qnn"}

# What onnxruntime says of a model that is whole, but beyond the installed build.
_TOO_NEW = (
    "support for models stamped with official released onnx opset versions",
    "Unsupported model IR version",
    "The ORT format model version",
    "is not a registered function/op",
    "No Op registered for",
    "Could not find an implementation for",
)

# By execution provider, its own option for intra-op threads, where it does not share onnxruntime's.
_THREADS = {
    "OpenVINOExecutionProvider": "num_of_threads",
    "XnnpackExecutionProvider": "intra_op_num_threads",
}
_NO_OPTIONS: Mapping[str, Scalar] = MappingProxyType({})
_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
THREADS = 8  # a core: onnxruntime never returns from threads whose stacks it finds no memory for
_FATAL_ONLY = 4  # of onnxruntime's 0 verbose, 1 info, 2 warning, 3 error, 4 fatal: errors are raised anyway


def open_session(
    model: bytes | Path | GraphContent,
    *,
    providers: Sequence[str],
    options: Mapping[str, Scalar] = _NO_OPTIONS,
    threads: int | None = None,
    settings: SessionSettings = PLAIN,
    profile: Path | None = None,
) -> onnxruntime.InferenceSession:
    """Open an ONNX model.

    Weights in a file of their own are mapped into memory: pages that the model reads come from the file when
    they are first touched, are shared between processes, and may be dropped by the system at any time. Those
    that a kernel packs anew when the session opens are let go afterwards. Those of a ``GraphContent`` are
    copied, and no file is read.

    Args:
        model: A serialized model, which has no external weights, the path of one, or one with its weights in
            memory.
        providers: Execution providers in order of preference.
        options: ``PROVIDER.NAME`` is an option of one of them, any other a session configuration entry. By
            ``edgeattn.kernels`` the session takes the installed library, see ``engine.kernels``.
        threads: Intra-op threads; what ``settings`` say where it is left out.
        settings: The session's other options.
        profile: Where the time of each operator is written to, as the beginning of a file's path; None writes
            nothing.

    Raises:
        InputError: ``threads`` is below 1, no integer, or more than ``THREADS`` a core.
        BundleError: The model is missing or cannot be parsed, or its graph or weights are broken.
        IncompatibleRuntimeError: The model is newer than the installed onnxruntime, or uses operators that
            it was built without; or a provider or an option is refused.
        ResourceError: The machine lacks memory or file descriptors.
    """
    register_operators()
    settings = settings if threads is None else replace(settings, threads=threads)
    session_options = _options(settings)
    if profile is not None:
        session_options.enable_profiling, session_options.profile_file_prefix = True, str(profile)
    library = kernels_of(providers, options).library
    texts = {**_own_threads(providers, settings), **{name: _text(value) for name, value in options.items()}}
    source, label = _source(model)
    with Boundary(lambda error: _session_error(label, providers, error)):
        _check(model, label)
        if isinstance(model, GraphContent):
            _give_weights(session_options, model.weights)
        if library is not None:
            session_options.register_custom_ops_library(library.path)
        return _session(source, session_options, providers, texts)


def _source(model: bytes | Path | GraphContent) -> tuple[bytes | str, str]:
    """Return what onnxruntime opens, and what errors call it."""
    if isinstance(model, bytes):
        return model, "model"
    return (str(model), str(model)) if isinstance(model, Path) else (model.content, str(model.path))


def _check(model: bytes | Path | GraphContent, label: str) -> None:
    """Refuse functions that expand too far, and weights that an older onnxruntime reads from elsewhere."""
    with _file(model) as file:
        check_functions(file, label)
        if release(onnxruntime.__version__) >= release(CHECKED_BY_ENGINE):
            return
        weights = () if isinstance(model, bytes) else None if isinstance(model, Path) else model.weights
        check_external_weights(file, label, weights)


def _file(model: bytes | Path | GraphContent) -> BinaryIO:
    """Return a graph's file, opened."""
    if isinstance(model, Path):
        return model.open("rb")
    return BytesIO(model if isinstance(model, bytes) else model.content)


def _give_weights(options: onnxruntime.SessionOptions, weights: Mapping[str, bytes]) -> None:
    """Have a session take weights from memory, and from no file."""
    options.add_session_config_entry(_WEIGHTS_FOLDER, os.devnull)  # where nothing lies
    if not weights:
        return
    give = getattr(options, "add_external_initializers_from_files_in_memory", None)
    if give is None:  # Debian's 1.21
        raise IncompatibleRuntimeError(
            f"onnxruntime {onnxruntime.__version__} takes weights only from their file, which may change; "
            "upgrade onnxruntime, or load without trusted keys"
        )
    give(list(weights), list(weights.values()), [len(content) for content in weights.values()])


def _session(
    source: bytes | str,
    session_options: onnxruntime.SessionOptions,
    providers: Sequence[str],
    texts: Mapping[str, str],
) -> onnxruntime.InferenceSession:
    """Open a session that never turns from a provider to the CPU: the error would be another one."""
    own_options = {provider: _provider_options(provider, texts) for provider in providers}
    provider_list = _provider_list(session_options, own_options)
    for name, text in texts.items():
        if name.partition(".")[0] not in providers:
            session_options.add_session_config_entry(name, text)
    session = onnxruntime.InferenceSession(
        source, session_options, providers=provider_list, enable_fallback=False
    )
    lost = [name for name, _ in provider_list or () if name not in session.get_providers()]
    if lost:
        raise RuntimeError(f"it opened without {', '.join(lost)}")
    session.disable_fallback()  # onnxruntime 1.21 knows only this
    return session


def _options(settings: SessionSettings) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    most = THREADS * available_cores()
    if settings.threads > most:
        raise InputError(f"{settings.threads} threads; expected at most {most}, {THREADS} a core")
    try:
        options.intra_op_num_threads = settings.threads
    except TypeError as error:
        raise InputError(f"{settings.threads} threads; expected an integer") from error
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _FATAL_ONLY
    options.enable_cpu_mem_arena = settings.arena
    options.enable_mem_pattern = settings.memory_pattern
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(settings.spinning)))
    return options


def _own_threads(providers: Sequence[str], settings: SessionSettings) -> dict[str, str]:
    """Return the options of providers that have threads of their own."""
    names = (f"{provider}.{_THREADS[provider]}" for provider in providers if provider in _THREADS)
    return dict.fromkeys(names, str(settings.threads))


def _provider_list(
    session_options: onnxruntime.SessionOptions, providers: Mapping[str, dict[str, str]]
) -> list[tuple[str, dict[str, str]]] | None:
    """Return a session's list of providers with their options, or None where its options have plug-ins.

    onnxruntime then reads no list, and has its own CPU kernels for what no plug-in takes.
    """
    plugins = [provider for provider in providers if register(provider)]
    for provider in plugins:
        session_options.add_provider_for_devices(devices_of(provider), providers[provider])
    return None if plugins else list(providers.items())


def _provider_options(provider: str, texts: Mapping[str, str]) -> dict[str, str]:
    prefix = f"{provider}."
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def _text(value: Scalar) -> str:
    """Return an option as onnxruntime reads it: true is "1", false is "0"."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _session_error(label: str, providers: Sequence[str], error: BaseException) -> EdgeAttnError:
    version, reason = onnxruntime.__version__, reason_of(error)
    if (lack := lacking(error)) is not None:
        return shortage(label, lack, error)
    # Its bindings raise these, such as of an option that is no number, and its statuses are none of them.
    if isinstance(error, RuntimeError | ValueError) and not isinstance(error, UnicodeError):
        return IncompatibleRuntimeError(
            f"{label}: onnxruntime {version} refuses {', '.join(providers)} with its options ({reason}); "
            "install the provider's package, and check its options"
        )
    if any(phrase in reason for phrase in _TOO_NEW):
        return IncompatibleRuntimeError(
            f"{label}: beyond the installed onnxruntime {version} ({reason}); upgrade onnxruntime"
        )
    return BundleError(f"{label}: onnxruntime {version} cannot load it ({reason}); export the model again")


def available_providers() -> list[str]:
    """Return the execution providers that this onnxruntime has, those of installed plug-ins included."""
    for provider in _PLUGINS:
        register(provider)
    return list(onnxruntime.get_available_providers())


def register(provider: str) -> bool:
    """Load the plug-in that brings a provider, once; say whether sessions take it as one."""
    if provider not in _PLUGINS:
        return False
    if provider in onnxruntime.get_available_providers():
        return bool(devices_of(provider))
    try:
        plugin = import_module(_PLUGINS[provider])
    except ImportError:
        return False
    with refusing(IncompatibleRuntimeError, provider, "its plug-in cannot be loaded", "install it again"):
        onnxruntime.register_execution_provider_library(provider, plugin.get_library_path())
    return True


def devices_of(provider: str) -> list[onnxruntime.OrtEpDevice]:
    """Return the devices on which a plug-in runs; none where the provider is built into onnxruntime."""
    return [device for device in onnxruntime.get_ep_devices() if device.ep_name == provider]
