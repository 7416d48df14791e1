// Runs every case of runtime/conformance, and prints one JSON object a line.

import EdgeAttn
import Foundation

setvbuf(stdout, nil, _IOLBF, 0)
let folder = URL(fileURLWithPath: CommandLine.arguments[1])
let cases: [Case] = try read("cases.json")
for given in cases {
    let bundle = folder.appendingPathComponent(given.bundle)
    await report(given.bundle, "open", expected: given.verdict) { try verdict(given, bundle) }
    func each<Entry>(_ entries: [Entry]?, _ what: String, _ body: (Entry, Model) async throws -> Outcome) async {
        for (index, entry) in (entries ?? []).enumerated() {
            let error = Mirror(reflecting: entry).children.first { $0.label == "error" }?.value as? String
            await report(given.bundle, "\(what) \(index)", expected: error ?? "answered") {
                try await body(entry, Model.load(bundle: bundle, trustedKeys: given.trustedKeys))
            }
        }
    }
    await each(given.calls, "call", answer)
    await each(given.prepare, "prepare", prepare)
    await each(given.labels, "labels", labels)
    await each(given.predictions, "predictions", predictions)
    await each(given.generate, "generate", generate)
    await each(given.decode, "decode", decode)
    await each(given.forecast, "forecast", forecast)
    await each(given.runMany, "run_many", runMany)
    await each(given.generateMany, "generate_many", generateMany)
    await each(given.session, "session", session)
    await each(given.stream, "stream", stream)
    await each(given.steps, "steps", steps)
}

func read<Value: Decodable>(_ file: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appendingPathComponent(file)))
}

func verdict(_ given: Case, _ bundle: URL) throws -> Outcome {
    do {
        let model = try Model(bundle: bundle, trustedKeys: given.trustedKeys)
        for graph in model.graphs { try model.open(graph.name) }
        let results = try model.check()
        let errors = results.map { GoldenError(sample: $0.sample, output: $0.output, error: $0.error, ok: $0.ok) }
        return Outcome(
            found: results.allSatisfy(\.ok) ? "accepted" : "golden-fails",
            agrees: given.golden.map { $0 == errors } ?? true, error: results.compactMap(\.error).max())
    } catch is BundleError {
        return Outcome(found: "refused")
    } catch is IncompatibleRuntimeError {
        return Outcome(found: "incompatible")
    }
}

func tensors(_ numbers: [String: Numbers]) throws -> [String: Tensor] { try numbers.mapValues { try $0.tensor } }

func answer(_ call: Case.Call, _ model: Model) async throws -> Outcome {
    let outputs = try await model.run(tensors(call.inputs), graph: call.graph)
    var outcome = Outcome()
    try outcome.compare(outputs, call.outputs ?? [:], call.tolerance)
    return outcome
}

func generate(_ run: Case.Run, _ model: Model) async throws -> Outcome {
    try await generate(run, model, GenerationOptions())
}

func generate(_ run: Case.Run, _ model: Model, _ options: GenerationOptions) async throws -> Outcome {
    var options = options
    options.start = run.start
    options.maxNewTokens = run.maxNewTokens
    let prompt = try run.prompt.map(Prompt.tokens) ?? .sources(tensors(run.sources ?? [:]))
    var tokens: [Int] = []
    for try await token in model.generate(prompt, options) { tokens.append(token) }
    return Outcome(agrees: tokens == run.tokens)
}

/// Continues the turns of one text; after one that is refused the next goes on.
func session(_ entry: Case.Session, _ model: Model) async throws -> Outcome {
    var (options, outcome) = (GenerationOptions(), Outcome())
    options.session = try GenerationSession(model)
    for turn in entry.turns {
        do {
            outcome.agrees = try await generate(turn, model, options).agrees && outcome.agrees
        } catch is InputError {
            outcome.agrees = outcome.agrees && turn.error != nil
        }
    }
    return outcome
}

func decode(_ entry: Case.Decode, _ model: Model) throws -> Outcome {
    Outcome(agrees: try model.decode(entry.tokens) == entry.text)
}

func forecast(_ entry: Case.Forecast, _ model: Model) throws -> Outcome {
    let found = try model.forecast(tensors(entry.outputs))
    let expected = try entry.forecast?.tensor
    return Outcome(agrees: try found.dims == expected?.dims && found.doubles == expected?.doubles)
}

func runMany(_ entry: Case.Many, _ model: Model) async throws -> Outcome {
    let answers = try await model.runMany(entry.samples.map(tensors))
    var outcome = Outcome(agrees: answers.count == entry.outputs?.count)
    for (found, expected) in zip(answers, entry.outputs ?? []) {
        try outcome.compare(found, expected, entry.tolerance)
    }
    return outcome
}

func generateMany(_ entry: Case.Search, _ model: Model) async throws -> Outcome {
    guard var options = entry.settings.options else { return Outcome(found: "InputError") }
    options.start = entry.start
    let prompts = try entry.prompts?.map(Prompt.tokens) ?? [.sources(tensors(entry.sources ?? [:]))]
    let found = try await model.answers(to: prompts, options)
    let expected = entry.sequences ?? []
    let pairs = zip(found.joined(), expected.joined())
    let agrees =
        found.map { $0.map(\.tokens) } == expected.map { $0.map(\.tokens) }
        && pairs.allSatisfy { abs($0.score - $1.score) <= 1e-4 }
    return Outcome(agrees: agrees)
}

func stream(_ entry: Case.Windows, _ model: Model) async throws -> Outcome {
    try await moments(
        of: model.stream(hop: entry.hop, window: entry.window), model, entry.pushes.map(Case.Steps.Push.rows),
        entry.moments, entry.tolerance)
}

func steps(_ entry: Case.Steps, _ model: Model) async throws -> Outcome {
    try await moments(of: model.steps(), model, entry.pushes, entry.moments, entry.tolerance)
}

/// Compares what each push gives; nil stands for one that is refused.
func moments(
    of stream: Model.Stream, _ model: Model, _ pushes: [Case.Steps.Push], _ expected: [[Case.Windows.Moment]?]?,
    _ tolerance: Double?
) async throws -> Outcome {
    let hasSeries = try String(decoding: model.manifest(), as: UTF8.self).contains("\"series\": {")
    var outcome = Outcome()
    for (push, expected) in zip(pushes, expected ?? []) {
        do {
            switch push {
            case .reset: try stream.reset()
            case .array(let numbers): try stream.push(tensors(["array": numbers])["array"]!)
            case .rows(let gaps):
                let rows = gaps.map { $0.map { $0 ?? .nan } }
                if hasSeries {
                    try stream.push(series: rows)
                } else {
                    try stream.push(samples: rows.map { $0.map(Float.init) })
                }
            }
            var moments: [Model.Stream.Moment] = []
            while let moment = try await stream.next() { moments.append(moment) }
            outcome.agrees = outcome.agrees && moments.map(\.end) == expected?.map(\.end)
            for (moment, wanted) in zip(moments, expected ?? []) {
                try outcome.compare(moment.outputs, wanted.outputs, tolerance)
            }
        } catch is InputError {
            outcome.agrees = outcome.agrees && expected == nil
        }
    }
    return outcome
}

func labels(_ entry: Case.Labels, _ model: Model) throws -> Outcome {
    let found = try model.labels(tensors(entry.outputs))
    let expected = entry.labels ?? []
    let agrees =
        found.count == expected.count
        && zip(found, expected).allSatisfy { vector, wanted in
            vector.map(\.name) == wanted.map(\.name) && vector.map(\.value) == wanted.map(\.value)
        }
    return Outcome(agrees: agrees)
}

/// Compares what becomes of each pair of texts, or batch of them, with what must.
func preparePairs(_ entry: Case.Prepare, _ model: Model) throws -> Outcome {
    let given: [OneOrMany<RawPair>] = try read(entry.given)
    let expected: [OneOrMany<Tokens>?] = try read(entry.expected)
    let agreeing = zip(given, expected).filter { raws, wanted in
        do {
            let pairs = raws.list.compactMap(\.pair)
            let found = try model.prepare(
                texts: raws.list.map(\.text), pairs: pairs.isEmpty ? nil : pairs, prompt: raws.list.first?.prompt)
            let rows = wanted?.list
            return unlike(ids: found.filter { $0.key == "ids" }, rows?.map(\.ids)) == 0
                && unlike(ids: found.filter { $0.key == "types" }, rows?.map(\.types)) == 0
        } catch { return wanted == nil && error is InputError }
    }
    return Outcome(agrees: agreeing.count == given.count)
}

func predictions(_ entry: Case.Predictions, _ model: Model) throws -> Outcome {
    let sizes = (entry.sizes ?? []).map { (width: $0[0], height: $0[1]) }
    let found = try model.predictions(
        tensors(entry.outputs), texts: entry.texts ?? [], pairs: entry.pairs ?? [], sizes: sizes)
    let expected = entry.predictions ?? []
    let agrees =
        found.count == expected.count
        && zip(found, expected).allSatisfy { row, wanted in
            row.count == wanted.count && zip(row, wanted).allSatisfy(alike)
        }
    return Outcome(agrees: agrees)
}

/// Says whether a prediction has what is expected of it and no more, numbers within 1e-9.
func alike(_ found: Prediction, _ expected: Case.Predictions.One) -> Bool {
    func numbers(_ score: Double?, _ box: [Double]?) -> [Double] { [score ?? .infinity] + (box ?? []) }
    let ours = numbers(found.score, found.box.map { [$0.left, $0.top, $0.right, $0.bottom] })
    let theirs = numbers(expected.score, expected.box)
    return found.label == expected.label && found.text == expected.text && ours.count == theirs.count
        && found.span.map { [$0.lowerBound, $0.upperBound] } == expected.span
        && zip(ours, theirs).allSatisfy { $0 == $1 || abs($0 - $1) <= 1e-9 }
}

/// Compares what becomes of each raw input, or batch of them, with what must.
func prepare(_ entry: Case.Prepare, _ model: Model) throws -> Outcome {
    if entry.of == "pair" { return try preparePairs(entry, model) }
    let given: [OneOrMany<Raw>] = try read(entry.given)
    let expected: [OneOrMany<OneOrMany<Double>>?] = try read(entry.expected)
    let differences = zip(given, expected).map { raws, wanted in
        do {
            let found = try inputs(entry.of, raws.list, model)
            let rows = wanted?.list.map(\.list)
            return entry.of == "text" ? unlike(ids: found, rows) : unlike(numbers: found, rows)
        } catch {
            return wanted == nil && (error is InputError || error is NoString) ? 0 : .infinity
        }
    }
    let others = differences.indices.filter { differences[$0] > entry.tolerance ?? 0 }
    let found = others.isEmpty ? "answered" : "\(others.count) of \(given.count) unlike, the first at \(others[0])"
    return Outcome(found: found, maxAbs: differences.max().flatMap { $0.isFinite ? $0 : nil })
}

func inputs(_ kind: String, _ raws: [Raw], _ model: Model) throws -> [String: Tensor] {
    let files = raws.compactMap { $0.fields?.file }.map { MediaFile.at(folder.appendingPathComponent($0)) }
    switch kind {
    case "text": return try model.prepare(texts: texts(raws))
    case "image" where files.isEmpty: return try model.prepare(images: raws.map { try $0.image })
    case "image": return try model.prepare(imageFiles: files)
    case "audio" where files.isEmpty: return try model.prepare(sounds: raws.map { try $0.sound })
    case "audio": return try model.prepare(soundFiles: files)
    default:
        return try files.isEmpty
            ? model.prepare(series: raws.map { try $0.series }) : model.prepare(seriesFiles: files)
    }
}

/// Code units that no valid string holds: they cannot be given in Swift.
struct NoString: Error {}

func texts(_ raws: [Raw]) throws -> [String] {
    try raws.map { raw in
        guard let text = raw.text else { throw NoString() }
        return text
    }
}

func unlike(numbers inputs: [String: Tensor], _ rows: [[Double]]?) -> Double {
    guard let rows, let found = try? inputs.values.first?.doubles else { return .infinity }
    let wanted = rows.flatMap { $0 }
    guard wanted.count == found.count else { return .infinity }
    return zip(found, wanted).reduce(0) { max($0, abs($1.0 - Double(Float($1.1)))) }
}

/// Holds token ids, of each row the first of the ids, against the expected; a mask is 1 there.
func unlike(ids inputs: [String: Tensor], _ rows: [[Double]]?) -> Double {
    let matrices = inputs.values.compactMap { tensor in try? (tensor.dims, tensor.doubles) }
    let padded = rows.map { rows in
        rows.flatMap { $0 + [Double](repeating: 0, count: (rows.map(\.count).max() ?? 0) - $0.count) }
    }
    return matrices.contains { $0.1 == padded } ? 0 : .infinity
}

func report(_ bundle: String, _ what: String, expected: String, _ body: () async throws -> Outcome) async {
    let start = Date()
    var outcome = Outcome()
    do { outcome = try await body() } catch { outcome.found = "\(type(of: error))" }
    let line: [String: Any] = [
        "bundle": bundle, "what": what, "expected": expected, "found": outcome.found,
        "agrees": outcome.agrees && outcome.found == expected, "max_abs": outcome.maxAbs as Any? ?? NSNull(),
        "error": outcome.error as Any? ?? NSNull(),
        "seconds": (Date().timeIntervalSince(start) * 1e4).rounded() / 1e4,
    ]
    let data = try! JSONSerialization.data(withJSONObject: line, options: [.sortedKeys, .withoutEscapingSlashes])
    print(String(decoding: data, as: UTF8.self))
}
