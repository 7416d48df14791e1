import EdgeAttn

/// What a runtime found, and how near it came.
struct Outcome {
    var found = "answered"
    var agrees = true
    var maxAbs: Double?
    var error: Double?

    /// Takes outputs in that must be like the expected ones.
    mutating func compare(_ found: [String: Tensor], _ expected: [String: Numbers], _ tolerance: Double?) throws {
        agrees = agrees && found.keys.sorted() == expected.keys.sorted()
        for (name, numbers) in expected where agrees {
            let (answer, wanted) = (found[name]!, try numbers.tensor)
            agrees = answer.dtype == wanted.dtype && answer.dims == wanted.dims
            guard agrees else { return }
            let difference = zip(try answer.doubles, try wanted.doubles).reduce(0) { max($0, abs($1.0 - $1.1)) }
            agrees = difference <= tolerance ?? 0
            maxAbs = max(maxAbs ?? 0, difference)
        }
    }
}

extension Tensor {
    /// The values in float64.
    var doubles: [Double] {
        get throws {
            switch dtype {
            case .bool: try values(Bool.self).map { $0 ? 1 : 0 }
            case .int8: try values(Int8.self).map(Double.init)
            case .int32: try values(Int32.self).map(Double.init)
            case .int64: try values(Int64.self).map(Double.init)
            case .float32: try values(Float.self).map(Double.init)
            default: try values()
            }
        }
    }
}
