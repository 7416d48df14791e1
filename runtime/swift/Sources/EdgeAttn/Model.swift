import CEdgeAttn
import Foundation

/// A bundle opened once, then called with tensors, from any thread.
///
/// ```swift
/// let model = try await Model.load(bundle: url)
/// let answer = try await model.run(model.prepare(texts: ["a sentence"]))["embedding"]
/// ```
///
/// What takes its time comes twice: as it is, and `async`. The latter is taken where there is an `await`, keeps its
/// thread from no actor, and ends where its task is cancelled, with `CancellationError`.
public final class Model: Sendable, CustomStringConvertible {
    let handle: Handle

    /// What the graphs take and give, the main one first.
    public let graphs: [Graph]

    /// Opens a bundle and checks it whole.
    ///
    /// - Parameters:
    ///   - bundle: The folder, such as `sentence.edge`.
    ///   - target: The variants of this target alone, such as "cpu".
    ///   - threads: Intra-op threads; nil takes what the variant says, but no more than there are cores.
    ///   - trustedKeys: Ed25519 public keys in hex, one of which must have signed the bundle; nil verifies nothing.
    ///   - kernels: False has stock operators run where kernels are built in.
    /// - Throws: `BundleError` where it is not whole, or not what its manifest says; `IncompatibleRuntimeError` where no
    ///   variant runs here; `InputError` for an unknown target, threads below 1, or keys that are none.
    public init(
        bundle: URL, target: String? = nil, threads: Int? = nil, trustedKeys: [String]? = nil, kernels: Bool = true
    ) throws {
        let handle = try Arguments.with { arguments in
            var options = try arguments.loadOptions(target, threads, trustedKeys)
            options.kernels = kernels ? 1 : 0
            let folder = try arguments.text(bundle.path)
            return try Handle(handed { edgeattn_load(folder, &options, $0, $1) }) { edgeattn_model_free($0) }
        }
        self.handle = handle
        graphs = try handle.use { model in
            var count = 0
            let graphs = try handed { edgeattn_contract(model, $0, &count, $1) }
            return UnsafeBufferPointer(start: graphs, count: count).map { Graph($0!.pointee) }
        }
    }

    /// Opens a bundle without blocking an actor: see `init`.
    public static func load(
        bundle: URL, target: String? = nil, threads: Int? = nil, trustedKeys: [String]? = nil, kernels: Bool = true
    ) async throws -> Model {
        try await blocking { _ in
            try Model(bundle: bundle, target: target, threads: threads, trustedKeys: trustedKeys, kernels: kernels)
        }
    }

    /// What it is, what it takes and gives, and how it runs here: a fact a line. Empty once it is closed.
    public var description: String {
        (try? handle.use { model in try text { edgeattn_describe(model, $0, $1) } }) ?? ""
    }

    /// Returns manifest.json, all that the bundle says of itself.
    public func manifest() throws -> Data {
        Data(try handle.use { model in try text { edgeattn_manifest(model, $0, $1) } }.utf8)
    }

    /// Opens a graph now rather than at its first call.
    public func open(_ graph: String) throws {
        try Arguments.with { arguments in
            let graph = try arguments.text(graph)
            try handle.use { model in try call { edgeattn_open(model, graph, $0) } }
        }
    }

    /// Answers the golden inputs once, so that the first call of an app takes no longer than later ones.
    public func warmUp() async throws {
        try await blocking { _ in try self.handle.use { model in try call { edgeattn_warm_up(model, $0) } } }
    }

    /// Lets go of the graphs' memory, once calls that run have ended. Every later call throws an `InputError`.
    public func close() {
        handle.use { _ = edgeattn_close($0, nil) }
    }

    /// Runs a graph.
    ///
    /// A decoder called without any of its cache begins with an empty one, of length 0.
    ///
    /// - Parameters:
    ///   - inputs: One tensor an input of the contract, of its dtype and dims.
    ///   - graph: Which; nil is the main one.
    ///   - deadline: How long it may take.
    /// - Throws: `InputError` where the inputs do not keep the contract; `BundleError` where the graph fails on them;
    ///   `DeadlineError` where it takes longer.
    public func run(_ inputs: [String: Tensor], graph: String? = nil, deadline: Duration? = nil) throws
        -> [String: Tensor]
    {
        try run(inputs, graph, CallLimits(deadline: deadline))
    }

    public func run(_ inputs: [String: Tensor], graph: String? = nil, deadline: Duration? = nil) async throws
        -> [String: Tensor]
    {
        try await blocking(deadline: deadline) { try self.run(inputs, graph, $0) }
    }

    private func run(_ inputs: [String: Tensor], _ graph: String?, _ limits: CallLimits) throws -> [String: Tensor] {
        let outputs = try Handle.tensors(copying: inputs).use { inputs in
            try withCall(graph, limits) { model, graph, options in
                try handed { edgeattn_run(model, graph, inputs, options, $0, $1) }
            }
        }
        return try Handle.tensors(outputs).tensors()
    }

    /// Runs the main graph, or another, for many samples, each answered as by a call of its own, but faster where the
    /// bundle's rows allow it: padding is left out, and rows of equal sizes run together.
    public func runMany(_ samples: [[String: Tensor]], graph: String? = nil, deadline: Duration? = nil) throws
        -> [[String: Tensor]]
    {
        try runMany(samples, graph, CallLimits(deadline: deadline))
    }

    public func runMany(_ samples: [[String: Tensor]], graph: String? = nil, deadline: Duration? = nil) async throws
        -> [[String: Tensor]]
    {
        try await blocking(deadline: deadline) { try self.runMany(samples, graph, $0) }
    }

    private func runMany(_ samples: [[String: Tensor]], _ graph: String?, _ limits: CallLimits) throws
        -> [[String: Tensor]]
    {
        let inputs = try samples.map(Handle.tensors(copying:))
        var answers = [OpaquePointer?](repeating: nil, count: samples.count)
        try withExtendedLifetime(inputs) {
            let pointers = inputs.map { $0.use(Optional.some) }
            try withCall(graph, limits) { model, graph, options in
                try call { edgeattn_run_many(model, graph, pointers, pointers.count, options, &answers, $0) }
            }
        }
        return try answers.map { try Handle.tensors($0) }.map { try $0.tensors() }
    }

    private func withCall<Result>(
        _ graph: String?, _ limits: CallLimits,
        _ body: (OpaquePointer, UnsafePointer<CChar>?, UnsafePointer<edgeattn_call_options>) throws -> Result
    ) throws -> Result {
        try Arguments.with { arguments in
            let graph = try arguments.text(ifAny: graph)
            return try handle.use { model in try limits.withOptions { try body(model, graph, $0) } }
        }
    }
}

extension Arguments {
    func loadOptions(_ target: String?, _ threads: Int?, _ trustedKeys: [String]?) throws -> edgeattn_load_options {
        var options = edgeattn_load_options_default()
        options.target = try text(ifAny: target)
        if let threads { options.threads = threadCount(threads) }
        if let trustedKeys {  // an empty list is refused
            options.trusted_keys = try texts(trustedKeys)
            options.trusted_key_count = trustedKeys.count
        }
        return options
    }
}

/// A number of threads; -1, the core's sign for none given, is as wrong as 0.
func threadCount(_ threads: Int) -> Int32 { Int32(clamping: max(threads, 0)) }
