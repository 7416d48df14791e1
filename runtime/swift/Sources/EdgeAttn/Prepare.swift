import Foundation

/// A text's tokens, by a library that reads `tokenizer.json`.
public struct Encoding: Sendable {
    public let ids, types: [Int]

    /// - Parameter types: Type ids; zeros, as of a first sentence, where they are left out.
    public init(ids: [Int], types: [Int]? = nil) {
        self.ids = ids
        self.types = types ?? ids.map { _ in 0 }
    }
}

/// Encodes a text, with the special tokens of the tokenizer's post-processor or without; neither cuts nor pads.
public typealias Tokenizer = (_ text: String, _ special: Bool) throws -> Encoding

/// Samples of -1 to 1, for each channel.
public struct Sound: Sendable {
    public let rate: Int
    public let channels: [[Float]]

    public init(rate: Int, channels: [[Float]]) {
        (self.rate, self.channels) = (rate, channels)
    }
}

/// The inputs of a call by the bundle's `processing`, bit for bit as in every other language.
extension Model {
    /// Make the inputs of a batch of texts.
    ///
    /// - Parameter onCut: Is told of each text that is longer than the model takes, and of how many tokens it has.
    public func prepare(
        texts: [String], tokenizer: Tokenizer, onCut: (_ text: String, _ tokens: Int) -> Void = { _, _ in }
    ) throws -> [String: Tensor] {
        guard let rule = manifest.processing?.text else { throw lacking("text") }
        let rows = try texts.map { text in
            let whole = try tokenizer(text, true)
            try requireInput(
                whole.types.count == whole.ids.count, "\(whole.types.count) type ids found, one a token expected")
            let row = try rule.longest.map { try shorten(whole, tokenizer(text, false), to: $0) } ?? whole
            if row.ids.count < whole.ids.count { onCut(text, whole.ids.count) }
            try requireInput(!row.ids.isEmpty, "a text that gives no token found; give another text")
            return row
        }
        try requireInput(!rows.isEmpty, "no text found, at least one expected")
        let length = rows.map(\.ids.count).max()!
        let isEven = rows.allSatisfy { $0.ids.count == length }
        try requireInput(
            rule.mask != nil || isEven,
            "texts of several lengths found, without a mask for padding; give them one by one")
        var inputs: [String: Tensor] = [:]
        func fill(_ name: String?, _ values: (Encoding) -> [Int]) throws {
            guard let name else { return }
            let padded = rows.flatMap { row in values(row) + [Int](repeating: 0, count: length - row.ids.count) }
            inputs[name] = try .whole(padded, input(name).dtype, dims: [rows.count, length])
        }
        try fill(rule.ids, \.ids)
        try fill(rule.mask) { $0.ids.map { _ in 1 } }
        try fill(rule.types, \.types)
        return inputs
    }

    /// Make the input of a batch of images.
    public func prepare(images: [Image]) throws -> [String: Tensor] {
        guard let rule = manifest.processing?.image else { throw lacking("image") }
        try requireInput(!images.isEmpty, "no image found, at least one expected")
        try require(
            max(rule.width, rule.height) <= 1 << 14,
            "processing.image: \(rule.width) x \(rule.height) found, less expected")
        let count = rule.channels.rawValue.count
        let area = rule.width * rule.height
        let isPlanar = rule.layout == .nchw
        var values = [Float](repeating: 0, count: images.count * count * area)
        for (i, image) in images.enumerated() {
            for (channel, plane) in try image.planes(rule.channels).enumerated() {
                let size = (rule.width, rule.height)
                let levels = resized(plane, width: image.width, height: image.height, to: size, rule.resample)
                for (at, level) in levels.enumerated() {
                    let place = isPlanar ? (i * count + channel) * area + at : (i * area + at) * count + channel
                    values[place] = Float((Double(level) * rule.scale - rule.mean[channel]) / rule.std[channel])
                }
            }
        }
        let dims = isPlanar ? [count, rule.height, rule.width] : [rule.height, rule.width, count]
        return [rule.input: try Tensor(values, dims: [images.count] + dims)]
    }

    /// Make the input of a batch of sounds; nothing is resampled or mixed.
    ///
    /// Silence follows what is shorter than an input of a size takes.
    public func prepare(sounds: [Sound]) throws -> [String: Tensor] {
        guard let rule = manifest.processing?.audio, rule.logMel == nil else { throw lacking("audio of samples") }
        let given = sounds.flatMap { $0.channels.map(\.count) }
        let length = input(rule.input).dims.last?.size ?? given.first ?? 0
        try requireInput(given.allSatisfy { $0 > 0 } && !given.isEmpty, "no sample found, at least one expected")
        try requireInput(given.allSatisfy { $0 <= length }, "\(given.max()!) samples found, \(length) at most expected")
        for sound in sounds {
            try requireInput(sound.rate == rule.rate, "\(sound.rate) Hz found, \(rule.rate) expected; resample it")
            try requireInput(
                sound.channels.count == rule.channels,
                "\(sound.channels.count) channels found, \(rule.channels) expected; mix them")
            let isEven = Set(sound.channels.map(\.count)).count == 1
            try requireInput(isEven, "channels of several lengths found, one length expected")
            let isWithin = sound.channels.allSatisfy { $0.allSatisfy { abs($0) <= 1 } }
            try requireInput(isWithin, "a sample beyond -1 to 1 found; divide integers by half their range")
        }
        let isFixed = input(rule.input).dims.last?.size != nil
        try requireInput(
            isFixed || Set(given).count == 1, "sounds of several lengths found; give them one by one")
        let dims = rule.channels == 1 ? [sounds.count, length] : [sounds.count, rule.channels, length]
        let samples = sounds.flatMap(\.channels).flatMap { $0 + [Float](repeating: 0, count: length - $0.count) }
        return [rule.input: try Tensor(samples, dims: dims)]
    }

    /// Name the places of a call's outputs: for every vector, names and values from the largest value to the least.
    public func labels(_ outputs: [String: Tensor]) throws -> [[(name: String, value: Float)]] {
        guard let rule = manifest.processing?.labels else { throw lacking("labels") }
        guard let output = outputs[rule.output] else {
            throw InputError(description: "outputs: missing \(rule.output)")
        }
        let values: [Float] = try output.values()
        try requireInput(!output.hasNaN, "\(rule.output): NaN found, numbers expected")
        let count = rule.names.count
        try requireInput(
            output.dims.last == count, "\(rule.output): \(output.dims) found, \(count) places expected last")
        return stride(from: 0, to: values.count, by: count).map { start in
            let ranked = (0..<count).sorted { (-values[start + $0], $0) < (-values[start + $1], $1) }
            return ranked.map { (rule.names[$0], values[start + $0]) }
        }
    }

    func lacking(_ part: String) -> InputError {
        InputError(description: "\(manifest.name): no \(part) in its processing; make the inputs in the app")
    }

    func input(_ name: String) -> TensorSpec {
        manifest.graphs.values.flatMap(\.inputs).first { $0.name == name }!
    }
}

/// Cut the last tokens of the text itself, so that special ones stay.
private func shorten(_ whole: Encoding, _ plain: Encoding, to longest: Int) throws -> Encoding {
    let special = whole.ids.count - plain.ids.count
    try requireInput(special >= 0, "\(-special) more tokens without special ones found; check the tokenizer")
    try requireInput(
        longest > special, "\(longest) tokens at most, and \(special) are special ones: no room for the text's")
    if whole.ids.count <= longest { return whole }
    guard let before = (0...special).first(where: { whole.ids[$0...].starts(with: plain.ids) }) else {
        throw InputError(
            description: "a text of other tokens with special ones than without found; check the tokenizer")
    }
    let cutting = before + longest - special..<before + plain.ids.count
    func cut(_ values: [Int]) -> [Int] { Array(values[..<cutting.lowerBound]) + Array(values[cutting.upperBound...]) }
    return Encoding(ids: cut(whole.ids), types: cut(whole.types))
}
