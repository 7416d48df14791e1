package edgeattn

/**
 * The core's C API, a function each: runtime/cpp/include/edgeattn.h.
 *
 * A handle is an address, which its owner frees once. Texts are UTF-8. Lists come by calls of a [Reader]. Tensors cross as
 * arrays, four of each: its name, its dtype, its dims and the primitive array of its numbers.
 */
internal object Native {
    init {
        System.loadLibrary("edgeattn_jni")
    }

    @JvmStatic external fun load(
        folder: ByteArray, target: ByteArray?, threads: Int, trustedKeys: Array<ByteArray>, kernels: Boolean,
    ): Long

    /** `places`: of each file its descriptor, offset and size. */
    @JvmStatic external fun loadFiles(
        names: Array<ByteArray>, places: LongArray, target: ByteArray?, threads: Int, trustedKeys: Array<ByteArray>, kernels: Boolean,
    ): Long
    @JvmStatic external fun install(
        folder: ByteArray, over: ByteArray, target: ByteArray?, threads: Int, trustedKeys: Array<ByteArray>, reader: Reader,
    )
    @JvmStatic external fun open(model: Long, graph: ByteArray)
    @JvmStatic external fun warmUp(model: Long)
    @JvmStatic external fun free(model: Long)
    @JvmStatic external fun describe(model: Long): ByteArray
    @JvmStatic external fun manifest(model: Long): ByteArray
    @JvmStatic external fun contract(model: Long, reader: Reader)

    @JvmStatic external fun newCancellation(): Long
    @JvmStatic external fun cancel(cancellation: Long)
    @JvmStatic external fun freeCancellation(cancellation: Long)

    @JvmStatic external fun run(
        model: Long, graph: ByteArray?, inputs: Array<Any>, deadline: Long, cancellation: Long,
    ): Array<Any>

    /** Puts the answers in the places of the samples. */
    @JvmStatic external fun runMany(
        model: Long, graph: ByteArray?, samples: Array<Array<Any>>, deadline: Long, cancellation: Long,
    )

    @JvmStatic external fun prepareTexts(
        model: Long, texts: Array<ByteArray>, pairs: Array<ByteArray>?, prompt: ByteArray?, reader: Reader,
    ): Array<Any>

    /** `sizes`: of each image its height, width and channels. */
    @JvmStatic external fun prepareImages(model: Long, sizes: LongArray, pixels: Array<ByteArray>): Array<Any>

    /** `sizes`: of each sound its rate, channels and time. */
    @JvmStatic external fun prepareSounds(model: Long, sizes: LongArray, samples: Array<FloatArray>): Array<Any>

    /** `sizes`: of each set the number of its series and their time. */
    @JvmStatic external fun prepareSeries(model: Long, sizes: LongArray, values: Array<DoubleArray>): Array<Any>

    /** `kind`: 0 of images, 1 of sounds, 2 of series. Each file is its path or its bytes, the other is null. */
    @JvmStatic external fun prepareFiles(
        model: Long, kind: Int, paths: Array<ByteArray?>, bytes: Array<ByteArray?>,
    ): Array<Any>

    /** Returns an array "samples", [channels, time], of a WAV file, its path or its bytes; `rate` takes its samples a second. */
    @JvmStatic external fun readSound(path: ByteArray?, bytes: ByteArray?, rate: LongArray): Array<Any>

    @JvmStatic external fun labels(model: Long, outputs: Array<Any>, reader: Reader)

    /** `sizes`: of each image its width and height. The reader hears of a row, and then of its predictions. */
    @JvmStatic external fun predictions(
        model: Long, outputs: Array<Any>, texts: Array<ByteArray>, pairs: Array<ByteArray>, sizes: LongArray,
        reader: Reader,
    )
    @JvmStatic external fun forecast(model: Long, outputs: Array<Any>): Array<Any>
    @JvmStatic external fun decode(model: Long, tokens: LongArray): ByteArray

    @JvmStatic external fun newStream(model: Long, hop: Long, window: Long): Long
    @JvmStatic external fun newStepStream(model: Long): Long
    @JvmStatic external fun freeStream(stream: Long)
    @JvmStatic external fun pushSound(stream: Long, samples: FloatArray, channels: Int)
    @JvmStatic external fun pushSeries(stream: Long, values: DoubleArray, series: Int)

    /** Takes the first of tensors. */
    @JvmStatic external fun pushArray(stream: Long, arrays: Array<Any>)
    @JvmStatic external fun resetStream(stream: Long)

    /** Returns null where no window is complete; `end` takes where it ended. */
    @JvmStatic external fun next(stream: Long, deadline: Long, cancellation: Long, end: LongArray): Array<Any>?

    @JvmStatic external fun newSession(model: Long): Long
    @JvmStatic external fun freeSession(session: Long)

    /**
     * `names` and `numbers` are those of [GenerationOptions.numbers]; an unknown name is refused. `heard` says what the reader
     * hears as it comes: 1 tokens, 2 text, 0 neither. Answers come at the end. `session` is 0 for none.
     */
    @JvmStatic external fun generate(
        model: Long, tokens: Array<LongArray>, texts: Array<ByteArray?>, sources: Array<Array<Any>?>,
        start: LongArray?, stop: LongArray?, stopSequences: Array<LongArray>, stopStrings: Array<ByteArray>,
        names: Array<ByteArray>, numbers: DoubleArray, session: Long, deadline: Long, cancellation: Long, heard: Int, reader: Reader,
    )

    @JvmStatic external fun check(model: Long, deadline: Long, cancellation: Long, reader: Reader)
    @JvmStatic external fun bench(
        folder: ByteArray, target: ByteArray?, threads: IntArray, rounds: Int, warmup: Int, kernels: Boolean,
    ): ByteArray

    /** Makes the error of a status of the core. */
    @JvmStatic fun failure(status: Int, message: ByteArray): EdgeAttnError = when (status) {
        1 -> ::InputError
        2 -> ::BundleError
        3 -> ::IncompatibleRuntimeError
        5 -> ::ResourceError
        6 -> ::DeadlineError
        else -> ::EdgeAttnError
    }(message.decodeToString())

    /** Hears what the core lists, an entry a call; what it does not override it is never told. */
    open class Reader {
        open fun graph(name: ByteArray) = Unit
        open fun spec(isInput: Boolean, name: ByteArray, dtype: ByteArray) = Unit
        open fun dim(symbol: ByteArray?, size: Long) = Unit
        open fun label(vector: Int, name: ByteArray, value: Float) = Unit
        open fun row() = Unit
        open fun prediction(label: ByteArray?, text: ByteArray?, score: Double, box: DoubleArray?, span: LongArray?) = Unit
        open fun golden(sample: Long, output: ByteArray, error: Double, maxAbs: Double, ok: Boolean) = Unit
        open fun cut(texts: Int) = Unit
        open fun answer(prompt: Int, tokens: LongArray, score: Double, text: ByteArray?) = Unit

        /** Returns whether more is wanted. */
        open fun token(token: Long) = true
        open fun text(piece: ByteArray) = true
    }
}

/** Returns a text as the core takes it; a lone surrogate has no UTF-8. */
internal fun String.utf8(): ByteArray = try {
    encodeToByteArray(throwOnInvalidSequence = true)
} catch (_: CharacterCodingException) {
    throw InputError("a text with a lone surrogate found, valid Unicode expected")
}
