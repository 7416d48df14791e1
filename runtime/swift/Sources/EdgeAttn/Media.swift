import CEdgeAttn
import Foundation

/// Pixels of 8 bits, rows from the top: grey, grey with alpha, RGB or RGBA.
public struct ImageInput: Sendable {
    public let width, height, channels: Int
    public let pixels: [UInt8]

    /// - Throws: `InputError` where there are not `width` x `height` x `channels` pixels.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws {
        let isSmall = (1...1 << 24).contains(width) && (1...1 << 24).contains(height) && (1...4).contains(channels)
        try requireInput(
            isSmall && pixels.count == width * height * channels,
            "\(pixels.count) bytes found, \(height) x \(width) pixels of \(channels) channels expected")
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }
}

/// Samples of -1 to 1, as many a channel.
public struct SoundInput: Sendable {
    public let rate: Int
    public let channels: [[Float]]

    /// - Parameter rate: Samples a second.
    /// - Throws: `InputError` where channels differ in their number of samples.
    public init(rate: Int, channels: [[Float]]) throws {
        try requireEven(channels, "channels")
        (self.rate, self.channels) = (rate, channels)
    }
}

extension SoundInput {
    /// Reads a WAV file of integers of 8 to 32 bits, or of float32.
    ///
    /// - Throws: `InputError` where it is none, or cut.
    public init(file: MediaFile) throws {
        var rate: Int64 = 0
        let read = try Arguments.with { arguments in
            let files = arguments.array([try arguments.file(file)])
            return try handed { edgeattn_read_audio(files, &rate, $0, $1) }
        }
        let samples = try Handle.tensors(read).tensors()["samples"]!
        let (values, time): ([Float], Int) = (try samples.values(), samples.dims[1])
        let channels = (0..<samples.dims[0]).map { Array(values[$0 * time..<($0 + 1) * time]) }
        try self.init(rate: Int(rate), channels: channels)
    }
}

/// Series in their own units, as many numbers of each, in the order of the manifest's names; a NaN is missing.
public struct SeriesInput: Sendable {
    public let values: [[Double]]

    /// - Throws: `InputError` where series differ in their number of values.
    public init(_ values: [[Double]]) throws {
        try requireEven(values, "series")
        self.values = values
    }
}

/// A file, by where it is or by its bytes.
public enum MediaFile: Sendable {
    case at(URL)
    case bytes(Data)
}

func requireEven<Value>(_ rows: [[Value]], _ what: String) throws {
    try requireInput(Set(rows.map(\.count)).count <= 1, "\(what) of several lengths found, one length expected")
}

extension Arguments {
    func bytes(_ text: String) -> edgeattn_text {
        let bytes = text.utf8.map { CChar(bitPattern: $0) }
        return edgeattn_text(bytes: array(bytes), size: bytes.count)
    }

    func image(_ image: ImageInput) -> edgeattn_image {
        edgeattn_image(
            height: Int64(image.height), width: Int64(image.width), channels: Int64(image.channels),
            pixels: array(image.pixels), bytes: image.pixels.count)
    }

    func sound(_ sound: SoundInput) -> edgeattn_sound {
        let samples = sound.channels.flatMap { $0 }
        return edgeattn_sound(
            rate: Int64(sound.rate), channels: Int64(sound.channels.count),
            time: Int64(sound.channels.first?.count ?? 0), samples: array(samples), sample_count: samples.count)
    }

    func series(_ series: SeriesInput) -> edgeattn_series {
        let values = series.values.flatMap { $0 }
        return edgeattn_series(
            count: Int64(series.values.count), time: Int64(series.values.first?.count ?? 0),
            values: array(values), value_count: values.count)
    }

    func file(_ file: MediaFile) throws -> edgeattn_file {
        switch file {
        case .at(let url): edgeattn_file(path: try text(url.path), data: nil, bytes: 0)
        case .bytes(let data): edgeattn_file(path: nil, data: array([UInt8](data)), bytes: data.count)
        }
    }
}
