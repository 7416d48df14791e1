import EdgeAttn
import Foundation

/// Hears words with the bundle of `models/keywords`.
struct WordSpotter: Sendable {
    private static let times = 5  // answers a second

    let model: Model
    let rate: Int  // samples a second

    static func load(bundle: URL) async throws -> WordSpotter {
        let model = try await Model.load(bundle: bundle)
        let manifest = try JSONDecoder().decode(Manifest.self, from: model.manifest())
        return WordSpotter(model: model, rate: manifest.processing.audio.rate)
    }

    /// Yields the words of a sound as they are heard. It ends with the sound, or when it is let go.
    ///
    /// - Parameter sound: Samples of -1 to 1, some at a time.
    func words<Samples: AsyncSequence & Sendable>(in sound: Samples) -> AsyncThrowingStream<Word, Error>
    where Samples.Element == [Float] {
        AsyncThrowingStream { continuation in
            let listening = Task {
                do {
                    try await hear(sound) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in listening.cancel() }
        }
    }

    private func hear<Samples: AsyncSequence>(_ sound: Samples, onWord: (Word) -> Void) async throws
    where Samples.Element == [Float] {
        let stream = try model.stream(hop: rate / WordSpotter.times)
        var hearing = Hearing()
        for try await samples in sound {
            try stream.push(samples: [samples])
            while let moment = try await stream.next() {
                let second = Double(moment.end) / Double(rate)
                if let word = hearing.take(try model.labels(moment.outputs)[0], at: second) { onWord(word) }
            }
        }
    }
}

/// What the app asks of manifest.json.
private struct Manifest: Decodable {
    struct Processing: Decodable { let audio: Audio }
    struct Audio: Decodable { let rate: Int }
    let processing: Processing
}
