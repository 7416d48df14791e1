import Foundation

/// Tokens, or pieces of a text, as a model makes them: a loop begins a generation, and leaving the loop ends it.
///
/// A generation waits where its loop is 64 pieces behind. A loop in a cancelled task throws `CancellationError`.
public struct Pieces<Element: Sendable>: AsyncSequence, Sendable {
    /// Generates, hands each piece on, and ends where that returns false.
    typealias Body = @Sendable (@escaping (Element) -> Bool, CallLimits) throws -> Void

    let body: Body

    public func makeAsyncIterator() -> Iterator { Iterator(body: body) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: Body
        private var running: Running<Element>?

        fileprivate init(body: @escaping Body) { self.body = body }

        public mutating func next() async throws -> Element? {
            try Task.checkCancellation()
            let current = try running ?? Running(body)
            running = current
            return try await current.next()
        }
    }
}

/// A generation on a thread of its own; it ends with its last owner.
private final class Running<Element: Sendable>: Sendable {
    private let pipe = Pipe<Element>()
    private let cancellation: Cancellation

    init(_ body: @escaping Pieces<Element>.Body) throws {
        let (pipe, cancellation) = (pipe, try Cancellation())
        self.cancellation = cancellation
        Thread.detachNewThread {
            pipe.close(Result { try body(pipe.send, CallLimits(cancellation: cancellation)) })
        }
    }

    deinit { end() }

    func next() async throws -> Element? {
        try await withTaskCancellationHandler(operation: pipe.receive, onCancel: end)
    }

    @Sendable private func end() {
        pipe.close(.failure(CancellationError()))
        cancellation.cancel()
    }
}

/// Pieces on their way from a thread to a task; the thread waits where the task is too far behind.
private final class Pipe<Element: Sendable>: @unchecked Sendable {
    private let mostAhead = 64
    private let condition = NSCondition()
    private var pieces: [Element] = []
    private var result: Result<Void, any Error>?
    private var reader: CheckedContinuation<Element?, any Error>?

    /// Returns false where nobody reads on.
    @Sendable func send(_ piece: Element) -> Bool {
        condition.withLock {
            while pieces.count >= mostAhead && result == nil { condition.wait() }
            guard result == nil else { return false }
            if let reader = takeReader() { reader.resume(returning: piece) } else { pieces.append(piece) }
            return true
        }
    }

    /// Ends it: behind the pieces that have come, the reader has the result. What is closed stays as it is.
    func close(_ result: Result<Void, any Error>) {
        condition.withLock {
            guard self.result == nil else { return }
            self.result = result
            condition.signal()
            takeReader()?.resume(with: result.map { nil })
        }
    }

    @Sendable func receive() async throws -> Element? {
        try await withCheckedThrowingContinuation { continuation in
            condition.withLock {
                if !pieces.isEmpty {
                    continuation.resume(returning: pieces.removeFirst())
                    condition.signal()
                } else if let result {
                    continuation.resume(with: result.map { nil })
                } else {
                    reader = continuation
                }
            }
        }
    }

    private func takeReader() -> CheckedContinuation<Element?, any Error>? {
        defer { reader = nil }
        return reader
    }
}
