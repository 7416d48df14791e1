// Runs every case of runtime/conformance, and prints one JSON object a line.

import EdgeAttn
import Foundation

setvbuf(stdout, nil, _IOLBF, 0)
let folder = URL(fileURLWithPath: CommandLine.arguments[1])
let decoder = JSONDecoder()
decoder.keyDecodingStrategy = .convertFromSnakeCase
let cases = try decoder.decode([Case].self, from: Data(contentsOf: folder.appendingPathComponent("cases.json")))
for given in cases {
    let bundle = folder.appendingPathComponent(given.bundle)
    report(given.bundle, "open", expected: given.verdict) { .init(found: try verdict(bundle)) }
    for (index, call) in given.calls.enumerated() {
        report(given.bundle, "call \(index)", expected: call.error ?? "answered") {
            try answer(call, Model(bundle: bundle))
        }
    }
    for (index, entry) in (given.prepare ?? []).enumerated() {
        let lacks: [String] = ["tokenizer", "log-mel"]
        let lacking = entry.needs.flatMap { lacks.contains($0) ? "no \($0)" : nil }
        report(given.bundle, "prepare \(index)", expected: lacking ?? "answered") {
            try lacking.map { Outcome(found: $0) } ?? prepare(entry, Model(bundle: bundle))
        }
    }
    for (index, read) in (given.labels ?? []).enumerated() {
        report(given.bundle, "labels \(index)", expected: read.error ?? "answered") {
            try labels(read, Model(bundle: bundle))
        }
    }
    for (index, run) in given.generate.enumerated() {
        await report(given.bundle, "generate \(index)", expected: run.error ?? "answered") {
            try await generate(run, Model(bundle: bundle))
        }
    }
}

struct Outcome {
    var found = "answered"
    var agrees = true
    var maxAbs: Double?
    var cosine: Double?
}

func verdict(_ bundle: URL) throws -> String {
    do {
        return try Model(bundle: bundle).check().allSatisfy(\.ok) ? "accepted" : "golden-fails"
    } catch is BundleError {
        return "refused"
    } catch is IncompatibleRuntimeError {
        return "incompatible"
    }
}

func answer(_ call: Case.Call, _ model: Model) throws -> Outcome {
    let outputs = try model.run(call.inputs.mapValues { try $0.tensor }, graph: call.graph)
    let expected = try (call.outputs ?? [:]).mapValues { try $0.tensor }
    var outcome = Outcome(agrees: outputs.keys.sorted() == expected.keys.sorted(), maxAbs: 0, cosine: 1)
    for (name, tensor) in expected {
        let found = outputs[name]!
        let (cosine, difference) = compare(found, tensor)
        outcome.agrees = outcome.agrees && found.dtype == tensor.dtype && cosine >= call.tolerance!["cosine"]!
        outcome.cosine = min(outcome.cosine!, cosine)
        outcome.maxAbs = difference.flatMap { difference in outcome.maxAbs.map { max($0, difference) } }
    }
    return outcome
}

func generate(_ run: Case.Run, _ model: Model) async throws -> Outcome {
    var options = GenerationOptions()
    options.start = run.start ?? []
    options.maxNewTokens = run.maxNewTokens
    let prompt = try run.prompt.map(Prompt.tokens) ?? .sources((run.sources ?? [:]).mapValues { try $0.tensor })
    var tokens: [Int] = []
    for try await token in try model.generate(prompt, options) { tokens.append(token) }
    return Outcome(agrees: tokens == run.tokens)
}

func prepare(_ entry: Case.Prepare, _ model: Model) throws -> Outcome {
    func read<Value: Decodable>(_ file: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appendingPathComponent(file)))
    }
    switch entry.of {
    case "image":
        return try compare(read(entry.given), read(entry.expected)) { (raw: [RawImage]) in
            try model.prepare(images: raw.map { try $0.image })
        }
    case "audio":
        return try compare(read(entry.given), read(entry.expected)) { (raw: [RawSound]) in
            try model.prepare(sounds: raw.map(\.sound))
        }
    default:
        return try compare(read(entry.given), read(entry.expected)) { (raw: [RawSeries]) in
            try model.prepare(series: raw.map(\.series))
        }
    }
}

/// Compare what becomes of each raw input, or batch of them, with what must.
func compare<Raw>(
    _ given: [OneOrMany<Raw>], _ expected: [[Float]?], _ prepare: ([Raw]) throws -> [String: Tensor]
) throws -> Outcome {
    let differences = zip(given, expected).map { raw, wanted in
        do {
            let found: [Float] = try prepare(raw.list).values.first!.values()
            guard let wanted, wanted.count == found.count else { return Float.infinity }
            return zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) }
        } catch {
            return wanted == nil && error is InputError ? 0 : .infinity
        }
    }
    let unlike = differences.indices.filter { differences[$0] != 0 }
    let found = unlike.isEmpty ? "answered" : "\(unlike.count) of \(given.count) unlike, the first at \(unlike[0])"
    return Outcome(found: found, maxAbs: differences.max().flatMap { $0.isFinite ? Double($0) : nil })
}

func labels(_ read: Case.Labels, _ model: Model) throws -> Outcome {
    let found = try model.labels(read.outputs.mapValues { try $0.tensor })
    let expected = (read.labels ?? []).map { row in
        row.map { pair in
            guard case .list(let parts) = pair, case .text(let name) = parts[0], case .number(let value) = parts[1]
            else {
                fatalError("a label is a name and a value")
            }
            return (name, Float(value))
        }
    }
    let agrees = found.count == expected.count && zip(found, expected).allSatisfy { $0.elementsEqual($1) { $0 == $1 } }
    return Outcome(agrees: agrees)
}

func report(_ bundle: String, _ what: String, expected: String, _ body: () throws -> Outcome) {
    let start = Date()
    let result = Result { try body() }
    tell(bundle, what, expected, result, Date().timeIntervalSince(start))
}

func report(_ bundle: String, _ what: String, expected: String, _ body: () async throws -> Outcome) async {
    let start = Date()
    let result: Result<Outcome, Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    tell(bundle, what, expected, result, Date().timeIntervalSince(start))
}

func tell(_ bundle: String, _ what: String, _ expected: String, _ result: Result<Outcome, Error>, _ seconds: Double) {
    var outcome = Outcome(agrees: true)
    switch result {
    case .success(let answered): outcome = answered
    case .failure(let error): outcome.found = "\(type(of: error))"
    }
    let line: [String: Any] = [
        "bundle": bundle, "what": what, "expected": expected, "found": outcome.found,
        "agrees": outcome.agrees && outcome.found == expected, "max_abs": outcome.maxAbs as Any? ?? NSNull(),
        "cosine": outcome.cosine as Any? ?? NSNull(), "seconds": (seconds * 1e4).rounded() / 1e4,
    ]
    let data = try! JSONSerialization.data(withJSONObject: line, options: [.sortedKeys, .withoutEscapingSlashes])
    print(String(decoding: data, as: UTF8.self))
}
