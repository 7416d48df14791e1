import EdgeAttn
import Foundation

/// What cases.json asks of one bundle; runtime/conformance/README.md says what it means.
struct Case: Decodable {
    let bundle, verdict: String
    let calls: [Call]
    let generate: [Run]
    let prepare: [Prepare]?
    let labels: [Labels]?
    let predictions: [Predictions]?
    let decode: [Decode]?
    let forecast: [Forecast]?
    let trustedKeys: [String]?
    let golden: [GoldenError]?
    let runMany: [Many]?
    let generateMany: [Search]?
    let session: [Session]?
    let stream: [Windows]?
    let steps: [Steps]?

    enum CodingKeys: String, CodingKey {
        case bundle, verdict, golden, calls, generate, session, prepare, labels, predictions, decode, forecast
        case stream, steps
        case trustedKeys = "trusted_keys"
        case runMany = "run_many"
        case generateMany = "generate_many"
    }

    struct Call: Decodable {
        let graph, error: String?
        let inputs: [String: Numbers]
        let outputs: [String: Numbers]?
        let tolerance: Double?
    }

    struct Run: Decodable {
        let prompt, start, tokens: [Int]?
        let sources: [String: Numbers]?
        let maxNewTokens: Int?
        let error: String?

        enum CodingKeys: String, CodingKey {
            case prompt, start, tokens, sources, error
            case maxNewTokens = "max_new_tokens"
        }
    }

    struct Prepare: Decodable {
        let of, given, expected: String
        let tolerance: Double?
    }

    struct Labels: Decodable {
        let outputs: [String: Numbers]
        let labels: [[NamedValue]]?
        let error: String?
    }

    struct Predictions: Decodable {
        let outputs: [String: Numbers]
        let texts, pairs: [String]?
        let sizes: [[Int]]?
        let predictions: [[One]]?
        let error: String?

        struct One: Decodable {
            let label, text: String?
            let score: Double?
            let box: [Double]?
            let span: [Int]?
        }
    }

    struct Decode: Decodable {
        let tokens: [Int]
        let text, error: String?
    }

    struct Forecast: Decodable {
        let outputs: [String: Numbers]
        let forecast: Numbers?
        let error: String?
    }

    struct Many: Decodable {
        let samples: [[String: Numbers]]
        let outputs: [[String: Numbers]]?
        let tolerance: Double?
        let error: String?
    }

    struct Search: Decodable {
        let prompts: [[Int]]?
        let sources: [String: Numbers]?
        let start: [Int]?
        let settings: Settings
        let sequences: [[Sequence]]?
        let error: String?

        struct Sequence: Decodable {
            let tokens: [Int]
            let score: Double

            init(from decoder: Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                (tokens, score) = (try pair.decode([Int].self), try pair.decode(Double.self))
            }
        }
    }

    struct Session: Decodable {
        let turns: [Run]
        let error: String?
    }

    struct Windows: Decodable {
        let hop: Int
        let window: Int?
        let pushes: [[[Double?]]]
        let moments: [[Moment]?]?
        let tolerance: Double?
        let error: String?

        struct Moment: Decodable {
            let end: Int
            let outputs: [String: Numbers]
        }
    }

    struct Steps: Decodable {
        let pushes: [Push]
        let moments: [[Windows.Moment]?]?
        let tolerance: Double?
        let error: String?

        /// A new beginning, an array, or rows of a sound or series.
        enum Push: Decodable {
            case reset
            case array(Numbers)
            case rows([[Double?]])

            init(from decoder: Decoder) throws {
                let value = try decoder.singleValueContainer()
                if (try? value.decode(String.self)) != nil {
                    self = .reset
                } else if let array = try? value.decode(Numbers.self) {
                    self = .array(array)
                } else {
                    self = .rows(try value.decode([[Double?]].self))
                }
            }
        }
    }
}

/// The error of one golden output, as the cases have it: sample, output, error, ok.
struct GoldenError: Decodable, Equatable {
    let sample: Int
    let output: String
    let error: Double?
    let ok: Bool
}

extension GoldenError {
    init(from decoder: Decoder) throws {
        var parts = try decoder.unkeyedContainer()
        sample = try parts.decode(Int.self)
        output = try parts.decode(String.self)
        error = try parts.decodeIfPresent(Double.self)
        ok = try parts.decode(Bool.self)
    }
}

/// Settings of a generation, named as in docs/generation.md.
struct Settings: Decodable {
    let options: GenerationOptions?  // nil for a value that their types cannot hold

    enum CodingKeys: String, CodingKey {
        case temperature, stop, seed
        case maxNewTokens = "max_new_tokens"
        case topK = "top_k"
        case topP = "top_p"
        case repetitionPenalty = "repetition_penalty"
        case stopSequences = "stop_sequences"
        case numBeams = "num_beams"
        case numReturnSequences = "num_return_sequences"
        case lengthPenalty = "length_penalty"
        case earlyStopping = "early_stopping"
    }

    init(from decoder: Decoder) throws {
        let settings = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
            try settings.decodeIfPresent(Value.self, forKey: key)
        }
        var options = GenerationOptions()
        options.maxNewTokens = try value(.maxNewTokens)
        options.temperature = try value(.temperature)
        options.topK = try value(.topK)
        options.topP = try value(.topP)
        options.repetitionPenalty = try value(.repetitionPenalty)
        options.seed = try value(.seed)
        options.stop = try value(.stop)
        options.stopSequences = try value(.stopSequences) ?? []
        options.numBeams = try value(.numBeams)
        options.numReturnSequences = try value(.numReturnSequences) ?? 1
        options.lengthPenalty = try value(.lengthPenalty)
        if let stops = try? settings.decode(Bool.self, forKey: .earlyStopping) {
            options.earlyStopping = stops ? .yes : .no
        } else if let word = try settings.decodeIfPresent(String.self, forKey: .earlyStopping) {
            options.earlyStopping = .never
            self.options = word == "never" ? options : nil
            return
        }
        self.options = options
    }
}

/// A pair of a label's name and its value.
struct NamedValue: Decodable {
    let name: String
    let value: Float

    init(from decoder: Decoder) throws {
        var pair = try decoder.unkeyedContainer()
        (name, value) = (try pair.decode(String.self), try pair.decode(Float.self))
    }
}

/// A tensor as cases.json has it.
struct Numbers: Decodable {
    let dtype: DType
    let shape: [Int]
    let data: [Number]

    enum Number: Decodable {
        case integer(Int64)
        case real(Double)

        init(from decoder: Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let integer = try? value.decode(Int64.self) {
                self = .integer(integer)
            } else if let real = try? value.decode(Double.self) {
                self = .real(real)
            } else if let flag = try? value.decode(Bool.self) {
                self = .integer(flag ? 1 : 0)
            } else {
                self = .real(.nan)
            }
        }

        var integer: Int64 { if case .integer(let value) = self { value } else { Int64(real) } }
        var real: Double {
            switch self {
            case .integer(let value): Double(value)
            case .real(let value): value
            }
        }
    }

    var tensor: Tensor {
        get throws {
            switch dtype {
            case .bool: try Tensor(data.map { $0.real != 0 }, dims: shape)
            case .int8: try Tensor(data.map { Int8($0.integer) }, dims: shape)
            case .int32: try Tensor(data.map { Int32($0.integer) }, dims: shape)
            case .int64: try Tensor(data.map(\.integer), dims: shape)
            case .float32: try Tensor(data.map { Float($0.real) }, dims: shape)
            case .float64: try Tensor(data.map(\.real), dims: shape)
            default: fatalError("no case has a tensor of \(dtype)")
            }
        }
    }
}

/// A text, an image, a sound, series, or the file of one.
struct Raw: Decodable {
    let text: String?
    let fields: Fields?

    struct Fields: Decodable {
        let file, pixels: String?
        let dims: [Int]?
        let rate: Int?
        let channels: [[Float]]?
        let values: [[Double?]]?
    }

    init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        text = try? value.decode(String.self)
        fields = text == nil ? try value.decode(Fields.self) : nil
    }

    var image: ImageInput {
        get throws {
            let (dims, hex) = (fields!.dims!, Array(fields!.pixels!.utf8))
            let bytes = stride(from: 0, to: hex.count, by: 2).map { at in
                UInt8(String(decoding: hex[at..<at + 2], as: UTF8.self), radix: 16)!
            }
            let channels = dims.count < 3 ? 1 : dims.count == 3 ? dims[2] : 0
            return try ImageInput(
                width: dims.count > 1 ? dims[1] : 0, height: dims[0], channels: channels, pixels: bytes)
        }
    }

    var sound: SoundInput { get throws { try SoundInput(rate: fields!.rate!, channels: fields!.channels!) } }
    var series: SeriesInput { get throws { try SeriesInput(fields!.values!.map { $0.map { $0 ?? .nan } }) } }
}

/// A pair of texts, or a text with a prompt.
struct RawPair: Decodable {
    let text: String
    let pair, prompt: String?
}

/// The token ids of a pair, and their type ids.
struct Tokens: Decodable {
    let ids, types: [Double]
}

/// One value, or a list of them.
struct OneOrMany<Value: Decodable>: Decodable {
    let list: [Value]

    init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let one = try? value.decode(Value.self) { list = [one] } else { list = try value.decode([Value].self) }
    }
}
