import Foundation

/// What a bundle costs on this device, and whether it answers right here: `edgeattn report NAME.edge --add` reads its JSON.
public struct Benchmark: Codable, Sendable {
    public let schema: Int
    public let model, target: String
    public let graphs: [String: String]
    public let machine: Machine
    public let loadMs: Double
    @Nullable public private(set) var peakMemoryMb: Double?
    public let golden: [GoldenResult]
    public let runs: [Run]

    public struct Run: Codable, Sendable {
        public let threads: Int
        public let timings: [Timing]
    }

    public struct Timing: Codable, Sendable {
        public let sample: Int
        public let shape: [String: Int]
        public let latencyMs: Latency
    }

    /// Percentiles of one call's time in milliseconds.
    public struct Latency: Codable, Sendable {
        public let p50, p90, p99: Double
        public let count: Int
    }

    public var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self)
        }
    }
}

extension Model {
    /// Load a bundle, replay its golden vectors, and time it on their inputs, interleaved.
    ///
    /// - Parameters:
    ///   - bundle: The folder.
    ///   - target: A target of the bundle; nil takes the first that runs here.
    ///   - threads: Numbers of intra-op threads to sweep; none takes what the bundle says.
    ///   - rounds: Counted calls for each sample and number of threads.
    ///   - warmup: Calls before them.
    public static func bench(
        _ bundle: URL, target: String? = nil, threads: [Int] = [], rounds: Int = 100, warmup: Int = 10
    ) throws -> Benchmark {
        try requireInput(
            rounds >= 1 && warmup >= 0, "\(rounds) rounds after \(warmup) found, at least 1 after at least 0 expected")
        var model: Model!
        let loadMs = try milliseconds { model = try Model(bundle: bundle, target: target, threads: threads.first) }
        let golden = try model.check()
        var runs = [try model.timed(rounds, warmup)]
        let peak = peakMemory()
        for count in threads.dropFirst() {
            runs.append(try Model(bundle: bundle, target: target, threads: count).timed(rounds, warmup))
        }
        let variants = model.graphs[model.manifest.mainGraph]!.variants
        let hashes = Set(variants.flatMap(\.files.values)).map { ($0, model.manifest.files[$0]!.sha256) }
        return Benchmark(
            schema: 1, model: model.manifest.name, target: variants[0].target,
            graphs: Dictionary(uniqueKeysWithValues: hashes), machine: try .here(), loadMs: loadMs, peakMemoryMb: peak,
            golden: golden, runs: runs)
    }

    private func timed(_ rounds: Int, _ warmup: Int) throws -> Benchmark.Run {
        let samples = try samples()
        let main = graphs[manifest.mainGraph]!
        var times = [[Double]](repeating: [], count: samples.count)
        for turn in -warmup..<rounds {
            for i in samples.indices {  // in another order each turn, so that none always runs behind the same
                let place = (i + max(turn, 0)) % samples.count
                let time = try milliseconds { _ = try run(samples[place].inputs) }
                if turn >= 0 { times[place].append(time) }
            }
        }
        let timings = try samples.enumerated().map { index, sample in
            Benchmark.Timing(
                sample: index, shape: try main.graph.sizes(in: sample.inputs), latencyMs: percentiles(times[index]))
        }
        return .init(threads: main.threads, timings: timings)
    }
}

private func milliseconds(_ call: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try call()
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
}

private func percentiles(_ times: [Double]) -> Benchmark.Latency {
    let sorted = times.sorted()
    func at(_ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        return sorted[low] + (place - Double(low)) * (sorted[min(low + 1, sorted.count - 1)] - sorted[low])
    }
    return .init(p50: at(0.5), p90: at(0.9), p99: at(0.99), count: times.count)
}
