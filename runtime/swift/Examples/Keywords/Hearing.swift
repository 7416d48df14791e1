import EdgeAttn
import Foundation

/// A word, and the second in which it ended.
struct Word: Sendable {
    let name: String
    let second: Double
}

/// Which words a window that moves hears, each once: the rule of `models/keywords`.
struct Hearing {
    private static let certain = 0.5  // of a word, the mean of two answers in a row
    private static let silent: Set = ["another word", "no word"]

    private var before: [String: Double] = [:]
    private var last: Word?

    /// Takes the labels of the window that ended in this second, and returns the word that is heard.
    mutating func take(_ labels: [ScoredLabel], at second: Double) -> Word? {
        let now = likelihoods(labels)
        let odds = now.merging(before) { ($0 + $1) / 2 }
        before = now
        guard let (name, share) = odds.max(by: { $0.value < $1.value }), share >= Hearing.certain else { return nil }
        let again = last.map { second - $0.second <= 1 } ?? false  // the window still holds the word before
        guard !Hearing.silent.contains(name), !again else { return nil }
        last = Word(name: name, second: second)
        return last
    }
}

/// Returns how likely each label is: the softmax of their values, of which the first is the largest.
private func likelihoods(_ labels: [ScoredLabel]) -> [String: Double] {
    let masses = labels.map { exp(Double($0.value - labels[0].value)) }
    let whole = masses.reduce(0, +)
    return Dictionary(uniqueKeysWithValues: zip(labels.map(\.name), masses.map { $0 / whole }))
}
