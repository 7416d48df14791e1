import EdgeAttn
import Foundation

/// Reads drawings with the bundle of `models/digits`.
struct DigitReader {
    let model: Model

    init(bundle: URL) throws {
        model = try Model(bundle: bundle)
    }

    /// Return digits and their scores, the likeliest first.
    func read(_ drawing: Drawing) throws -> [(name: String, value: Float)] {
        try model.labels(model.run(model.prepare(images: [drawing.image()])))[0]
    }
}
