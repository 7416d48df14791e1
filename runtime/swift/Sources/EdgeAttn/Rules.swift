import Foundation

private let largest = (1 << 53) - 1  // the largest integer that every JSON reader keeps exact

/// What a manifest must keep beyond its keys and their kinds.
extension Manifest {
    static func parse(_ data: Data) throws -> Manifest {
        struct Schema: Decodable { let schema: Int? }  // before all else: it says what the other keys mean
        if let schema = try? JSONDecoder().decode(Schema.self, from: data).schema {
            try require(schema == 2, "schema: \(schema) found, 2 expected; \(schema > 2 ? "upgrade edgeattn" : "export again")")
        }
        let manifest = try decodeStrictly(Manifest.self, data, free: ["provenance"])
        try manifest.check()
        return manifest
    }

    private func check() throws {
        let names = graphs.keys.sorted().joined(separator: ", ")
        try require(graphs.count == 1 || graphs["model"] != nil, "graphs: \(names) found, one named model expected")
        for (symbol, bounds) in symbols {
            try integers("symbols.\(symbol)", 0, [bounds.min])
            try integers("symbols.\(symbol)", bounds.min, [bounds.max].compactMap { $0 })
        }
        for (name, graph) in graphs { try check(graph, "graphs.\(name)") }
        for (path, entry) in files { try check(path, entry) }
        try require(files[golden.file] != nil, "golden.file: \(golden.file) is not in files; list it there")
        try integers("golden.samples", 1, [golden.samples])
        if let generation { try check(generation) }
        if let rows { try check(rows) }
        if let processing { try check(processing) }
        for (i, variant) in variants.enumerated() { try check(variant, "variants[\(i)]") }
        try require(!variants.isEmpty, "variants: none found, at least one expected")
        if let signature {
            try require(signature.scheme == "ed25519", "signature.scheme: \(signature.scheme) found, ed25519 expected")
            try require(isHex(signature.key), "signature.key: 64 lowercase hex digits expected")
        }
    }

    private func check(_ graph: Graph, _ key: String) throws {
        for tensors in [graph.inputs, graph.outputs] {
            try require(Set(tensors.map(\.name)).count == tensors.count, "\(key): two tensors of one name; expected one")
            for tensor in tensors {
                try integers("\(key).\(tensor.name)", 1, tensor.dims.compactMap(\.size))
                for symbol in tensor.dims.compactMap(\.symbol) {
                    try require(symbols[symbol] != nil, "\(key): \(tensor.name) has a dim \(symbol) that is not in symbols")
                }
            }
        }
    }

    private func check(_ path: String, _ entry: FileEntry) throws {
        let isPath = path.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*/#) != nil
        try require(
            isPath && !["manifest.json", "manifest.sig"].contains(path),
            "files: \(path) found, the path of another file inside the folder expected")
        try require(isHex(entry.sha256), "files.\(path).sha256: 64 lowercase hex digits expected")
        try integers("files.\(path).size", 0, [entry.size])
    }

    private func check(_ variant: Variant, _ key: String) throws {
        try require(
            variant.engine.version.wholeMatch(of: #/[0-9]+(\.[0-9]+)*/#) != nil,
            "\(key).engine.version: \(variant.engine.version) found, a version such as 1.23 expected")
        try require(!variant.engine.providers.isEmpty, "\(key).engine.providers: none found, at least one expected")
        for (name, option) in variant.engine.options {
            try require(text(of: option) != nil, "\(key).engine.options.\(name): a text, number or boolean expected")
        }
        try require(
            variant.files.keys.sorted() == graphs.keys.sorted(), "\(key).files: one file for each graph expected")
        for file in variant.files.values {
            try require(files[file] != nil, "\(key).files: \(file) is not in files; list it with sha256 and size")
        }
        for (symbol, size) in variant.sizes {
            let isAllowed = symbols[symbol]?.allows(size) ?? false
            try require(isAllowed, "\(key).sizes.\(symbol): \(size) found, a size of a symbol expected")
        }
        try integers("\(key).sizes", 1, variant.sizes.values)
        if let session = variant.session { try integers("\(key).session.threads", 1, [session.threads]) }
        try require(["pass", "fail"].contains(variant.verdict), "\(key).verdict: pass or fail expected")
        try require(rows != nil || variant.stacks.isEmpty, "\(key).stacks: some found, none expected without rows")
        for stack in variant.stacks {
            let known = EdgeAttn.symbols(of: main.inputs.flatMap { $0.dims.dropFirst() }).sorted()
            try require(stack.sizes.keys.sorted() == known, "\(key).stacks: sizes of \(known) expected as in the inputs")
            try integers("\(key).stacks", 1, stack.sizes.values)
            try integers("\(key).stacks", 1, [stack.rows])
            let bounds = symbols[rows!.batch]!
            try require(bounds.allows(stack.rows), "\(key).stacks: \(stack.rows) rows found, \(bounds) expected")
        }
    }

    private func check(_ rows: Rows) throws {
        let batch = Dim.symbol(rows.batch)
        for tensor in main.inputs + main.outputs {
            let leads = tensor.dims.first == batch && !tensor.dims.dropFirst().contains(batch)
            try require(leads, "rows.batch: \(tensor) found, \(batch) expected to lead it and no more")
        }
        let known = main.inputs.flatMap { $0.dims.compactMap(\.symbol) }
        for symbol in main.outputs.flatMap({ $0.dims.compactMap(\.symbol) }) {
            try require(known.contains(symbol), "rows: an output with a dim \(symbol), which no input has")
        }
        try require(symbols[rows.batch]?.min == 1, "symbols.\(rows.batch).min: 1 expected by rows")
        if let padding = rows.padding {
            try require([0, 1].contains(padding.masked_out), "rows.padding.masked_out: 0 or 1 expected")
            let mask = main.inputs.first { $0.name == padding.mask }
            let fits = mask?.dims.count == 2 && mask?.dims[1].symbol != nil
            try require(fits, "rows.padding.mask: \(padding.mask) found, an input [batch, symbol] expected")
        }
    }

    private func check(_ names: Generation) throws {
        guard let decoder = graphs[names.decoder] else {
            throw BundleError(description: "generation.decoder: \(names.decoder) is not in graphs")
        }
        try require(["decoder", "encoder-decoder"].contains(names.kind), "generation.kind: \(names.kind) found")
        let paired = names.kind == "encoder-decoder"
        for found in [names.encoder != nil, names.sources != nil, names.carried != nil] {
            try require(found == paired, "generation: encoder, sources and carried expected of an encoder-decoder alone")
        }
        let taken = [names.tokens] + names.memory + (names.carried ?? [])
        try require(decoder.inputs.map(\.name).sorted() == taken.sorted(), "generation.decoder: inputs \(taken) expected")
        let tokens = try find(names.tokens, decoder.inputs, .int64, [nil, nil])
        let batch = tokens.dims[0], sequence = tokens.dims[1]
        try require(batch.symbol != nil && sequence.symbol != nil, "generation.tokens: two symbols expected")
        let logits = try find(names.logits, decoder.outputs, .float32, [batch, sequence, nil])
        try require(logits.dims[2].size != nil, "generation.logits: a size expected last")
        _ = try find(names.length, decoder.inputs, .int64, [.size(1)])
        try require(!names.cache.isEmpty, "generation.cache: none found, at least one entry expected")
        try require(Set(names.cache.map(\.present)).count == names.cache.count, "generation.cache: a present twice")
        for entry in names.cache {
            let past = try find(entry.past, decoder.inputs, .float32, [batch, nil, .symbol("capacity"), nil])
            try require(past.dims[1].size != nil && past.dims[3].size != nil, "generation.cache: sizes expected in \(past)")
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
        else { throw BundleError(description: "generation: \(name) expected to be a \(dtype) \(dims.map { $0?.description ?? "any" })") }
        return tensor
    }

    private func check(_ processing: Processing) throws {
        let parts: [Any?] = [processing.text, processing.image, processing.audio, processing.labels]
        try require(parts.contains { $0 != nil }, "processing: none found, text, image, audio or labels expected")
        let called = [mainGraph, generation?.decoder, generation?.encoder].compactMap { $0.flatMap { graphs[$0] } }
        let inputs = Set(called.flatMap { $0.inputs.map(\.name) })
        let named = [processing.text?.ids, processing.text?.mask, processing.text?.types, processing.image?.input, processing.audio?.input]
        for name in named.compactMap({ $0 }) {
            try require(inputs.contains(name), "processing: \(name) found, one of \(inputs.sorted()) expected")
        }
        if let text = processing.text {
            try require(files[text.tokenizer] != nil, "processing.text.tokenizer: \(text.tokenizer) is not in files")
            try integers("processing.text.longest", 1, [text.longest].compactMap { $0 })
        }
        if let image = processing.image {
            try integers("processing.image", 1, [image.height, image.width])
            try require(["RGB", "BGR", "L"].contains(image.channels), "processing.image.channels: RGB, BGR or L expected")
            try require(["NCHW", "NHWC"].contains(image.layout), "processing.image.layout: NCHW or NHWC expected")
            try require(["nearest", "bilinear", "bicubic"].contains(image.resample), "processing.image.resample: \(image.resample) found")
            let count = image.channels.count
            try require(image.mean.count == count && image.std.count == count, "processing.image: a mean and std a channel expected")
            try require(image.std.allSatisfy { $0 > 0 }, "processing.image.std: numbers above 0 expected")
        }
        if let audio = processing.audio { try integers("processing.audio", 1, [audio.rate, audio.channels]) }
        if let labels = processing.labels {
            let output = called.flatMap(\.outputs).last { $0.name == labels.output }
            let fits = !labels.names.isEmpty && output?.dims.last == .size(labels.names.count)
            try require(fits, "processing.labels: \(labels.names.count) names of \(labels.output) found, one a place expected")
        }
    }
}

private func integers<Values: Sequence>(_ key: String, _ least: Int, _ values: Values) throws where Values.Element == Int {
    for value in values {
        try require(value >= least && value <= largest, "\(key): \(value) found, an integer from \(least) to 2^53 - 1 expected")
    }
}

private func isHex(_ text: String) -> Bool { text.wholeMatch(of: #/[0-9a-f]{64}/#) != nil }

/// Return an engine's option as onnxruntime reads it.
func text(of option: JSON) -> String? {
    switch option {
    case .text(let text): text
    case .flag(let flag): flag ? "1" : "0"
    case .number(let number): number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    default: nil
    }
}
