import Foundation

/// What a model continues: a decoder's tokens, or what an encoder reads.
public enum Prompt: Sendable {
    case tokens([Int])
    case sources([String: Tensor])
}

/// How the next token is chosen, and when to stop.
public struct GenerationOptions: Sendable {
    public var start: [Int] = []  // tokens that an encoder-decoder's answer begins with
    public var maxNewTokens: Int?  // nil is as many as there are positions
    public var temperature = 0.0  // 0 is greedy: the likeliest token, of a tie the lowest
    public var topK: Int?
    public var topP: Double?
    public var stop: Set<Int> = []
    public var random: @Sendable () -> Double = { .random(in: 0..<1) }

    public init() {}
}

extension Model {
    /// Continue a prompt, and yield the new tokens as they come. What is wrong with the call is told before the first.
    ///
    /// - Throws: `InputError` for a prompt or an option that the model does not take.
    public func generate(_ prompt: Prompt, _ options: GenerationOptions = .init()) throws -> AsyncThrowingStream<
        Int, Error
    > {
        guard let names = manifest.generation else {
            throw InputError(
                description: "\(manifest.name): no generation in its manifest; export a decoder with a key-value cache")
        }
        let decoder = graphs[names.decoder]!
        let words = decoder.graph.outputs.first { $0.name == names.logits }!.dims[2].size!
        try check(options, words)
        let begin = try beginning(prompt, options, names, words)
        let room = names.positions.map { $0 - begin.count + 1 }
        guard let count = [options.maxNewTokens.map { min($0, 1 << 40) }, room].compactMap({ $0 }).min() else {
            throw InputError(description: "maxNewTokens: nil found, a number expected: the model has no last position")
        }
        try checkMemory(names, decoder.graph, total: begin.count + count - 1)
        let carried = try encode(prompt, names)
        let stepper = try Stepper(decoder.sessions[0], decoder.graph, names, carried, words)
        var next = begin
        var left = count
        return AsyncThrowingStream {
            guard left > 0 else { return nil }
            left -= 1
            let token = choose(try stepper.step(next), options)
            next = [token]
            if options.stop.contains(token) { left = 0 }
            return options.stop.contains(token) ? nil : token
        }
    }

    private func check(_ options: GenerationOptions, _ words: Int) throws {
        let temperature = options.temperature
        try requireInput(
            temperature >= 0 && temperature.isFinite, "temperature: \(temperature) found, at least 0 expected")
        try requireInput(options.topK ?? 1 >= 1, "topK: at least 1 expected")
        try requireInput((options.topP ?? 1) > 0 && (options.topP ?? 1) <= 1, "topP: above 0 and at most 1 expected")
        try requireInput(options.maxNewTokens ?? 1 >= 1, "maxNewTokens: at least 1 expected")
        try checkTokens("stop", Array(options.stop), words, least: 0)
    }

    /// Return the tokens that the decoder begins with.
    private func beginning(_ prompt: Prompt, _ options: GenerationOptions, _ names: Generation, _ words: Int) throws
        -> [Int]
    {
        var begin = options.start
        if names.encoder == nil {
            guard case .tokens(let tokens) = prompt else {
                throw InputError(
                    description: "prompt: tensors by name found, tokens expected: a decoder alone has no sources")
            }
            try requireInput(
                options.start.isEmpty, "start: tokens found, none expected: a decoder alone begins with its prompt")
            begin = tokens
        }
        let name = names.encoder == nil ? "prompt" : "start"
        try checkTokens(name, begin, words, least: 1)
        let most = names.positions ?? .max
        try requireInput(
            begin.count <= most, "\(name): \(begin.count) tokens found, at most \(most) expected; shorten it")
        return begin
    }

    private func checkTokens(_ name: String, _ tokens: [Int], _ words: Int, least: Int) throws {
        try requireInput(tokens.count >= least, "\(name): no token found, at least \(least) expected")
        for token in tokens {
            try requireInput(
                (0..<words).contains(token),
                "\(name): token \(token) found, 0 to \(words - 1) expected; check the tokenizer")
        }
    }

    private func checkMemory(_ names: Generation, _ decoder: Graph, total: Int) throws {
        guard let available = availableMemory() else { return }
        let pasts = decoder.inputs.filter { names.memory.contains($0.name) && $0.dims.count == 4 }
        let sizes = pasts.map { Double($0.dims[1].size!) * Double($0.dims[3].size!) * 4 }
        let needed = (sizes.reduce(0, +) + sizes.max()!) * Double(names.room(total))  // one twice while it grows
        try requireInput(
            needed <= Double(available),
            "a cache of \(total) tokens: more memory than the \(available >> 20) MiB available; ask for fewer new tokens"
        )
    }

    /// Run the encoder, where there is one.
    private func encode(_ prompt: Prompt, _ names: Generation) throws -> [String: Tensor] {
        guard let encoder = names.encoder else { return [:] }
        let graph = graphs[encoder]!.graph
        var sources: [String: Tensor] = [:]
        switch prompt {
        case .sources(let tensors): sources = tensors
        case .tokens(let tokens):
            let spec = graph.inputs[0]
            try requireInput(!tokens.isEmpty, "prompt: no token found, at least 1 expected")
            try requireInput(
                graph.inputs.count == 1 && spec.dtype.isInteger && spec.dims.count == 2,
                "prompt: tokens found, tensors by name expected by the encoder: \(graph.inputs)")
            sources[spec.name] = try .whole(tokens, spec.dtype, dims: [1, tokens.count])
        }
        try graph.check(sources, manifest.symbols)
        let batch = graphs[names.decoder]!.graph.inputs.first { $0.name == names.tokens }!.dims[0].symbol!
        let rows = try graph.sizes(in: sources)[batch] ?? 1
        try requireInput(rows == 1, "prompt: \(rows) sequences found, 1 expected; generate for each by itself")
        return try run(sources, graph: encoder).filter { names.carried!.contains($0.key) }
    }
}

extension Generation {
    /// Return the room that a cache is given for `total` tokens: whole blocks. Moving it costs about what two steps read,
    /// so a step in 64 may; attention reads the whole capacity, so more room would cost every step.
    func room(_ total: Int) -> Int { min((total + 63) / 64 * 64, positions ?? .max) }
}

/// One sequence, from an empty cache on. A step writes its keys and values where they stay, and copies nothing of the past.
private final class Stepper: @unchecked Sendable {
    private let session: GraphSession
    private let names: Generation
    private let carried: [String: Tensor]
    private let words: Int
    private var cache: [String: Tensor]
    private var capacity = 0
    private var held = 0

    init(_ session: GraphSession, _ decoder: Graph, _ names: Generation, _ carried: [String: Tensor], _ words: Int)
        throws
    {
        (self.session, self.names, self.carried, self.words) = (session, names, carried, words)
        cache = try names.emptyCache(decoder, batch: 1, capacity: 0)
    }

    /// Take the next tokens, and return the logits that follow the last.
    func step(_ tokens: [Int]) throws -> ArraySlice<Float> {
        if held + tokens.count > capacity {
            capacity = names.room(held + tokens.count)
            for entry in names.cache {
                let old = cache[entry.past]!
                cache[entry.past] = try old.resized([1, old.dims[1], capacity, old.dims[3]])
            }
        }
        cache[names.length] = try Tensor([Int64(held)], dims: [1])
        var inputs = cache.merging(carried) { $1 }
        inputs[names.tokens] = try Tensor(tokens.map(Int64.init), dims: [1, tokens.count])
        var places = [names.logits: try Tensor(zeros: .float32, dims: [1, tokens.count, words])]
        for entry in names.cache { places[entry.present] = cache[entry.past] }
        let logits: [Float] = try session.run(inputs, into: places)[names.logits]!.values()
        held += tokens.count
        try require(
            logits.suffix(words).allSatisfy { !$0.isNaN && $0 < .infinity },
            "\(names.logits): a NaN or infinity found; export the model again")
        return logits.suffix(words)
    }
}

/// Return the next token.
private func choose(_ logits: ArraySlice<Float>, _ options: GenerationOptions) -> Int {
    let scores = Array(logits)
    var ranked = Array(scores.indices)
    if options.temperature == 0 { return ranked.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 } }
    ranked.sort { (scores[$1], $0) < (scores[$0], $1) }
    ranked = Array(ranked.prefix(options.topK ?? .max))
    var masses = ranked.map { exp(Double(scores[$0] - scores[ranked[0]]) / options.temperature) }
    let total = masses.reduce(0, +)
    var sum = 0.0
    let sums = masses.map { mass in
        sum += mass / total
        return sum
    }
    let kept = (sums.firstIndex { $0 >= options.topP ?? 2 } ?? sums.count - 1) + 1
    masses = Array(sums.prefix(kept))
    let drawn = options.random() * masses.last!
    return ranked[masses.firstIndex { $0 > drawn } ?? kept - 1]
}
