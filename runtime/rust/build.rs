//! Builds the core as a shared library beside what cargo builds, which finds it there.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}; install cmake"));
    assert!(status.success(), "{command:?}: {status}");
}

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
    let folder = PathBuf::from(env::var("OUT_DIR").unwrap());
    let packaged = root.join("cpp"); // as .ci/release lays it into the crate
    let core = if packaged.exists() { packaged } else { root.join("../cpp") };
    let build = folder.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&core).arg("-B").arg(&build);
    configure.args(["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DEDGEATTN_COMMAND=OFF"]);
    configure.arg("-DCMAKE_INSTALL_LIBDIR=lib");
    if let Ok(engine) = env::var("ONNXRUNTIME_ROOT") {
        configure.arg(format!("-DONNXRUNTIME_ROOT={engine}"));
    }
    run(&mut configure);
    run(Command::new("cmake").arg("--build").arg(&build).args(["--config", "Release", "--parallel"]));
    run(Command::new("cmake").arg("--install").arg(&build).arg("--prefix").arg(&folder));
    println!("cargo:rustc-link-search=native={}", folder.join("lib").display());
    println!("cargo:rustc-link-lib=dylib=edgeattn");
    println!("cargo:rerun-if-env-changed=ONNXRUNTIME_ROOT");
    for part in ["CMakeLists.txt", "cmake", "include", "src"] {
        println!("cargo:rerun-if-changed={}", core.join(part).display());
    }
}
