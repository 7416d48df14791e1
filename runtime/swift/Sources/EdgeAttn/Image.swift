/// Pixels of 8 bits, rows from the top: grey, grey with alpha, RGB or RGBA.
public struct Image: Sendable {
    public let width, height, channels: Int
    public let pixels: [UInt8]

    /// - Throws: `InputError` where there are not `width` x `height` x `channels` pixels.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws {
        let fits =
            max(width, height) <= 1 << 24 && width >= 1 && height >= 1 && (1...4).contains(channels)
            && pixels.count == width * height * channels
        try requireInput(
            fits, "\(pixels.count) bytes found, \(height) x \(width) pixels of \(channels) channels expected")
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }

    /// Return the planes of an opaque image in the order that is wanted.
    func planes(_ wanted: Processing.Image.Channels) throws -> [[UInt8]] {
        let alpha = channels == 2 || channels == 4 ? plane(channels - 1) : []
        try requireInput(
            alpha.allSatisfy { $0 == 255 }, "an image with transparent pixels found; put it on a background")
        if channels < 3 { return [[UInt8]](repeating: plane(0), count: wanted.rawValue.count) }
        let (red, green, blue) = (plane(0), plane(1), plane(2))
        switch wanted {
        case .rgb: return [red, green, blue]
        case .bgr: return [blue, green, red]
        case .grey:
            let parts = [(red, 19595), (green, 38470), (blue, 7471)]
            return [red.indices.map { i in UInt8(parts.reduce(32768) { $0 + Int($1.0[i]) * $1.1 } >> 16) }]
        }
    }

    private func plane(_ channel: Int) -> [UInt8] {
        stride(from: channel, to: pixels.count, by: channels).map { pixels[$0] }
    }
}

typealias Filter = Processing.Image.Resample

/// Stretch a plane, the width first and then the height, as Pillow does with images of 8 bits.
func resized(_ plane: [UInt8], width: Int, height: Int, to wanted: (width: Int, height: Int), _ filter: Filter)
    -> [UInt8]
{
    let across = lines(plane, count: height, length: width, to: wanted.width, filter)
    let upright = transposed(across, rows: height, columns: wanted.width)
    let both = lines(upright, count: wanted.width, length: height, to: wanted.height, filter)
    return transposed(both, rows: wanted.width, columns: wanted.height)
}

private func transposed(_ plane: [UInt8], rows: Int, columns: Int) -> [UInt8] {
    (0..<columns).flatMap { column in (0..<rows).map { plane[$0 * columns + column] } }
}

/// Resample `count` lines from `length` values to `wanted`.
private func lines(_ plane: [UInt8], count: Int, length: Int, to wanted: Int, _ filter: Filter) -> [UInt8] {
    if length == wanted { return plane }
    let reaches = filter == .nearest ? nearest(length, wanted) : weighed(length, wanted, filter)
    return (0..<count).flatMap { line in
        reaches.map { reach in
            let sum = reach.weights.enumerated().reduce(1 << 21) {
                $0 + $1.element * Int(plane[line * length + reach.first + $1.offset])
            }
            return UInt8(max(0, min(255, sum >> 22)))
        }
    }
}

/// The values that one place is made of: from `first` on, with weights of 2^22 together.
private struct Reach {
    let first: Int
    let weights: [Int]
}

private func nearest(_ length: Int, _ wanted: Int) -> [Reach] {
    let step = Double(length) / Double(wanted)
    var place = step * 0.5
    return (0..<wanted).map { _ in
        defer { place += step }
        return Reach(first: Int(place), weights: [1 << 22])
    }
}

private func weighed(_ length: Int, _ wanted: Int, _ filter: Filter) -> [Reach] {
    let scale = Double(length) / Double(wanted)
    let stretch = max(scale, 1)
    let support = (filter == .bilinear ? 1 : 2) * stretch
    return (0..<wanted).map { place in
        let center = (Double(place) + 0.5) * scale
        let first = max(Int(center - support + 0.5), 0)
        let end = min(Int(center + support + 0.5), length)
        let weights = (first..<end).map { weight((Double($0) - center + 0.5) * (1 / stretch), filter) }
        let total = weights.reduce(0, +)
        return Reach(
            first: first,
            weights: weights.map { weight in
                let share = weight / total * 0x1p22
                return Int(share < 0 ? share - 0.5 : share + 0.5)
            })
    }
}

private func weight(_ offset: Double, _ filter: Filter) -> Double {
    let x = abs(offset)
    if filter == .bilinear { return x < 1 ? 1 - x : 0 }
    if x < 1 { return ((1.5 * x) - 2.5) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
}
