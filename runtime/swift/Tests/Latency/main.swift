// Times calls of a bundle, as an app makes them: for each line that comes, so many in a row, of which the least and the
// median are printed, in ms. tests/bench/bench_languages.py asks.
//
//     Latency NAME.edge TEXT|IMAGE.png CALLS [async]

import EdgeAttn
import Foundation

let words = CommandLine.arguments
let model = try Model(bundle: URL(fileURLWithPath: words[1]))
let inputs =
    words[2].hasSuffix(".png")
    ? try model.prepare(imageFiles: [.at(URL(fileURLWithPath: words[2]))]) : try model.prepare(texts: [words[2]])
let calls = Int(words[3])!
let clock = ContinuousClock()

func times() throws -> [Duration] {
    try (0..<calls).map { _ in try clock.measure { _ = try model.run(inputs) } }
}

func asyncTimes() async throws -> [Duration] {
    var times: [Duration] = []
    for _ in 0..<calls {
        let start = clock.now
        _ = try await model.run(inputs)
        times.append(clock.now - start)
    }
    return times
}

while readLine() != nil {
    let sorted = (words.dropFirst(4).first == "async" ? try await asyncTimes() : try times()).sorted()
    print(sorted[0] / .milliseconds(1), sorted[calls / 2] / .milliseconds(1))
    fflush(stdout)
}
