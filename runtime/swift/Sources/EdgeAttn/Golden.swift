import CEdgeAttn
import Foundation

/// How near one output of one golden sample came to PyTorch's. `error` is the root mean square of its numbers' errors,
/// each in units of its channel's spread; it and `maxAbs` are nil where no number says it.
public struct GoldenResult: Sendable, Hashable {
    public let sample: Int
    public let output: String
    public let error, maxAbs: Double?
    public let ok: Bool

    init(_ result: edgeattn_golden_result) {
        sample = Int(result.sample)
        output = String(cString: result.output)
        error = result.error.isNaN ? nil : result.error
        maxAbs = result.max_abs.isNaN ? nil : result.max_abs
        ok = result.ok != 0
    }
}

/// Takes the results that the core handed out.
func goldenResults(_ found: OpaquePointer?) throws -> [GoldenResult] {
    try Handle(found) { edgeattn_golden_results_free($0) }.use { results in
        var count = 0
        let first = edgeattn_golden_results_get(results, &count)
        return UnsafeBufferPointer(start: first, count: count).map { GoldenResult($0!.pointee) }
    }
}

extension Model {
    /// Replays the golden vectors, PyTorch's answers for real inputs, each at the tolerance of the variant that answers.
    ///
    /// - Throws: `BundleError` where they are not what the manifest says.
    public func check(deadline: Duration? = nil) throws -> [GoldenResult] {
        try check(CallLimits(deadline: deadline))
    }

    public func check(deadline: Duration? = nil) async throws -> [GoldenResult] {
        try await blocking(deadline: deadline) { try self.check($0) }
    }

    private func check(_ limits: CallLimits) throws -> [GoldenResult] {
        let found = try handle.use { model in
            try limits.withOptions { options in try handed { edgeattn_check(model, options, $0, $1) } }
        }
        return try goldenResults(found)
    }

    /// Loads a bundle, replays its golden vectors, and times it on their inputs, interleaved.
    ///
    /// - Parameters:
    ///   - threads: Numbers of intra-op threads to time; none takes what the bundle says.
    ///   - rounds: Counted calls for each sample and number of threads.
    ///   - warmup: Calls before them.
    ///   - kernels: False times stock operators where kernels are built in.
    /// - Returns: JSON, which `edgeattn report NAME.edge --add` reads.
    public static func bench(
        _ bundle: URL, target: String? = nil, threads: [Int] = [], rounds: Int = 100, warmup: Int = 10,
        kernels: Bool = true
    ) throws -> Data {
        try Arguments.with { arguments in
            var options = edgeattn_bench_options_default()
            options.target = try arguments.text(ifAny: target)
            options.threads = arguments.array(threads.map(threadCount))
            options.thread_count = threads.count
            (options.rounds, options.warmup) = (Int32(clamping: rounds), Int32(clamping: warmup))
            options.kernels = kernels ? 1 : 0
            let folder = try arguments.text(bundle.path)
            return Data(try text { edgeattn_bench(folder, &options, $0, $1) }.utf8)
        }
    }
}
