import CEdgeAttn
import Foundation

extension Model {
    /// A sound, series or arrays that never end, answered a window at a time or in steps.
    ///
    /// ```swift
    /// let stream = try model.stream(hop: 800)
    /// try stream.push(samples: [samples])
    /// while let moment = try stream.next() { show(try model.labels(moment.outputs)) }
    /// ```
    public final class Stream: Sendable {
        /// What a window, or a hop, was answered with, and where it ended: how many samples had come by then.
        public struct Moment: Sendable {
            public let end: Int
            public let outputs: [String: Tensor]
        }

        private let model: Model  // outlives the stream
        private let handle: Handle
        private let turn = NSLock()

        fileprivate init(
            _ model: Model,
            _ begin: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>, Failure) -> edgeattn_status
        ) throws {
            let stream = try model.handle.use { model in try handed { begin(model, $0, $1) } }
            handle = try Handle(stream) { edgeattn_stream_free($0) }
            self.model = model
        }

        /// Takes samples that have come, an array a channel, and runs nothing.
        public func push(samples: [[Float]]) throws {
            try push(samples, "channels", edgeattn_stream_push_audio)
        }

        /// Takes values that have come, an array a series, and runs nothing.
        public func push(series: [[Double]]) throws {
            try push(series, "series", edgeattn_stream_push_series)
        }

        /// Takes an array that has come, of a bundle in steps that prepares neither sounds nor series, and runs nothing:
        /// float32 in the input's dims without the batch, any number along the time.
        public func push(_ array: Tensor) throws {
            try array.withView("array") { view in
                try turn.withLock {
                    try handle.use { stream in try call { edgeattn_stream_push_array(stream, view, $0) } }
                }
            }
        }

        /// Begins anew: nothing has come and, in steps, zeros are in every state.
        public func reset() throws {
            try turn.withLock { try handle.use { stream in try call { edgeattn_stream_reset(stream, $0) } } }
        }

        private func push<Value>(
            _ rows: [[Value]], _ what: String,
            _ function: (OpaquePointer, UnsafePointer<Value>, Int, Int, Failure) -> edgeattn_status
        ) throws {
            try requireEven(rows, what)
            let values = rows.flatMap { $0 }
            try turn.withLock {
                try handle.use { stream in
                    try call { function(stream, values, values.count, rows.count, $0) }
                }
            }
        }

        /// Answers the next window, or hop, that is complete; nil where none is.
        ///
        /// - Throws: `InputError` where the bundle refuses it; the next call goes on behind it.
        public func next(deadline: Duration? = nil) throws -> Moment? {
            try next(CallLimits(deadline: deadline))
        }

        public func next(deadline: Duration? = nil) async throws -> Moment? {
            try await blocking(deadline: deadline) { try self.next($0) }
        }

        private func next(_ limits: CallLimits) throws -> Moment? {
            var end: Int64 = 0
            let outputs = try turn.withLock {
                try handle.use { stream in
                    try limits.withOptions { options in
                        try handed { edgeattn_stream_next(stream, options, &end, $0, $1) }
                    }
                }
            }
            return try outputs.map { Moment(end: Int(end), outputs: try Handle.tensors($0).tensors()) }
        }
    }

    /// Begins a stream of windows: the first answer comes with as many samples as a window has, the others a hop later each.
    ///
    /// - Parameters:
    ///   - hop: Samples, or values of each series, from an answer to the next.
    ///   - window: As many are looked at; nil takes as many as the input has.
    public func stream(hop: Int, window: Int? = nil) throws -> Stream {
        var options = edgeattn_stream_options_default()
        options.hop = Int64(hop)
        if let window { options.window = Int64(max(window, 0)) }
        return try Stream(self) { edgeattn_stream_new($0, &options, $1, $2) }
    }

    /// Begins a stream in steps, of a bundle with `streaming` in its manifest: each hop is computed once, and what it needs of
    /// the past is in the state that the graph keeps.
    public func steps() throws -> Stream {
        try Stream(self) { edgeattn_step_stream_new($0, $1, $2) }
    }
}
