// Runs every case of runtime/conformance, and prints one JSON object a line.

import EdgeAttn
import Foundation

setvbuf(stdout, nil, _IOLBF, 0)
let folder = URL(fileURLWithPath: CommandLine.arguments[1])
let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: folder.appendingPathComponent("cases.json")))
for given in cases {
    let bundle = folder.appendingPathComponent(given.bundle)
    report(given.bundle, "open", expected: given.verdict) { .init(found: try verdict(bundle)) }
    for (index, call) in given.calls.enumerated() {
        report(given.bundle, "call \(index)", expected: call.error ?? "answered") { try answer(call, Model(bundle: bundle)) }
    }
    for (index, run) in given.generate.enumerated() {
        await report(given.bundle, "generate \(index)", expected: run.error ?? "answered") {
            try await generate(run, Model(bundle: bundle))
        }
    }
}

struct Case: Decodable {
    let bundle, verdict: String
    let calls: [Call]
    let generate: [Run]

    struct Call: Decodable {
        let graph, error: String?
        let inputs: [String: Numbers]
        let outputs: [String: Numbers]?
        let tolerance: [String: Double]?
    }

    struct Run: Decodable {
        let prompt, start, tokens: [Int]?
        let sources: [String: Numbers]?
        let max_new_tokens: Int?
        let error: String?
    }
}

/// A tensor as cases.json has it.
struct Numbers: Decodable {
    let dtype: DType
    let shape: [Int]
    let data: [Number]

    enum Number: Decodable {
        case integer(Int64), real(Double), flag(Bool)

        init(from decoder: Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let integer = try? value.decode(Int64.self) {
                self = .integer(integer)
            } else if let real = try? value.decode(Double.self) {
                self = .real(real)
            } else if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else {
                self = .real(try value.decode(String.self) == "NaN" ? .nan : .infinity)
            }
        }

        var integer: Int64 { if case .integer(let value) = self { value } else { Int64(real) } }
        var real: Double {
            switch self {
            case .integer(let value): Double(value)
            case .real(let value): value
            case .flag(let value): value ? 1 : 0
            }
        }
    }

    var tensor: Tensor {
        get throws {
            switch dtype {
            case .bool: try Tensor(data.map { $0.real != 0 }, dims: shape)
            case .int8: try Tensor(data.map { Int8($0.integer) }, dims: shape)
            case .uint8: try Tensor(data.map { UInt8($0.integer) }, dims: shape)
            case .int32: try Tensor(data.map { Int32($0.integer) }, dims: shape)
            case .int64: try Tensor(data.map(\.integer), dims: shape)
            case .float32: try Tensor(data.map { Float($0.real) }, dims: shape)
            case .float64: try Tensor(data.map(\.real), dims: shape)
            default: fatalError("no case has a tensor of \(dtype)")
            }
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
    options.maxNewTokens = run.max_new_tokens
    let prompt = try run.prompt.map(Prompt.tokens) ?? .sources((run.sources ?? [:]).mapValues { try $0.tensor })
    var tokens: [Int] = []
    for try await token in try model.generate(prompt, options) { tokens.append(token) }
    return Outcome(agrees: tokens == run.tokens)
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
