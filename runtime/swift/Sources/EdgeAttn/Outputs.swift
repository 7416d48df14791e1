import CEdgeAttn

/// A name, and the output's value at its place.
public struct ScoredLabel: Sendable, Hashable {
    public let name: String
    public let value: Float
}

/// One thing that an output says, with what belongs to its kind.
public struct Prediction: Sendable, Hashable {
    public let label: String?
    /// How sure it is, 0 to 1.
    public let score: Double?
    /// What was transcribed, or a part of the text that was given.
    public let text: String?
    public let box: Box?
    /// Where an answer lies in its context, counted in `unicodeScalars`.
    public let span: Range<Int>?
}

/// A rectangle in an image, in pixels where its size is known, else in shares of it.
public struct Box: Sendable, Hashable {
    public let left, top, right, bottom: Double
}

/// What an output means, by the bundle's `processing`.
extension Model {
    /// Names the places of a call's outputs: for every vector, labels from the largest value to the least.
    public func labels(_ outputs: [String: Tensor]) throws -> [[ScoredLabel]] {
        let found = try read(outputs) { edgeattn_labels($0, $1, $2, $3) }
        return try Handle(found) { edgeattn_label_list_free($0) }.use { list in
            (0..<edgeattn_label_list_vectors(list)).map { vector in
                var count = 0
                let first = edgeattn_label_list_get(list, vector, &count)
                return UnsafeBufferPointer(start: first, count: count).map {
                    ScoredLabel(name: String(cString: $0.name), value: $0.value)
                }
            }
        }
    }

    /// Reads a call's outputs as a person would: for every row labels with scores, a text, the words of its text, an
    /// answer, or objects.
    ///
    /// - Parameters:
    ///   - texts: What was prepared, where words or answers are read.
    ///   - pairs: The second text of each, where answers are read.
    ///   - sizes: Of the image of each row its width and height, by which boxes are in pixels.
    public func predictions(
        _ outputs: [String: Tensor], texts: [String] = [], pairs: [String] = [],
        sizes: [(width: Int, height: Int)] = []
    ) throws -> [[Prediction]] {
        let found = try Arguments.with { arguments in
            let views = texts.map { arguments.bytes($0) }
            let seconds = pairs.map { arguments.bytes($0) }
            let pixels = sizes.map { edgeattn_image_size(width: Int64($0.width), height: Int64($0.height)) }
            var source = edgeattn_prediction_source(
                size: MemoryLayout<edgeattn_prediction_source>.size,
                texts: arguments.array(views), text_count: views.count,
                sizes: arguments.array(pixels), size_count: pixels.count,
                pairs: arguments.array(seconds), pair_count: seconds.count)
            return try read(outputs) { edgeattn_predictions($0, $1, &source, $2, $3) }
        }
        return try Handle(found) { edgeattn_prediction_list_free($0) }.use { list in
            (0..<edgeattn_prediction_list_rows(list)).map { row in
                var count = 0
                let first = edgeattn_prediction_list_get(list, row, &count)
                return UnsafeBufferPointer(start: first, count: count).map { Prediction($0!.pointee) }
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

extension Prediction {
    fileprivate init(_ view: edgeattn_prediction) {
        label = view.label.map { String(cString: $0) }
        score = view.score.isNaN ? nil : view.score
        text = view.text.map { decoded($0, view.text_size) }
        let (left, top, right, bottom) = view.box
        box = view.has_box == 0 ? nil : Box(left: left, top: top, right: right, bottom: bottom)
        span = view.has_span == 0 ? nil : Int(view.span.0)..<Int(view.span.1)
    }
}
