package edgeattn

import kotlin.coroutines.ContinuationInterceptor
import kotlin.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.suspendCancellableCoroutine

internal const val UNSET = -1L // the core's sign for what is not given

internal val Duration?.milliseconds get() = this?.inWholeMilliseconds?.coerceAtLeast(0) ?: UNSET

/** A count as the core takes it: what is below 0 is as wrong as 0. */
internal fun Int?.counted(): Long = this?.coerceAtLeast(0)?.toLong() ?: UNSET

/** Ends the calls that it was given to, from any thread. */
internal class Cancellation : AutoCloseable {
    private val handle = Handle(Native.newCancellation(), "cancellation", Native::freeCancellation)

    fun cancel() = try {
        handle.use(Native::cancel)
    } catch (_: InputError) {
        // The call has ended.
    }

    fun <Result> use(body: (Long) -> Result): Result = handle.use(body)

    override fun close() = handle.close()
}

/** Where calls that take their time run: no thread of a screen waits for them. */
internal val threads = Dispatchers.IO.asExecutor()

/**
 * Makes a call on another thread, but where its caller is on one of [Dispatchers.IO] already, and ends it where the coroutine is
 * cancelled.
 *
 * @param body is given the cancellation's address
 * @param letGo takes what came too late
 */
@OptIn(ExperimentalCoroutinesApi::class)
internal suspend fun <Result> blocking(letGo: (Result) -> Unit = {}, body: (Long) -> Result): Result =
    suspendCancellableCoroutine { continuation ->
        val cancellation = Cancellation()
        continuation.invokeOnCancellation { cancellation.cancel() }
        val call = Runnable {
            val result = runCatching { cancellation.use(body) }
            cancellation.close()
            result.fold({ continuation.resume(it) { _ -> letGo(it) } }, { continuation.resumeWith(kotlin.Result.failure(it)) })
        }
        if (continuation.context[ContinuationInterceptor] === Dispatchers.IO) call.run() else threads.execute(call)
    }
