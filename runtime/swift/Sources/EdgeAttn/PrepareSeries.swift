/// Series in their own units, and back: by the bundle's `processing`, bit for bit as in every other language.
extension Model {
    /// Make the input of a batch of series, each an array of values a series in the order of the manifest's names.
    ///
    /// A NaN is a missing value.
    public func prepare(series batch: [[[Double]]]) throws -> [String: Tensor] {
        guard let rule = manifest.processing?.series else { throw lacking("series") }
        let count = rule.names.count
        let length = input(rule.input).dims.last?.size ?? batch.first?.first?.count ?? 0
        try requireInput(!batch.isEmpty && length > 0, "no value of series found, at least one expected")
        var scaled: [Float] = []
        for series in batch {
            try requireInput(series.count == count, "\(series.count) series found, \(count) expected: \(rule.names)")
            for (i, values) in series.enumerated() {
                try requireInput(
                    values.count == length, "\(values.count) values of \(rule.names[i]) found, \(length) expected")
                let known = try filled(values, rule.missing, rule.names[i])
                scaled += known.map { Float(($0 - rule.mean[i]) / rule.std[i]) }
            }
        }
        return [rule.input: try Tensor(scaled, dims: [batch.count, count, length])]
    }

    /// Return what a call forecast in the series' own units: of each of the batch, an array a series.
    public func forecast(_ outputs: [String: Tensor]) throws -> [[[Double]]] {
        guard let rule = manifest.processing?.series, let name = rule.output else { throw lacking("forecast") }
        let count = rule.names.count
        guard let output = outputs[name], output.dims.count == 3, output.dims[1] == count else {
            throw InputError(description: "\(name): float32 of \(count) series expected among the outputs")
        }
        let values: [Float] = try output.values()
        let length = output.dims[2]
        return (0..<output.dims[0]).map { row in
            (0..<count).map { i in
                let start = (row * count + i) * length
                return values[start..<start + length].map { Double($0) * rule.std[i] + rule.mean[i] }
            }
        }
    }
}

/// Fill the gaps of one series as the manifest says, or refuse it.
private func filled(_ values: [Double], _ missing: Processing.Series.Missing, _ name: String) throws -> [Double] {
    try requireInput(!values.contains { $0.isInfinite }, "an infinite value of \(name) found, numbers expected")
    guard let first = values.first(where: { !$0.isNaN }), missing == .hold || !values.contains(where: \.isNaN) else {
        throw InputError(description: "missing values of \(name) found, none expected")
    }
    var before = first
    return values.map { value in
        if !value.isNaN { before = value }
        return before
    }
}
