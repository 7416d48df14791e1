/// A dim of a contract: a size, or a symbol.
public enum Dim: Codable, Hashable, Sendable, CustomStringConvertible {
    case size(Int)
    case symbol(String)

    public init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let symbol = try? value.decode(String.self) {
            self = .symbol(symbol)
        } else {
            self = .size(try value.decode(Int.self))
        }
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .size(let size): try container.encode(size)
        case .symbol(let symbol): try container.encode(symbol)
        }
    }

    var symbol: String? { if case .symbol(let name) = self { name } else { nil } }
    var size: Int? { if case .size(let size) = self { size } else { nil } }
    public var description: String { symbol ?? "\(size ?? 0)" }
}

/// An input or output of a graph.
public struct TensorSpec: Codable, Sendable, CustomStringConvertible {
    public let name: String
    public let dtype: DType
    public let dims: [Dim]
    /// Of an input whose values are indices into a lookup table: its rows.
    public let tableRows: Int?

    public var description: String { "\(name): \(dtype)\(dims)" }
}

/// The sizes that a symbol may take, both ends included; a `max` of nil is unbounded.
public struct Bounds: Codable, Sendable, CustomStringConvertible {
    public let min: Int
    @Nullable public private(set) var max: Int?

    public var description: String { max.map { "\(min) to \($0)" } ?? "at least \(min)" }
    func allows(_ size: Int) -> Bool { size >= min && size <= max ?? .max }
}

/// What a graph takes and gives: the same in every variant of the bundle.
public struct Graph: Codable, Sendable {
    public let inputs: [TensorSpec]
    public let outputs: [TensorSpec]

    /// Check a call's inputs; nothing is cast silently.
    func check(_ found: [String: Tensor], _ symbols: [String: Bounds], leaving absent: Set<String> = []) throws {
        let expected = inputs.filter { !absent.contains($0.name) }
        let names = Set(expected.map(\.name))
        let unknown = found.keys.filter { !names.contains($0) }.sorted().map { "unknown \($0)" }
        let missing = names.filter { found[$0] == nil }.sorted().map { "missing \($0)" }
        try requireInput(
            unknown.isEmpty && missing.isEmpty,
            "inputs: \((unknown + missing).joined(separator: ", ")); expected \(names.sorted().joined(separator: ", "))"
        )
        for spec in expected {
            let tensor = found[spec.name]!
            try requireInput(tensor.dtype == spec.dtype, "\(spec): \(tensor.dtype) found, \(spec.dtype) expected")
            try requireInput(!tensor.hasNaN, "\(spec): NaN found, numbers expected; check what made this input")
            if let rows = spec.tableRows, let index = tensor.firstIndex(beyond: rows) {
                throw InputError(
                    description:
                        "\(spec.name) holds \(index), out of range for a lookup table of \(rows) rows; give 0 to \(rows - 1)"
                )
            }
        }
        for (symbol, size) in try sizes(of: expected, in: found) {
            let bounds = symbols[symbol]!
            try requireInput(bounds.allows(size), "dim \(symbol): \(size) found, \(bounds) expected")
        }
    }

    /// Return the size of every symbol of the inputs.
    func sizes(of inputs: [TensorSpec]? = nil, in tensors: [String: Tensor]) throws -> [String: Int] {
        var sizes: [String: Int] = [:]
        for spec in inputs ?? self.inputs {
            let dims = tensors[spec.name]!.dims
            try requireInput(dims.count == spec.dims.count, "\(spec): \(dims) found, \(spec.dims.count) dims expected")
            for (axis, (size, dim)) in zip(dims, spec.dims).enumerated() {
                let expected = dim.size ?? sizes[dim.symbol!] ?? size
                try requireInput(size == expected, "\(spec): \(size) found on axis \(axis), \(expected) expected")
                if let symbol = dim.symbol { sizes[symbol] = size }
            }
        }
        return sizes
    }
}

extension Manifest {
    /// Check that an input which is named here as token ids has none below 0, also where no table is known that they index.
    func checkTokenIds(_ inputs: [String: Tensor]) throws {
        for name in [generation?.tokens, processing?.text?.ids].compactMap({ $0 }) {
            let negative = inputs[name]?.doubles.first { $0 < 0 } ?? 0
            try requireInput(
                negative == 0, "\(name): token id \(Int(negative)) found, at least 0 expected; check the tokenizer")
        }
    }
}

/// Return every symbol of `dims`, once, in order of appearance.
func symbols<Dims: Sequence>(of dims: Dims) -> [String] where Dims.Element == Dim {
    dims.compactMap(\.symbol).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
}
