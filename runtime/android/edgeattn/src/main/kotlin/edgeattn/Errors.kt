package edgeattn

/** The root of all that this library throws on purpose. A message is one line: what was found, what was expected, what to do. */
open class EdgeAttnError(message: String) : RuntimeException(message)

/** What the caller handed over is wrong: a tensor, a prompt, an image, a setting, a closed model. */
class InputError(message: String) : EdgeAttnError(message)

/** A bundle is missing, truncated, changed, escaping, or of an unknown schema. */
class BundleError(message: String) : EdgeAttnError(message)

/** No variant of the bundle runs here: it needs another engine, a newer one, or one built with more. */
class IncompatibleRuntimeError(message: String) : EdgeAttnError(message)

/** The device lacks memory or open files. */
class ResourceError(message: String) : EdgeAttnError(message)

/** A call did not end in the time that it was given. */
class DeadlineError(message: String) : EdgeAttnError(message)

internal fun requireInput(condition: Boolean, message: () -> String) {
    if (!condition) throw InputError(message())
}
