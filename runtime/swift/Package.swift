// swift-tools-version: 5.9
import PackageDescription

#if os(Linux)
    // The engine is the system's, as pkg-config finds it in `libonnxruntime.pc`; sha256 is libcrypto's.
    let packages: [Package.Dependency] = []
    let engine: [Target] = [
        .systemLibrary(name: "COnnxRuntime", path: "Sources/COnnxRuntime", pkgConfig: "libonnxruntime"),
        .systemLibrary(name: "CCrypto", path: "Sources/CCrypto", providers: [.apt(["libssl-dev"])]),
    ]
    let needs: [Target.Dependency] = ["COnnxRuntime", "CCrypto"]
#else
    // The engine is onnxruntime's own Swift package; sha256 is CryptoKit's.
    let packages: [Package.Dependency] = [
        .package(url: "https://github.com/microsoft/onnxruntime-swift-package-manager", from: "1.24.2")
    ]
    let engine: [Target] = [
        .target(
            name: "COnnxRuntime",
            dependencies: [.product(name: "onnxruntime", package: "onnxruntime-swift-package-manager")],
            path: "Sources/COnnxRuntime",
            publicHeadersPath: ".")
    ]
    let needs: [Target.Dependency] = ["COnnxRuntime"]
#endif

let package = Package(
    name: "EdgeAttn",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "EdgeAttn", targets: ["EdgeAttn"])],
    dependencies: packages,
    targets: engine + [
        .target(name: "EdgeAttn", dependencies: needs),
        .executableTarget(name: "edgeattn-swift", dependencies: ["EdgeAttn"], path: "Examples/Command"),
        .executableTarget(name: "Digits", dependencies: ["EdgeAttn"], path: "Examples/Digits"),
        .executableTarget(name: "Conformance", dependencies: ["EdgeAttn"], path: "Tests/Conformance"),
    ]
)
