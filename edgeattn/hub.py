"""A bundle by its address on Hugging Face's hub, where `hf download` left it: nothing is fetched here."""

from __future__ import annotations

import re
from pathlib import Path

from edgeattn_runtime.errors import BadInput, EdgeAttnError, install_command

_ADDRESS = re.compile(
    r"https://(?:huggingface\.co|hf\.co)/(?P<name>[\w.-]+/[\w.-]+)(?:/(?:tree|blob)/(?P<revision>[\w.-]+))?(?P<below>(?:/[\w.-]+)*)/?"
)


def local_bundle(source: str) -> Path:
    """Return the folder of a bundle that is named by its path, or by its address on the hub.

    Args:
        source: A path, or such as ``https://huggingface.co/OWNER/NAME/tree/main/NAME.edge``.

    Raises:
        BadInput: The address is none of a model, or it has not been downloaded.
        EdgeAttnError: An address is given, and the extra ``edgeattn[hub]`` is not installed.
    """
    if "://" not in source:
        return Path(source)
    address = _ADDRESS.fullmatch(source)
    if address is None:
        raise BadInput(
            f"{source}: expected a folder, or https://huggingface.co/OWNER/NAME; check the address"
        )
    return snapshot(address["name"], address["revision"]) / address["below"].strip("/")


def snapshot(name: str, revision: str | None = None) -> Path:
    """Return the folder in the hub's cache that holds a repository's files.

    Args:
        name: OWNER/NAME.
        revision: A branch, a tag or a commit; None for the main branch.

    Raises:
        BadInput: It has not been downloaded, or no repository can have this name.
        EdgeAttnError: The extra ``edgeattn[hub]`` is not installed.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ModuleNotFoundError as error:
        raise EdgeAttnError(f"an address on the hub needs: {install_command('hub')}") from error
    command = f"hf download {name}{'' if revision is None else f' --revision {revision}'}"
    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise BadInput(f"{name}: not downloaded, and nothing is fetched here; run {command}") from error
    except HFValidationError as error:
        raise BadInput(f"{name}: no name of a repository ({' '.join(str(error).split())})") from error
