import EdgeAttn

/// What a runtime found, and how near it came.
struct Outcome {
    var found = "answered"
    var agrees = true
    var maxAbs: Double?
    var cosine: Double?

    /// Takes outputs in that must be like the expected ones.
    mutating func compare(_ found: [String: Tensor], _ expected: [String: Numbers], _ tolerance: Tolerance?) throws {
        agrees = agrees && found.keys.sorted() == expected.keys.sorted()
        for (name, numbers) in expected where agrees {
            let (answer, wanted) = (found[name]!, try numbers.tensor)
            agrees = answer.dtype == wanted.dtype && answer.dims == wanted.dims
            guard agrees else { return }
            let likeness = like(try answer.doubles, try wanted.doubles)
            agrees =
                likeness.cosine >= tolerance?.cosine ?? -1 && likeness.maxAbs <= tolerance?.maxAbs ?? .infinity
            maxAbs = max(maxAbs ?? 0, likeness.maxAbs)
            cosine = min(cosine ?? 1, likeness.cosine)
        }
    }
}

private func like(_ a: [Double], _ b: [Double]) -> (cosine: Double, maxAbs: Double) {
    let pairs = zip(a, b)
    let (product, squares) = (pairs.reduce(0) { $0 + $1.0 * $1.1 }, (norm(a), norm(b)))
    let cosine = squares.0 == 0 || squares.1 == 0 ? (squares.0 == squares.1 ? 1 : 0) : product / (squares.0 * squares.1)
    return (cosine, pairs.reduce(0) { max($0, abs($1.0 - $1.1)) })
}

private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

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
