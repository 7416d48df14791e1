import CEdgeAttn
import Foundation

/// How long a call may take, and what ends it before.
struct CallLimits: Sendable {
    var deadline: Duration?
    var cancellation: Cancellation?

    func withOptions<Result>(_ body: (UnsafePointer<edgeattn_call_options>) throws -> Result) rethrows -> Result {
        try (cancellation?.handle).use { cancellation in
            var options = edgeattn_call_options_default()
            options.deadline_ms = milliseconds
            options.cancellation = cancellation
            return try body(&options)
        }
    }

    var milliseconds: Int64 {
        guard let parts = deadline?.components else { return Int64(EDGEATTN_UNSET) }
        let (whole, overflow) = max(parts.seconds, 0).multipliedReportingOverflow(by: 1000)
        return overflow ? .max : whole + max(parts.attoseconds, 0) / 1_000_000_000_000_000
    }
}

/// Ends the calls that it was given to, from any thread.
struct Cancellation: Sendable {
    let handle: Handle

    init() throws {
        handle = try Handle(edgeattn_cancellation_new()) { edgeattn_cancellation_free($0) }
    }

    func cancel() { handle.use { edgeattn_cancellation_cancel($0) } }
}

extension Optional where Wrapped == Handle {
    func use<Result>(_ body: (OpaquePointer?) throws -> Result) rethrows -> Result {
        guard let self else { return try body(nil) }
        return try self.use { try body($0) }
    }
}

/// Makes a call that takes its time on a thread that no actor waits for, and ends it where the task is cancelled.
func blocking<Answer: Sendable>(
    deadline: Duration? = nil, _ body: @escaping @Sendable (CallLimits) throws -> Answer
) async throws -> Answer {
    try Task.checkCancellation()
    let cancellation = try Cancellation()
    let limits = CallLimits(deadline: deadline, cancellation: cancellation)
    do {
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global(qos: .userInitiated).async {
                    continuation.resume(with: Result { try body(limits) })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    } catch is DeadlineError where Task.isCancelled {
        throw CancellationError()
    }
}
