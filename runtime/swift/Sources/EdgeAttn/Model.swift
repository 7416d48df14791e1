import Foundation

/// A bundle opened once, then called with tensors, from any thread.
///
/// ```swift
/// let model = try Model(bundle: url)
/// let answer = try model.run(["input_ids": ids, "attention_mask": mask])["embedding"]
/// ```
public final class Model: Sendable, CustomStringConvertible {
    let files: BundleFiles
    let graphs: [String: Buckets]

    /// Open a bundle, check it whole, and make its graphs ready to be called.
    ///
    /// - Parameters:
    ///   - bundle: The folder, such as `sentence.edge`.
    ///   - target: The variants of this target alone, such as "cpu".
    ///   - threads: Intra-op threads; nil takes what the variant says, but no more than there are cores.
    /// - Throws: `BundleError` where it is not whole, or not what its manifest says; `IncompatibleRuntimeError` where no
    ///   variant runs here; `InputError` for an unknown target, or threads below 1.
    public init(bundle: URL, target: String? = nil, threads: Int? = nil) throws {
        try requireInput(threads ?? 1 >= 1, "\(threads ?? 0) threads; at least 1 expected")
        let files = try BundleFiles(bundle)
        let variants = try files.manifest.runnable(target: target)
        self.files = files
        graphs = try Dictionary(
            uniqueKeysWithValues: files.manifest.graphs.keys.map {
                ($0, try Buckets(files, $0, variants, threads: threads))
            })
    }

    /// All that the bundle says of itself.
    public var manifest: Manifest { files.manifest }

    public var description: String {
        let ends = [manifest.main.inputs, manifest.main.outputs].map { $0.map(\.description).joined(separator: ", ") }
        return "\(manifest.name): \(ends[0]) -> \(ends[1])"
    }

    /// Run a graph.
    ///
    /// A decoder called without any of its cache begins with an empty one, of length 0.
    ///
    /// - Parameters:
    ///   - inputs: One tensor an input of the contract, of its dtype and dims.
    ///   - graph: Which; nil is the main one.
    /// - Throws: `InputError` where the inputs do not keep the contract; `BundleError` where the graph fails on them.
    public func run(_ inputs: [String: Tensor], graph: String? = nil) throws -> [String: Tensor] {
        let name = graph ?? manifest.mainGraph
        guard let buckets = graphs[name] else { throw InputError(description: "\(manifest.name): no graph \(name)") }
        var whole = inputs
        if let generation = manifest.generation, name == generation.decoder {
            whole = try withCache(inputs, generation, buckets.graph)
        } else {
            try buckets.graph.check(inputs, manifest.symbols)
        }
        try manifest.checkTokenIds(inputs)
        return try buckets.run(whole)
    }

    private func withCache(_ inputs: [String: Tensor], _ names: Generation, _ graph: Graph) throws -> [String: Tensor] {
        if names.memory.contains(where: { inputs[$0] != nil }) {
            try graph.check(inputs, manifest.symbols)
            let capacity = inputs[names.cache[0].past]!.dims[2]
            let new = inputs[names.tokens]!.dims[1]
            let held = (inputs[names.length]!.elements() as [Int64])[0]
            try requireInput(
                held >= 0 && held <= capacity - new,
                "\(names.length): \(held) tokens found before \(new) new ones in a cache with room for \(capacity); give a larger cache"
            )
            return inputs
        }
        try graph.check(inputs, manifest.symbols, leaving: Set(names.memory))
        let dims = inputs[names.tokens]!.dims
        return try inputs.merging(names.emptyCache(graph, batch: dims[0], capacity: dims[1])) { $1 }
    }
}

extension Generation {
    /// Return a cache that holds nothing, with room for `capacity` tokens.
    func emptyCache(_ decoder: Graph, batch: Int, capacity: Int) throws -> [String: Tensor] {
        try decoder.inputs.reduce(into: [length: Tensor(zeros: .int64, dims: [1])]) { tensors, spec in
            guard memory.contains(spec.name), spec.name != length else { return }
            tensors[spec.name] = try Tensor(
                zeros: .float32, dims: [batch, spec.dims[1].size!, capacity, spec.dims[3].size!])
        }
    }
}
