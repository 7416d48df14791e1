package edgeattn

import java.io.File
import kotlin.time.Duration

/**
 * A file of a bundle that lies in no folder: a part of an open file, such as an app's asset that is not compressed.
 *
 * The descriptor may be closed after the load. The file is read when it is needed, hashed and used from that one copy: one that was
 * changed or cut since is refused as a [BundleError].
 *
 * @param offset of its first byte there
 * @param size in bytes
 */
class BundleFile(val descriptor: Int, val offset: Long, val size: Long) {
    init {
        requireInput(size >= 0) { "size $size found, at least 0 expected; an asset of unknown size is compressed" }
    }
}

/**
 * A bundle opened once, then called with tensors, from any thread.
 *
 * What takes its time suspends, runs on a thread of its own, and ends where its coroutine is cancelled. Close a model that is no
 * longer needed: every later call throws an [InputError], and closing twice is fine.
 */
class Model internal constructor(internal val handle: Handle) : AutoCloseable {
    /** What the graphs take and give, the main one first. */
    val graphs: List<Graph> = ContractReader().also { reader -> handle.use { Native.contract(it, reader) } }.graphs

    /** What it is, what it takes and gives, and how it runs here: a fact a line. */
    fun describe(): String = handle.use(Native::describe).decodeToString()

    /** Returns manifest.json, all that the bundle says of itself. */
    fun manifest(): String = handle.use(Native::manifest).decodeToString()

    /** Opens a graph now rather than at its first call. */
    suspend fun open(graph: String): Unit = blocking { handle.use { Native.open(it, graph.utf8()) } }

    /** Answers the golden inputs once, so that the first call of an app takes no longer than later ones. */
    suspend fun warmUp(): Unit = blocking { handle.use(Native::warmUp) }

    /**
     * Runs a graph. A decoder called without any of its cache begins with an empty one, of length 0.
     *
     * @param inputs one tensor an input of the contract, of its dtype and dims
     * @param graph which; null is the main one
     * @param deadline how long it may take
     * @throws InputError where the inputs do not keep the contract
     * @throws BundleError where the graph fails on them
     * @throws DeadlineError where it takes longer
     */
    suspend fun run(inputs: Map<String, Tensor>, graph: String? = null, deadline: Duration? = null): Map<String, Tensor> =
        blocking { cancellation ->
            tensors(handle.use { Native.run(it, graph?.utf8(), inputs.arrays(), deadline.milliseconds, cancellation) })
        }

    /**
     * Runs a graph for many samples, each answered as by a call of its own, but faster where the bundle's rows allow it: padding is
     * left out, and rows of equal sizes run together.
     */
    suspend fun runMany(
        samples: List<Map<String, Tensor>>, graph: String? = null, deadline: Duration? = null,
    ): List<Map<String, Tensor>> = blocking { cancellation ->
        val arrays = Array(samples.size) { i -> samples[i].arrays() }
        handle.use { Native.runMany(it, graph?.utf8(), arrays, deadline.milliseconds, cancellation) }
        arrays.map(::tensors)
    }

    /** Replays the golden vectors, PyTorch's answers for real inputs, each at the tolerance of the variant that answers. */
    suspend fun check(deadline: Duration? = null): List<GoldenResult> = blocking { cancellation ->
        GoldenReader().also { reader -> handle.use { Native.check(it, deadline.milliseconds, cancellation, reader) } }.results
    }

    /** Lets go of the graphs' memory, once calls that run have ended. */
    override fun close() = handle.close()

    companion object {
        /**
         * Opens a bundle and checks it whole.
         *
         * @param bundle the folder, such as `sentence.edge`
         * @param target the variants of this target alone, such as "cpu"
         * @param threads intra-op threads; null takes what the variant says, but no more than there are cores
         * @param trustedKeys Ed25519 public keys in hex, one of which must have signed the bundle; null verifies nothing
         * @param kernels false has stock operators run where kernels are built in
         * @throws BundleError where it is not whole, or not what its manifest says
         * @throws IncompatibleRuntimeError where no variant runs here
         * @throws InputError for an unknown target, threads below 1, or keys that are none
         */
        suspend fun load(
            bundle: File, target: String? = null, threads: Int? = null, trustedKeys: List<String>? = null,
            kernels: Boolean = true,
        ): Model = blocking(Model::close) {
            val keys = trusted(trustedKeys)
            val address = Native.load(bundle.path.utf8(), target?.utf8(), threads.counted().toInt(), keys, kernels)
            Model(Handle(address, "model", Native::free))
        }

        /**
         * Opens a bundle by its files, which take their size in memory until the engine has opened them.
         *
         * @param files by their names in the manifest, and "manifest.json"
         * @throws InputError as [load] of a folder, and where a descriptor is of no file, or of fewer bytes
         */
        suspend fun load(
            files: Map<String, BundleFile>, target: String? = null, threads: Int? = null, trustedKeys: List<String>? = null,
            kernels: Boolean = true,
        ): Model = blocking(Model::close) {
            val names = files.keys.map { it.utf8() }.toTypedArray()
            val places = files.values.flatMap { listOf(it.descriptor.toLong(), it.offset, it.size) }.toLongArray()
            val address = Native.loadFiles(names, places, target?.utf8(), threads.counted().toInt(), trusted(trustedKeys), kernels)
            Model(Handle(address, "model", Native::free))
        }

        /**
         * Puts a bundle in the place of another, or leaves that one.
         *
         * It is copied beside the old one, checked whole, opened, and replays its golden vectors on this device. Then it takes the
         * place: a process that is killed at any moment leaves one of the two there, whole. A model that is loaded goes on with
         * what it has opened.
         *
         * @param bundle the folder of the new one
         * @param over that of the one in use, or where there is none yet
         * @param trustedKeys as of [load]; what they signed takes no place of a bundle of another name
         * @return how near the golden outputs came
         * @throws EdgeAttnError where a golden output misses its tolerance here; otherwise as [load]
         * @throws InputError for a place where no bundle may be written
         */
        suspend fun install(
            bundle: File, over: File, target: String? = null, threads: Int? = null, trustedKeys: List<String>? = null,
        ): List<GoldenResult> = blocking {
            val (keys, reader) = trusted(trustedKeys) to GoldenReader()
            val count = threads.counted().toInt()
            Native.install(bundle.path.utf8(), over.path.utf8(), target?.utf8(), count, keys, reader)
            reader.results
        }
    }
}

/** Returns keys as the core takes them; of none it would verify nothing. */
private fun trusted(keys: List<String>?): Array<ByteArray> {
    requireInput(keys?.isEmpty() != true) { "trustedKeys: no key found, at least one expected; null verifies nothing" }
    return keys.orEmpty().map { it.utf8() }.toTypedArray()
}
