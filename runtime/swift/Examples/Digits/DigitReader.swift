import EdgeAttn
import Foundation

/// Reads drawings with the bundle of `models/digits`.
struct DigitReader: Sendable {
    let model: Model

    static func load(bundle: URL) async throws -> DigitReader {
        DigitReader(model: try await Model.load(bundle: bundle))
    }

    /// Return digits and their scores, the likeliest first.
    func read(_ drawing: Drawing) async throws -> [ScoredLabel] {
        try await model.labels(model.run(model.prepare(images: [drawing.image()])))[0]
    }
}
