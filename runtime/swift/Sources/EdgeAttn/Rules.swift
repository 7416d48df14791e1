import Foundation

private let largest = (1 << 53) - 1  // the largest integer that every JSON reader keeps exact

/// What a manifest must keep beyond its keys and their kinds.
extension Manifest {
    static func parse(_ data: Data) throws -> Manifest {
        struct Schema: Decodable { let schema: Int? }  // before all else: it says what the other keys mean
        if let schema = try? JSONDecoder().decode(Schema.self, from: data).schema {
            try require(
                schema == 2, "schema: \(schema) found, 2 expected; \(schema > 2 ? "upgrade edgeattn" : "export again")")
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
        try require(
            isHex(signature?.key ?? String(repeating: "0", count: 64)),
            "signature.key: 64 lowercase hex digits expected")
    }

    private func check(_ graph: Graph, _ key: String) throws {
        for input in graph.inputs {
            guard let rows = input.tableRows else { continue }
            try require(
                input.dtype.isInteger && 1...Int(Int32.max) ~= rows,
                "\(key): \(input) with table_rows \(rows) found, an input of integers and 1 to 2^31 - 1 expected")
        }
        let isKept = graph.outputs.allSatisfy { $0.tableRows == nil }
        try require(isKept, "\(key).outputs: table_rows found, expected of inputs alone")
        for tensors in [graph.inputs, graph.outputs] {
            try require(
                Set(tensors.map(\.name)).count == tensors.count, "\(key): two tensors of one name; expected one")
            for tensor in tensors {
                try integers("\(key).\(tensor.name)", 1, tensor.dims.compactMap(\.size))
                for symbol in tensor.dims.compactMap(\.symbol) {
                    try require(
                        symbols[symbol] != nil, "\(key): \(tensor.name) has a dim \(symbol) that is not in symbols")
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
            try require(
                !leadsToFile(name, option), "\(key).engine.options.\(name): an option that leads to no file expected")
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
        try require(rows != nil || variant.stacks.isEmpty, "\(key).stacks: some found, none expected without rows")
        for stack in variant.stacks {
            let known = EdgeAttn.symbols(of: main.inputs.flatMap { $0.dims.dropFirst() }).sorted()
            try require(
                stack.sizes.keys.sorted() == known, "\(key).stacks: sizes of \(known) expected as in the inputs")
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
            try require([0, 1].contains(padding.maskedOut), "rows.padding.masked_out: 0 or 1 expected")
            let mask = main.inputs.first { $0.name == padding.mask }
            let fits = mask?.dims.count == 2 && mask?.dims[1].symbol != nil
            try require(fits, "rows.padding.mask: \(padding.mask) found, an input [batch, symbol] expected")
        }
    }
}

func integers<Values: Sequence>(_ key: String, _ least: Int, _ values: Values) throws where Values.Element == Int {
    for value in values {
        try require(
            value >= least && value <= largest, "\(key): \(value) found, an integer from \(least) to 2^53 - 1 expected")
    }
}

private func isHex(_ text: String) -> Bool { text.wholeMatch(of: #/[0-9a-f]{64}/#) != nil }

/// Return whether an engine's option reads or writes a file, by its name or as a path.
private func leadsToFile(_ name: String, _ option: JSON) -> Bool {
    let name = name.lowercased()
    if ["file", "path", "folder", "dir"].contains(where: name.contains) { return true }
    guard case .text(let text) = option else { return false }
    return text.contains("/") || text.contains("\\")
}

/// Return an engine's option as onnxruntime reads it.
func text(of option: JSON) -> String? {
    switch option {
    case .text(let text): text
    case .flag(let flag): flag ? "1" : "0"
    case .number(let number): number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    default: nil
    }
}
