package edgeattn

import ai.onnxruntime.OrtEnvironment
import ai.onnxruntime.OrtLoggingLevel

/** onnxruntime itself: one environment for the process. */
internal object Engine {
    val environment: OrtEnvironment by lazy {
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "edgeattn").apply { setTelemetry(false) }
    }
    val version: String get() = environment.version
    val providers: List<String> get() = OrtEnvironment.getAvailableProviders().map { it.getName() }

    /** What it says of a model that is whole, but beyond this build. */
    private val BEYOND = listOf(
        "support for models stamped with official released onnx opset versions", "Unsupported model IR version",
        "The ORT format model version", "is not a registered function/op", "No Op registered for",
        "Could not find an implementation for",
    )
    private val PREAMBLE = Regex("^Error code - \\w+ - message: |Load model from .*? failed:|\\S+\\.(cc|h):\\d+ ")
    private val OUT_OF_TABLE = Regex("idx=(-?\\d+) must be within the inclusive range \\[-?\\d+,(\\d+)]")
    private val MEMORY = listOf("Failed to allocate memory", "bad allocation", "bad_alloc")

    /** Return onnxruntime's own reason as one line. */
    fun explain(error: Exception): String = PREAMBLE.replace(error.message.orEmpty().replace(Regex("\\s+"), " "), "")

    /** Return what to throw where a graph cannot be opened. */
    fun unopened(label: String, error: Exception): EdgeAttnError {
        val reason = explain(error)
        return if (BEYOND.any { it in reason }) {
            IncompatibleRuntimeError("$label: beyond onnxruntime $version ($reason); upgrade onnxruntime", error)
        } else {
            BundleError("$label: onnxruntime $version cannot load it ($reason); export the model again", error)
        }
    }

    /** Return what to throw where a call fails: it is the inputs' fault, or else the graph's. */
    fun failed(label: String, error: Exception, inputs: Map<String, Tensor>): EdgeAttnError {
        val reason = explain(error)
        OUT_OF_TABLE.find(reason)?.let {
            val (found, last) = it.destructured
            return InputError("$label: index $found out of range for a lookup table of ${last.toLong() + 1} rows; give 0 to $last")
        }
        if (MEMORY.any { it in reason }) {
            val dims = inputs.map { "${it.key} ${it.value.dims}" }.joinToString()
            return InputError("$label: $dims need more memory than there is; give shorter inputs")
        }
        return BundleError("$label: fails on inputs that its contract allows ($reason); export again", error)
    }
}
