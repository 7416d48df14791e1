import CEdgeAttn
import Foundation

/// What a model continues: a decoder's tokens or text, or what an encoder reads.
public enum Prompt: Sendable {
    case tokens([Int])
    case text(String)
    case sources([String: Tensor])
}

/// How tokens are chosen, and when to stop: docs/generation.md. What is nil is as the bundle says, else as in brackets.
public struct GenerationOptions: Sendable {
    public enum EarlyStopping: Sendable {
        case no, yes, never

        fileprivate var code: edgeattn_early_stopping {
            switch self {
            case .no: EDGEATTN_EARLY_STOPPING_FALSE
            case .yes: EDGEATTN_EARLY_STOPPING_TRUE
            case .never: EDGEATTN_EARLY_STOPPING_NEVER
            }
        }
    }

    // written by runtime/generation.py: swift_properties
    public var start: [Int]?  // Token ids that begin an encoder-decoder's answer, at least one (none)
    public var stop: [Int]?  // Token ids, each of which ends an answer and is no part of it (none)
    public var stopSequences: [[Int]] = []  // Several token ids in a row that end it (none)
    public var maxNewTokens: Int?  // The most new tokens (as many as there are positions)
    public var numBeams: Int?  // 1 to 8 sequences are continued together, the likeliest (1)
    // The most to return for each prompt, at most as many as there are beams (1)
    public var numReturnSequences: Int = 1
    public var lengthPenalty: Double?  // The power of the length in a score: above 0 favors long sequences (1)
    // Whether as many ended sequences as beams end a search: true, false or never (false)
    public var earlyStopping: EarlyStopping?
    // Above 1 makes tokens that were there before less likely, below 1 more likely (1)
    public var repetitionPenalty: Double?
    public var temperature: Double?  // 0 takes the likeliest token, of a tie the lowest; above, tokens are drawn (0)
    public var topK: Int?  // Draws from this many of the likeliest tokens (all)
    public var topP: Double?  // Draws from the fewest likeliest tokens that hold this share (all)
    public var seed: UInt32?  // The same draws the same tokens, of prompt i those of seed + i (drawn anew)
    // written: end
    public var stopStrings: [String] = []
    public var deadline: Duration?
    public var session: GenerationSession?  // keeps the cache of one prompt, for what continues it

    public init() {}
}

/// Keeps the key-value cache of one text, such as a chat, for the next turn: a prompt that begins as what it holds is
/// computed from there on.
///
/// It changes no answer but by the noise of int8. Calls that go on at the same time take turns in it.
public final class GenerationSession: Sendable {
    fileprivate let handle: Handle

    /// Begins a session of a model, a decoder alone.
    public init(_ model: Model) throws {
        let session = try model.handle.use { model in try handed { edgeattn_session_new(model, $0, $1) } }
        handle = try Handle(session) { edgeattn_session_free($0) }
    }
}

/// One answer. `text` is nil where neither a prompt nor a stop was a text.
public struct Answer: Sendable, Hashable {
    public let tokens: [Int]
    public let score: Double
    public let text: String?
}

extension Model {
    /// Continues a prompt by tokens, which come as they are made. What is wrong with the call is thrown in place of the
    /// first one.
    public func generate(_ prompt: Prompt, _ options: GenerationOptions = .init()) -> Pieces<Int> {
        Pieces { _ = try self.answers([prompt], options, $1, onToken: $0) }
    }

    /// Continues a prompt by text, which comes as it is made, in pieces of whole characters.
    public func generateText(_ prompt: Prompt, _ options: GenerationOptions = .init()) -> Pieces<String> {
        Pieces { _ = try self.answers([prompt], options, $1, onText: $0) }
    }

    /// Continues several prompts, each by its `numReturnSequences` best answers, the best first. Sources of several rows are
    /// as many prompts.
    public func answers(to prompts: [Prompt], _ options: GenerationOptions = .init()) throws -> [[Answer]] {
        try answers(prompts, options, CallLimits())
    }

    public func answers(to prompts: [Prompt], _ options: GenerationOptions = .init()) async throws -> [[Answer]] {
        try await blocking { try self.answers(prompts, options, $0) }
    }

    private func answers(
        _ prompts: [Prompt], _ options: GenerationOptions, _ limits: CallLimits,
        onToken: ((Int) -> Bool)? = nil, onText: ((String) -> Bool)? = nil
    ) throws -> [[Answer]] {
        let (listener, session) = (Listener(onToken: onToken, onText: onText), options.session)
        let found = try Arguments.with { arguments in
            var options = arguments.generation(options, listener)
            let sources = try prompts.map { try $0.sources.map(Handle.tensors(copying:)) }
            let pointers = sources.map { $0.use { $0 } }
            let prompts = arguments.array(zip(prompts, pointers).map { arguments.prompt($0, sources: $1) })
            options.session = session?.handle.use { $0 }
            return try withExtendedLifetime((listener, session, sources)) {
                try (limits.cancellation?.handle).use { cancellation in
                    options.cancellation = cancellation
                    return try handle.use { model in
                        try handed { edgeattn_generate(model, prompts, sources.count, &options, $0, $1) }
                    }
                }
            }
        }
        return try Handle(found) { edgeattn_answers_free($0) }.use(answersOfPrompts)
    }
}

private func answersOfPrompts(_ answers: OpaquePointer) -> [[Answer]] {
    var (prompts, count): ([[Answer]], Int) = ([], 0)
    while let first = edgeattn_answers_get(answers, prompts.count, &count) {
        prompts.append(UnsafeBufferPointer(start: first, count: count).map { Answer($0!.pointee) })
    }
    return prompts
}

extension Answer {
    fileprivate init(_ answer: edgeattn_hypothesis) {
        tokens = UnsafeBufferPointer(start: answer.tokens.ids, count: answer.tokens.count).map { Int($0) }
        score = answer.score
        text = answer.text.map { decoded($0, answer.text_size) }
    }
}

/// Hears what is generated as it comes.
private final class Listener {
    let onToken: ((Int) -> Bool)?
    let onText: ((String) -> Bool)?

    init(onToken: ((Int) -> Bool)?, onText: ((String) -> Bool)?) { (self.onToken, self.onText) = (onToken, onText) }

    var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func at(_ context: UnsafeMutableRawPointer?) -> Listener {
        Unmanaged.fromOpaque(context!).takeUnretainedValue()
    }
}

extension Prompt {
    fileprivate var sources: [String: Tensor]? { if case .sources(let tensors) = self { tensors } else { nil } }
}

extension Arguments {
    fileprivate func prompt(_ prompt: Prompt, sources: OpaquePointer?) -> edgeattn_prompt {
        var argument = edgeattn_prompt()
        argument.size = MemoryLayout<edgeattn_prompt>.size
        switch prompt {
        case .tokens(let tokens): argument.tokens = ids(tokens)
        case .text(let prompt): argument.text = bytes(prompt)
        case .sources: argument.sources = sources
        }
        return argument
    }

    /// Numbers below 0 are as wrong as 0, and -1 is the core's sign for none given.
    fileprivate func generation(_ options: GenerationOptions, _ listener: Listener) -> edgeattn_generate_options {
        var argument = edgeattn_generate_options_default()
        argument.deadline_ms = CallLimits(deadline: options.deadline).milliseconds
        // written by runtime/generation.py: swift_arguments
        if let value = options.start { argument.start = ids(value) }
        if let value = options.stop { argument.stop = ids(value) }
        argument.stop_sequences = array(options.stopSequences.map(ids))
        argument.stop_sequence_count = options.stopSequences.count
        if let value = options.maxNewTokens { argument.max_new_tokens = Int64(max(value, 0)) }
        if let value = options.numBeams { argument.num_beams = Int64(max(value, 0)) }
        argument.num_return_sequences = Int64(max(options.numReturnSequences, 0))
        if let value = options.lengthPenalty { argument.length_penalty = value }
        if let value = options.earlyStopping { argument.early_stopping = value.code }
        if let value = options.repetitionPenalty { argument.repetition_penalty = value }
        if let value = options.temperature { argument.temperature = value }
        if let value = options.topK { argument.top_k = Int64(max(value, 0)) }
        if let value = options.topP { argument.top_p = value }
        if let value = options.seed { argument.seed = Int64(value) }
        // written: end
        argument.stop_strings = array(options.stopStrings.map(bytes))
        argument.stop_string_count = options.stopStrings.count
        if listener.onToken != nil {
            argument.on_token = { token, context, _ in Listener.at(context).onToken!(Int(token)) ? 1 : 0 }
        }
        if listener.onText != nil {
            argument.on_text = { text, size, context, _ in
                Listener.at(context).onText!(decoded(text!, size)) ? 1 : 0
            }
        }
        argument.context = listener.context
        return argument
    }
}
