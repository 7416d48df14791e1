package edgeattn

import ai.onnxruntime.NodeInfo
import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtException
import ai.onnxruntime.OrtSession
import ai.onnxruntime.TensorInfo
import java.io.File

/** One graph opened in onnxruntime; it takes tensors that keep its contract. */
internal class GraphSession(
    private val file: File, private val graph: Graph, needs: Variant.Engine, settings: Variant.Session,
) : AutoCloseable {
    private val session: OrtSession

    init {
        val strange = (graph.inputs + graph.outputs).firstOrNull { it.dtype.java == null }
        if (strange != null) {
            throw IncompatibleRuntimeError("$file: $strange found, and onnxruntime's Java has no such dtype; use another runtime")
        }
        session = try {
            OrtSession.SessionOptions().use { options ->
                set(options, needs, settings)
                Engine.environment.createSession(file.path, options)
            }
        } catch (error: OrtException) {
            throw Engine.unopened("$file", error)
        }
        check("inputs", session.inputInfo, graph.inputs)
        check("outputs", session.outputInfo, graph.outputs)
    }

    override fun close() = session.close()

    private fun set(options: OrtSession.SessionOptions, needs: Variant.Engine, settings: Variant.Session) {
        options.setIntraOpNumThreads(settings.threads)
        options.setInterOpNumThreads(1)
        options.setCPUArenaAllocator(settings.arena)
        options.setMemoryPatternOptimization(settings.memoryPattern)
        options.addConfigEntry("session.intra_op.allow_spinning", if (settings.spinning) "1" else "0")
        val entries = needs.options.filterKeys { it.substringBefore('.') !in needs.providers }
        entries.forEach { (name, value) -> options.addConfigEntry(name, value) }
        for (provider in needs.providers) {
            val own = needs.options.filterKeys { it.startsWith("$provider.") }.mapKeys { it.key.removePrefix("$provider.") }
            when (provider) {
                "CPUExecutionProvider" -> {}
                "XnnpackExecutionProvider" -> options.addXnnpack(mapOf("intra_op_num_threads" to "${settings.threads}") + own)
                "QNNExecutionProvider" -> options.addQnn(own)
                "NnapiExecutionProvider" -> options.addNnapi()
                else -> throw IncompatibleRuntimeError("$file: this runtime does not set up $provider; use another target")
            }
        }
    }

    /** Run the graph: one tensor an input, one tensor an output, by name. */
    fun run(inputs: Map<String, Tensor>): Map<String, Tensor> = call(inputs) { given ->
        session.run(given, graph.outputs.map { it.name }.toSet()).use { answers ->
            graph.outputs.associate { spec ->
                val answer = answers[spec.name].get() as OnnxTensor
                val tensor = Tensor.zeros(spec.dtype, answer.info.shape.map { it.toInt() })
                tensor.bytes.duplicate().put(answer.byteBuffer)
                spec.name to tensor
            }
        }
    }

    /** Run the graph, and write these outputs, of the dims that they will have, in place. */
    fun run(inputs: Map<String, Tensor>, places: Map<String, Tensor>) = call(inputs) { given ->
        val pinned = places.mapValues { value(it.value) }
        try {
            session.run(given, emptySet(), pinned).close()
        } finally {
            pinned.values.forEach { it.close() }
        }
    }

    private fun <T> call(inputs: Map<String, Tensor>, body: (Map<String, OnnxTensor>) -> T): T {
        val given = graph.inputs.associate { it.name to value(inputs.getValue(it.name)) }
        try {
            return body(given)
        } catch (error: OrtException) {
            throw Engine.failed("$file", error, inputs)
        } finally {
            given.values.forEach { it.close() }
        }
    }

    /** Hand a tensor's own memory over; nothing is copied. */
    private fun value(tensor: Tensor): OnnxTensor {
        val shape = LongArray(tensor.dims.size) { tensor.dims[it].toLong() }
        return OnnxTensor.createTensor(Engine.environment, tensor.bytes, shape, tensor.dtype.java)
    }

    private fun check(kind: String, nodes: Map<String, NodeInfo>, specs: List<TensorSpec>) {
        val found = nodes.mapValues { (it.value.info as? TensorInfo)?.onnxType }
        val expected = specs.associate { it.name to it.dtype.engine }
        require(found == expected) { "$file: $kind $found found, $expected expected by the manifest; export again" }
    }
}
