/// One graph in several fixed sizes: each call goes to the first variant that it fits, padded where it may be.
struct Buckets: Sendable {
    let graph: Graph
    let rows: Rows?
    let variants: [Variant]  // up to the first that fixes none of the graph's sizes
    let sessions: [GraphSession]
    let threads: Int  // of the preferred variant

    init(_ files: BundleFiles, _ name: String, _ runnable: [Variant], threads: Int?) throws {
        graph = files.manifest.graphs[name]!
        rows = name == files.manifest.mainGraph ? files.manifest.rows : nil
        let known = symbols(of: graph.inputs.flatMap(\.dims))
        let free = runnable.firstIndex { $0.sizes.keys.allSatisfy { !known.contains($0) } }
        variants = free.map { Array(runnable[...$0]) } ?? runnable
        self.threads = variants[0].settings(threads).threads
        sessions = try variants.map { [graph] variant in
            try GraphSession(files.path(variant.files[name]!), graph, variant.engine, variant.settings(threads))
        }
    }

    /// Return which variant answers a call of these sizes, by symbol.
    func fitting(_ sizes: [String: Int]) throws -> Int {
        let sequence = rows?.sequence(graph)
        let index = variants.firstIndex { variant in
            sizes.allSatisfy { symbol, size in
                guard let fixed = variant.sizes[symbol] else { return true }
                return size == fixed || symbol == rows?.batch || (symbol == sequence && size < fixed)
            }
        }
        guard let index else {
            let fixed = variants.map { "\($0.sizes)" }.joined(separator: " or ")
            throw InputError(description: "inputs of \(sizes) found, sizes of a variant expected: \(fixed)")
        }
        return index
    }

    /// Answer tensors that keep the contract, in their own sizes.
    func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        let sizes = try graph.sizes(in: inputs)
        let index = try fitting(sizes)
        let session = sessions[index]
        let fixed = variants[index].sizes.filter { sizes[$0.key] != nil }
        if fixed.allSatisfy({ sizes[$0.key] == $0.value }) { return try session.run(inputs) }
        let padded = try pad(inputs, to: rows?.sequence(graph).flatMap { fixed[$0] })
        return try cut(runRows(session, padded, rows.flatMap { fixed[$0.batch] }, sizes), sizes)
    }

    /// What stands in padding changes no answer, but for the mask that tells it.
    private func pad(_ inputs: [String: Tensor], to length: Int?) throws -> [String: Tensor] {
        guard let length, let padding = rows?.padding else { return inputs }
        return try Dictionary(
            uniqueKeysWithValues: graph.inputs.map { spec in
                let tensor = inputs[spec.name]!
                let dims = zip(tensor.dims, spec.dims).map { $1.symbol == rows?.sequence(graph) ? length : $0 }
                return (spec.name, try tensor.resized(dims, filling: spec.name == padding.mask ? padding.maskedOut : 0))
            })
    }

    /// Run as many rows at a time as the variant takes; its last call is filled up with the last row.
    private func runRows(
        _ session: GraphSession, _ inputs: [String: Tensor], _ count: Int?, _ sizes: [String: Int]
    ) throws -> [String: Tensor] {
        guard let count, let batch = rows?.batch, let all = sizes[batch] else { return try session.run(inputs) }
        try requireInput(
            count <= 1 << 16, "a variant of \(count) rows at once found, fewer expected; use another target")
        let answers = try stride(from: 0, to: all, by: count).map { start in
            try session.run(inputs.mapValues { try $0.rows((start..<start + count).map { min($0, all - 1) }) })
        }
        return try answers[0].keys.reduce(into: [:]) { joined, name in
            joined[name] = try .joined(answers.map { $0[name]! })
        }
    }

    private func cut(_ outputs: [String: Tensor], _ sizes: [String: Int]) throws -> [String: Tensor] {
        let padded = [rows?.batch, rows?.sequence(graph)].compactMap { $0 }
        return try Dictionary(
            uniqueKeysWithValues: graph.outputs.map { spec in
                let tensor = outputs[spec.name]!
                let dims = zip(tensor.dims, spec.dims).map { size, dim in
                    dim.symbol.flatMap { padded.contains($0) ? sizes[$0] : nil } ?? size
                }
                return (spec.name, try tensor.resized(dims))
            })
    }
}

extension Variant {
    /// How its graphs are opened: with no more threads than there are cores, unless the caller says so.
    func settings(_ threads: Int?) -> Session {
        var settings = session ?? Session()
        settings.threads = threads ?? min(settings.threads, availableCores())
        return settings
    }
}
