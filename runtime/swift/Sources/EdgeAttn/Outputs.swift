import CEdgeAttn

/// A name, and the output's value at its place.
public struct Label: Sendable, Hashable {
    public let name: String
    public let value: Float
}

/// What an output means, by the bundle's `processing`.
extension Model {
    /// Names the places of a call's outputs: for every vector, labels from the largest value to the least.
    public func labels(_ outputs: [String: Tensor]) throws -> [[Label]] {
        let found = try read(outputs) { edgeattn_labels($0, $1, $2, $3) }
        return try Handle(found) { edgeattn_label_list_free($0) }.use { list in
            (0..<edgeattn_label_list_vectors(list)).map { vector in
                var count = 0
                let first = edgeattn_label_list_get(list, vector, &count)
                return UnsafeBufferPointer(start: first, count: count).map {
                    Label(name: String(cString: $0.name), value: $0.value)
                }
            }
        }
    }

    /// Returns what a call forecast, in the series' own units: float64, `[batch, series, time]`.
    public func forecast(_ outputs: [String: Tensor]) throws -> Tensor {
        let tensors = try Handle.tensors(read(outputs) { edgeattn_forecast($0, $1, $2, $3) }).tensors()
        return tensors.values.first!
    }

    /// Returns the text of token ids that a decoder generated, without special tokens.
    public func decode(_ tokens: [Int]) throws -> String {
        let ids = tokens.map(Int64.init)
        var size = 0
        let text = try handle.use { model in try handed { edgeattn_decode(model, ids, ids.count, $0, &size, $1) } }
        defer { edgeattn_text_free(text) }
        return decoded(text!, size)
    }

    private func read(
        _ outputs: [String: Tensor],
        _ function: (OpaquePointer, OpaquePointer, UnsafeMutablePointer<OpaquePointer?>, Failure) -> edgeattn_status
    ) throws -> OpaquePointer? {
        try Handle.tensors(copying: outputs).use { outputs in
            try handle.use { model in try handed { function(model, outputs, $0, $1) } }
        }
    }
}
