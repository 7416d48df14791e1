package edgeattn

/** The root: catch it to catch all that this library throws on purpose. A message is one line: found, expected, what to do. */
sealed class EdgeAttnError(message: String, cause: Throwable? = null) : Exception(message, cause)

/** What the caller handed over is wrong: a tensor, a prompt, an image, a setting. */
class InputError(message: String) : EdgeAttnError(message)

/** A bundle is missing, truncated, changed, escaping, or of an unknown schema. */
class BundleError(message: String, cause: Throwable? = null) : EdgeAttnError(message, cause)

/** No variant of the bundle runs here: it needs another engine, a newer one, or one built with more. */
class IncompatibleRuntimeError(message: String, cause: Throwable? = null) : EdgeAttnError(message, cause)

internal inline fun require(condition: Boolean, message: () -> String) {
    if (!condition) throw BundleError(message())
}

internal inline fun requireInput(condition: Boolean, message: () -> String) {
    if (!condition) throw InputError(message())
}
