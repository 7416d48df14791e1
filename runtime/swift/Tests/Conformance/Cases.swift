import EdgeAttn
import Foundation

/// What cases.json asks of one bundle; runtime/conformance/README.md says what it means.
struct Case: Decodable {
    let bundle, verdict: String
    let calls: [Call]
    let generate: [Run]
    let prepare: [Prepare]?
    let labels: [Labels]?

    struct Call: Decodable {
        let graph, error: String?
        let inputs: [String: Numbers]
        let outputs: [String: Numbers]?
        let tolerance: [String: Double]?
    }

    struct Run: Decodable {
        let prompt, start, tokens: [Int]?
        let sources: [String: Numbers]?
        let maxNewTokens: Int?
        let error: String?
    }

    struct Prepare: Decodable {
        let of, given, expected: String
        let needs: String?
    }

    struct Labels: Decodable {
        let outputs: [String: Numbers]
        let labels: [[JSON]]?
        let error: String?
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
        case flag(Bool)

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

/// Pixels as cases of images have them.
struct RawImage: Decodable {
    let dims: [Int]
    let pixels: String

    var image: Image {
        get throws {
            let bytes = stride(from: 0, to: pixels.count, by: 2).map { at in
                UInt8(pixels.dropFirst(at).prefix(2), radix: 16)!
            }
            return try Image(
                width: dims.count > 1 ? dims[1] : 0, height: dims[0],
                channels: dims.count < 3 ? 1 : dims.count == 3 ? dims[2] : 0, pixels: bytes)
        }
    }
}

/// A sound as cases have it.
struct RawSound: Decodable {
    let rate: Int
    let channels: [[Float]]

    var sound: Sound { Sound(rate: rate, channels: channels) }
}

/// Series as cases have them; null is a missing value.
struct RawSeries: Decodable {
    let values: [[Double?]]

    var series: [[Double]] { values.map { $0.map { $0 ?? .nan } } }
}

/// One value, or a list of them: a batch.
enum OneOrMany<Value: Decodable>: Decodable {
    case one(Value)
    case many([Value])

    init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let one = try? value.decode(Value.self) {
            self = .one(one)
        } else {
            self = .many(try value.decode([Value].self))
        }
    }

    var list: [Value] {
        switch self {
        case .one(let value): [value]
        case .many(let values): values
        }
    }
}
