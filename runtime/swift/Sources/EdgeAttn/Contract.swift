import CEdgeAttn

/// A size of at least 1, or a symbol such as "batch".
public enum Dim: Sendable, Hashable, CustomStringConvertible {
    case size(Int)
    case symbol(String)

    public var description: String {
        switch self {
        case .size(let size): "\(size)"
        case .symbol(let name): name
        }
    }
}

/// An input or output of a graph.
public struct TensorSpec: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public let dtype: DType
    public let dims: [Dim]

    public var description: String {
        "\(name) \(dtype)[\(dims.map(\.description).joined(separator: ", "))]"
    }

    init(_ spec: edgeattn_tensor_spec) {
        name = String(cString: spec.name)
        dtype = DType(rawValue: String(cString: spec.dtype))!
        dims = UnsafeBufferPointer(start: spec.dims, count: spec.rank).map { dim in
            dim.symbol.map { .symbol(String(cString: $0)) } ?? .size(Int(dim.size))
        }
    }
}

/// What a graph takes and gives.
public struct Graph: Sendable, Hashable {
    public let name: String
    public let inputs, outputs: [TensorSpec]

    init(_ graph: edgeattn_graph_spec) {
        name = String(cString: graph.name)
        inputs = UnsafeBufferPointer(start: graph.inputs, count: graph.input_count).map { TensorSpec($0!.pointee) }
        outputs = UnsafeBufferPointer(start: graph.outputs, count: graph.output_count).map { TensorSpec($0!.pointee) }
    }
}
