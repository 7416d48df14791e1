// swift-tools-version: 5.9
import PackageDescription

#if os(Linux)
    // The engine is the system's, as pkg-config finds it in `libonnxruntime.pc`.
    let packages: [Package.Dependency] = []
    let engine: Target.Dependency = "COnnxRuntime"
    let system: [Target] = [
        .systemLibrary(
            name: "COnnxRuntime", path: "runtime/swift/Sources/COnnxRuntime", pkgConfig: "libonnxruntime")
    ]
#else
    // The engine is onnxruntime's own Swift package; this release runs bundles of the target cpu-1.21.
    let packages: [Package.Dependency] = [
        .package(url: "https://github.com/microsoft/onnxruntime-swift-package-manager", from: "1.24.2")
    ]
    let engine: Target.Dependency = .product(
        name: "onnxruntime", package: "onnxruntime-swift-package-manager")
    let system: [Target] = []
#endif

// Kernels are built in where the environment says so; the compiler must find Highway's headers.
let withKernels = Context.environment["EDGEATTN_WITH_KERNELS"] != nil
let kernels: [Target] = [
    .target(
        name: "CEdgeAttnKernels",
        dependencies: [engine],
        path: "runtime/kernels",
        exclude: ["src/exports.map"],
        sources: ["src"],
        cxxSettings: [.headerSearchPath("src")])
]
let beneath: [Target] = withKernels ? system + kernels : system
let beneathCore: [Target.Dependency] = withKernels ? [engine, "CEdgeAttnKernels"] : [engine]
let kernelsInCore: CXXSetting = .define("EDGEATTN_KERNELS", to: withKernels ? "1" : "0")

let swift = "runtime/swift"

let package = Package(
    name: "edgeattn",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "EdgeAttn", targets: ["EdgeAttn"])],
    dependencies: packages,
    targets: beneath + [
        .target(
            name: "CEdgeAttn",
            dependencies: beneathCore,
            path: "runtime/cpp",
            exclude: ["src/edgeattn_run.cpp", "src/text/record_unicode.py", "src/text/unicode_tables.inc"],
            sources: ["src", "third_party/monocypher/monocypher.c"],
            cxxSettings: [
                .headerSearchPath("src"), .headerSearchPath("third_party"), .define("EDGEATTN_STATIC"), kernelsInCore,
            ]),
        .target(name: "EdgeAttn", dependencies: ["CEdgeAttn"], path: "\(swift)/Sources/EdgeAttn"),
        .executableTarget(
            name: "edgeattn-swift", dependencies: ["EdgeAttn"], path: "\(swift)/Examples/Command"),
        .executableTarget(
            name: "Dictation", dependencies: ["EdgeAttn"], path: "\(swift)/Examples/Dictation"),
        .executableTarget(name: "Digits", dependencies: ["EdgeAttn"], path: "\(swift)/Examples/Digits"),
        .executableTarget(name: "Keywords", dependencies: ["EdgeAttn"], path: "\(swift)/Examples/Keywords"),
        .executableTarget(name: "Story", dependencies: ["EdgeAttn"], path: "\(swift)/Examples/Story"),
        .executableTarget(
            name: "Conformance", dependencies: ["EdgeAttn"], path: "\(swift)/Tests/Conformance"),
        .executableTarget(
            name: "Lifecycle", dependencies: ["EdgeAttn"], path: "\(swift)/Tests/Lifecycle"),
        .executableTarget(name: "Latency", dependencies: ["EdgeAttn"], path: "\(swift)/Tests/Latency"),
    ],
    cxxLanguageStandard: .cxx17
)
