import Foundation

/// All that manifest.json says; runtime/README.md specifies it.
public struct Manifest: Codable, Sendable {
    public let schema: Int
    public let name: String
    public let graphs: [String: Graph]
    public let symbols: [String: Bounds]
    public let generation: Generation?
    public let rows: Rows?
    public let processing: Processing?
    public let variants: [Variant]
    public let files: [String: FileEntry]
    public let golden: Golden
    public let budget: [String: Double]
    public let provenance: [String: JSON]
    public let signature: Signature?

    /// The name of the graph that an app calls and that the golden vectors prove.
    public var mainGraph: String { graphs["model"] == nil ? graphs.keys.first! : "model" }
    var main: Graph { graphs[mainGraph]! }
}

public struct FileEntry: Codable, Sendable {
    public let sha256: String
    public let size: Int
}

public struct Golden: Codable, Sendable {
    public let file: String
    public let samples: Int
}

public struct Signature: Codable, Sendable {
    public let scheme: Scheme
    public let key: String

    public enum Scheme: String, Codable, Sendable { case ed25519 }
}

/// One way to run the bundle.
public struct Variant: Codable, Sendable {
    public let target: String
    public let engine: Engine
    public let files: [String: String]
    public let sizes: [String: Int]
    public let session: Session?
    public let stacks: [Stack]
    public let tolerance: Tolerance
    public let scores: [String: Double]
    public let verdict: Verdict
    @Nullable public private(set) var measured: String?

    public enum Verdict: String, Codable, Sendable { case pass, fail }

    public struct Engine: Codable, Sendable {
        public let name, version: String
        public let providers: [String]
        public let options: [String: JSON]
    }

    public struct Session: Codable, Sendable {
        public var threads = 1
        public var spinning = false
        public var arena = true
        public var memoryPattern = true
    }

    public struct Stack: Codable, Sendable {
        public let sizes: [String: Int]
        public let rows: Int
    }

    public struct Tolerance: Codable, Sendable {
        public let cosine: Double
    }
}

/// Rows of the main graph are independent: each is answered the same alone, and without its padding.
public struct Rows: Codable, Sendable {
    public let batch: String
    @Nullable public private(set) var padding: Padding?

    public struct Padding: Codable, Sendable {
        public let mask: String
        public let maskedOut: Int
    }

    /// The symbol of the positions that may be padded.
    func sequence(_ graph: Graph) -> String? {
        padding.flatMap { padding in graph.inputs.first { $0.name == padding.mask } }?.dims[1].symbol
    }
}

/// How a bundle generates: names of graphs, and of their inputs and outputs.
public struct Generation: Codable, Sendable {
    public let kind: Kind
    public let decoder: String
    public let encoder: String?
    public let sources, carried: [String]?
    public let tokens, logits, length: String
    public let cache: [Entry]
    @Nullable public private(set) var positions: Int?

    public enum Kind: String, Codable, Sendable {
        case decoder
        case encoderDecoder = "encoder-decoder"
    }

    public struct Entry: Codable, Sendable {
        public let past, present: String
    }

    /// The decoder's inputs that stand for the tokens before.
    var memory: [String] { [length] + cache.map(\.past) }
}

/// What stands between an app's data and the arrays of a call.
public struct Processing: Codable, Sendable {
    public let text: Text?
    public let image: Image?
    public let audio: Audio?
    public let series: Series?
    public let labels: Labels?

    public struct Text: Codable, Sendable {
        public let tokenizer, ids: String
        @Nullable public private(set) var mask: String?
        @Nullable public private(set) var types: String?
        @Nullable public private(set) var longest: Int?
    }

    public struct Image: Codable, Sendable {
        public let input: String
        public let height, width: Int
        public let channels: Channels
        public let layout: Layout
        public let resample: Resample
        public let scale: Double
        public let mean, std: [Double]

        public enum Channels: String, Codable, Sendable {
            case rgb = "RGB"
            case bgr = "BGR"
            case grey = "L"
        }
        public enum Layout: String, Codable, Sendable {
            case nchw = "NCHW"
            case nhwc = "NHWC"
        }
        public enum Resample: String, Codable, Sendable { case nearest, bilinear, bicubic }
    }

    public struct Audio: Codable, Sendable {
        public let input: String
        public let rate, channels: Int
        public let logMel: LogMel?

        /// Features in place of samples; see the specification.
        public struct LogMel: Codable, Sendable {
            public let frame, hop, bands, stack: Int
            public let floor: Double
        }
    }

    public struct Series: Codable, Sendable {
        public let input: String
        @Nullable public private(set) var output: String?
        public let names: [String]
        public let mean, std: [Double]
        public let missing: Missing

        public enum Missing: String, Codable, Sendable { case refuse, hold }
    }

    public struct Labels: Codable, Sendable {
        public let output: String
        public let names: [String]
    }
}
