/// What `generation` must keep: its graphs have what it names, in dtypes and dims that fit each other.
extension Manifest {
    func check(_ names: Generation) throws {
        guard let decoder = graphs[names.decoder] else {
            throw BundleError(description: "generation.decoder: \(names.decoder) is not in graphs")
        }
        let paired = names.kind == .encoderDecoder
        for found in [names.encoder != nil, names.sources != nil, names.carried != nil] {
            try require(
                found == paired, "generation: encoder, sources and carried expected of an encoder-decoder alone")
        }
        let taken = [names.tokens] + names.memory + (names.carried ?? [])
        try require(
            decoder.inputs.map(\.name).sorted() == taken.sorted(), "generation.decoder: inputs \(taken) expected")
        let tokens = try find(names.tokens, decoder.inputs, .int64, [nil, nil])
        let batch = tokens.dims[0]
        let sequence = tokens.dims[1]
        try require(batch.symbol != nil && sequence.symbol != nil, "generation.tokens: two symbols expected")
        let logits = try find(names.logits, decoder.outputs, .float32, [batch, sequence, nil])
        try require(logits.dims[2].size != nil, "generation.logits: a size expected last")
        _ = try find(names.length, decoder.inputs, .int64, [.size(1)])
        try require(!names.cache.isEmpty, "generation.cache: none found, at least one entry expected")
        try require(Set(names.cache.map(\.present)).count == names.cache.count, "generation.cache: a present twice")
        for entry in names.cache {
            let past = try find(entry.past, decoder.inputs, .float32, [batch, nil, .symbol("capacity"), nil])
            try require(
                past.dims[1].size != nil && past.dims[3].size != nil, "generation.cache: sizes expected in \(past)")
            _ = try find(entry.present, decoder.outputs, .float32, past.dims)
        }
        if paired { try check(names, decoder) }
        try integers("generation.positions", 1, [names.positions].compactMap { $0 })
        for (symbol, most) in [(batch, 1), (sequence, names.positions), (.symbol("capacity"), names.positions)] {
            let bounds = symbols[symbol.symbol!]!
            let reaches = bounds.max == nil || (most != nil && bounds.max! >= most!)
            try require(bounds.min <= 1 && reaches, "symbols.\(symbol): \(bounds) found, more expected by generation")
        }
    }

    /// Check the encoder of an encoder-decoder.
    private func check(_ names: Generation, _ decoder: Graph) throws {
        guard let encoder = graphs[names.encoder!] else {
            throw BundleError(description: "generation.encoder: \(names.encoder!) is not in graphs")
        }
        let sources = names.sources!
        try require(
            !sources.isEmpty && encoder.inputs.map(\.name).sorted() == sources.sorted(),
            "generation.sources: \(sources) found, each input of the encoder once expected")
        for name in names.carried! {
            let taken = decoder.inputs.first { $0.name == name }!
            _ = try find(name, encoder.outputs, taken.dtype, taken.dims)
        }
        try require(!names.carried!.isEmpty, "generation.carried: none found, at least one expected")
    }

    /// Return the tensor of that name; nil as a dim is any.
    private func find(_ name: String, _ tensors: [TensorSpec], _ dtype: DType, _ dims: [Dim?]) throws -> TensorSpec {
        guard let tensor = tensors.first(where: { $0.name == name }), tensor.dtype == dtype,
            tensor.dims.count == dims.count, zip(tensor.dims, dims).allSatisfy({ $1 == nil || $0 == $1 })
        else {
            throw BundleError(
                description: "generation: \(name) expected to be a \(dtype) \(dims.map { $0?.description ?? "any" })")
        }
        return tensor
    }
}
