"""What npm packs of runtime/web: used in an empty folder, its types, its style, its version."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest

import edgeattn_runtime

MODULES = {"index", "folder", "native", "remote", "worker", "platform.browser", "platform.node"}
LARGEST = 30_500  # bytes of what every page fetches of it, built by Vite and compressed as a server sends it
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"

APP = """
import { Worker } from 'node:worker_threads';
import { DeadlineError, load, readWav, Stream, tensor } from 'edgeattn-web';
import { FolderSource } from 'edgeattn-web/folder';
import { native } from 'edgeattn-web/native';
import { RemoteModel } from 'edgeattn-web/remote';

const [, , bundle] = process.argv;
const inputs = {
  tokens: tensor('int64', [1, 3], [1, 2, 3]),
  mask: tensor('float32', [1, 3], [1, 1, 1]),
};
const here = await load(bundle);
const fast = await load(new FolderSource(bundle), { engine: native });
const remote = await RemoteModel.open(new Worker(new URL('worker.mjs', import.meta.url)), bundle);
const answers = await Promise.all([here.run(inputs), fast.run(inputs), remote.run(inputs)]);
const numbers = answers.map(({ embedding }) => embedding.data[0].toFixed(2));
console.log(JSON.stringify([numbers, here.engine.name, fast.engine.name, typeof Stream, typeof readWav]));
remote.terminate();
"""
WORKER = """
import { serve } from 'edgeattn-web/worker';

await serve();
"""
TYPED = """
import { type Engine, load, type Model, type Tensor, tensor } from 'edgeattn-web';
import { FolderSource } from 'edgeattn-web/folder';
import { native } from 'edgeattn-web/native';
import { RemoteModel } from 'edgeattn-web/remote';
import { serve } from 'edgeattn-web/worker';

const engine: Engine = native;
const model: Model = await load(new FolderSource('x.edge'), { engine, deadline: 5 });
const inputs = { tokens: tensor('int64', [1, 1], [1]) };
const first: bigint | undefined = inputs.tokens.data[0];
const found: Tensor | undefined = (await model.run(inputs)).embedding;
if (found?.dtype === 'float32') {
  const numbers: Float32Array = found.data;
  console.log(numbers, first);
}
// @ts-expect-error: an int64 is no array of floats
const wrong: Float32Array = inputs.tokens.data;
export { RemoteModel, serve, wrong };
"""
DECODING = """
import { readFile } from 'node:fs/promises';
import { readImage } from 'edgeattn-web';

const file = await readFile(process.argv[2]);
const image = await readImage(file).catch(({ name, message }) => ({ name, message }));
const { name, message, width, height, data } = image;
console.log(JSON.stringify(data ? [width, height, data.length] : [name, message]));
"""
NATIVE = """
import { load } from 'edgeattn-web';
import { native } from 'edgeattn-web/native';

const [, , bundle] = process.argv;
const fast = await load(bundle, { engine: native });
const { name, message } = await load(bundle).catch((error) => error);
console.log(JSON.stringify([fast.engine.name, name, message]));
"""
SIZE = """
import { build } from 'vite';

const { output } = await build({
  configFile: false,
  logLevel: 'error',
  build: { write: false, rolldownOptions: { input: 'page.mjs', external: /^(@|onnxruntime)/ } },
});
for (const { code, isDynamicEntry } of output) if (!isDynamicEntry) process.stdout.write(code ?? '');
"""


@pytest.fixture(scope="module")
def packed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with the unpacked package, and what it depends on."""
    folder = tmp_path_factory.mktemp("app")
    modules = folder / "node_modules"
    modules.mkdir()
    for each in (package / "node_modules").iterdir():
        if not each.name.startswith("."):
            (modules / each.name).symlink_to(each)
    pack = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    subprocess.run(pack, cwd=package, capture_output=True, check=True)
    (archive,) = folder.glob("*.tgz")
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", folder], check=True)
    (folder / "package").rename(modules / "edgeattn-web")
    return folder


@pytest.mark.parametrize("script", ["types", "lint"])
def test_script(package: Path, script: str) -> None:
    run = subprocess.run(
        ["npm", "run", "--silent", script], cwd=package, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_an_empty_folder_uses_it(packed: Path) -> None:
    (packed / "app.mjs").write_text(APP, "utf-8")
    (packed / "worker.mjs").write_text(WORKER, "utf-8")
    command = ["node", "app.mjs", CONFORMANCE / "good.edge"]
    run = subprocess.run(command, cwd=packed, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    numbers, *rest = json.loads(run.stdout)
    assert len(set(numbers)) == 1
    assert rest == ["onnxruntime-web", "onnxruntime-node", "function", "function"]


def test_sharp_decodes_image_files_where_it_is_installed(packed: Path) -> None:
    (packed / "decoding.mjs").write_text(DECODING, "utf-8")
    command = ["node", "decoding.mjs", CONFORMANCE / "prepare" / "files" / "orientation-6.png"]

    def answer() -> list[object]:
        run = subprocess.run(command, cwd=packed, capture_output=True, text=True, check=True)
        return list(json.loads(run.stdout))

    width, height, size = answer()
    assert (width, height, size) == (13, 9, 13 * 9 * 4)  # upright
    sharp = packed / "node_modules" / "sharp"
    target = sharp.readlink()
    sharp.unlink()
    name, message = answer()
    sharp.symlink_to(target)
    assert name == "InputError"
    assert str(message).endswith("npm install sharp")


def test_onnxruntime_web_is_asked_for_where_it_runs_something(packed: Path) -> None:
    (packed / "native.mjs").write_text(NATIVE, "utf-8")
    engine = packed / "node_modules" / "onnxruntime-web"
    target = engine.readlink()
    engine.unlink()
    command = ["node", "native.mjs", CONFORMANCE / "good.edge"]
    run = subprocess.run(command, cwd=packed, capture_output=True, text=True, check=False)
    engine.symlink_to(target)
    assert run.returncode == 0, run.stderr
    fast, name, message = json.loads(run.stdout)
    assert (fast, name) == ("onnxruntime-node", "IncompatibleRuntimeError")
    assert message.endswith("npm install onnxruntime-web")


def test_its_types_stand_alone(packed: Path, package: Path) -> None:
    (packed / "app.ts").write_text(TYPED, "utf-8")
    options = ["--module", "nodenext", "--target", "es2024", "--lib", "es2024,dom,dom.asynciterable"]
    command = [package / "node_modules" / ".bin" / "tsc", "--noEmit", "--strict", "--ignoreConfig", *options]
    (packed / "package.json").write_text('{"type": "module"}', "utf-8")
    run = subprocess.run([*command, "app.ts"], cwd=packed, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_it_holds_modules_their_types_and_the_licences(packed: Path) -> None:
    folder = packed / "node_modules" / "edgeattn-web"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {f"dist/{name}.{end}" for name in MODULES for end in ("js", "d.ts")} <= files
    assert {"package.json", "README.md"} <= files
    assert not [file for file in files if file.startswith(("src/", "conformance", "node_modules"))]
    for name in ("LICENSE", "NOTICE"):
        assert (folder / name).read_bytes() == (CONFORMANCE.parents[2] / name).read_bytes()


def test_npm_would_publish_it(package: Path) -> None:
    publish = ["npm", "publish", "--dry-run", "--ignore-scripts"]  # it is built
    run = subprocess.run(publish, cwd=package, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"+ edgeattn-web@{edgeattn_runtime.__version__}" in run.stdout


def test_its_version_is_the_project_s(package: Path) -> None:
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    assert version == edgeattn_runtime.__version__


def test_what_every_page_fetches_is_small(packed: Path) -> None:
    (packed / "size.mjs").write_text(SIZE, "utf-8")
    everything = "import * as all from 'edgeattn-web';\nglobalThis.all = all;\n"
    (packed / "page.mjs").write_text(everything, "utf-8")
    run = subprocess.run(["node", "size.mjs"], cwd=packed, capture_output=True, check=True)
    assert 0 < len(gzip.compress(run.stdout)) < LARGEST
