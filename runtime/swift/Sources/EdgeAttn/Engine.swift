import COnnxRuntime
import Foundation

/// onnxruntime itself: one environment for the process.
final class Engine: @unchecked Sendable {
    let api: OrtApi
    let version: String
    let providers: [String]
    let environment: OpaquePointer
    let memory: OpaquePointer

    private static let shared = Result { try Engine() }

    static func here() throws -> Engine { try shared.get() }

    private init() throws {
        setenv("ORT_DISABLE_TELEMETRY", "1", 1)  // official builds send it from their first call on
        let base = OrtGetApiBase()!
        version = String(cString: base.pointee.GetVersionString()!)
        guard let found = base.pointee.GetApi(UInt32(ORT_API_VERSION)) else {
            throw IncompatibleRuntimeError(
                description: "onnxruntime \(version) found, 1.\(ORT_API_VERSION) expected as its header says")
        }
        api = found.pointee
        var made: OpaquePointer?
        var place: OpaquePointer?
        try Engine.check(api, api.CreateEnv(ORT_LOGGING_LEVEL_FATAL, "edgeattn", &made))
        try Engine.check(api, api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &place))
        (environment, memory) = (made!, place!)
        try Engine.check(api, api.DisableTelemetryEvents(environment))
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: Int32 = 0
        try Engine.check(api, api.GetAvailableProviders(&names, &count))
        providers = (0..<Int(count)).map { String(cString: names![$0]!) }
        _ = api.ReleaseAvailableProviders(names, count)
    }

    /// What onnxruntime says where it fails, without the place in its sources.
    struct Failure: Error {
        let reason: String
    }

    func check(_ status: OrtStatusPtr?) throws { try Engine.check(api, status) }

    private static func check(_ api: OrtApi, _ status: OrtStatusPtr?) throws {
        guard let status else { return }
        defer { api.ReleaseStatus(status) }
        let words = String(cString: api.GetErrorMessage(status)!).split(whereSeparator: \.isWhitespace)
        throw Failure(
            reason: words.joined(separator: " ").replacing(#/^Load model from .*? failed:|\S+\.(cc|h):\d+ /#, with: ""))
    }

    /// What it says of a model that is whole, but beyond this build.
    private static let beyond = [
        "support for models stamped with official released onnx opset versions", "Unsupported model IR version",
        "The ORT format model version", "is not a registered function/op", "No Op registered for",
        "Could not find an implementation for",
    ]

    func explain(_ label: String, _ reason: String) -> any EdgeAttnError {
        if Engine.beyond.contains(where: reason.contains) {
            return IncompatibleRuntimeError(
                description: "\(label): beyond onnxruntime \(version) (\(reason)); upgrade onnxruntime")
        }
        return BundleError(
            description: "\(label): onnxruntime \(version) cannot load it (\(reason)); export the model again")
    }
}
