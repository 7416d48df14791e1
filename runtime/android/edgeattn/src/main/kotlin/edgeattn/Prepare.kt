package edgeattn

/** A text's tokens, by a library that reads `tokenizer.json`; type ids left out are zeros, as of a first sentence. */
class Encoding(val ids: LongArray, val types: LongArray = LongArray(ids.size))

/** Encodes a text, with the special tokens of the tokenizer's post-processor or without; it neither cuts nor pads. */
fun interface Tokenizer {
    fun encode(text: String, special: Boolean): Encoding
}

/** Samples of -1 to 1, for each channel. */
class Sound(val rate: Int, val channels: List<FloatArray>)

/** A name and its value. */
data class Label(val name: String, val value: Float)

/**
 * Make the inputs of a batch of texts.
 *
 * @param onCut is told of each text that is longer than the model takes, and of how many tokens it has.
 */
@JvmName("prepareTexts")
fun Model.prepare(
    texts: List<String>, onCut: (text: String, tokens: Int) -> Unit = { _, _ -> }, tokenizer: Tokenizer,
): Map<String, Tensor> {
    val rule = manifest.processing?.text ?: throw lacking("text")
    requireInput(texts.isNotEmpty()) { "no text found, at least one expected" }
    val rows = texts.map { text ->
        requireInput(Charsets.UTF_8.newEncoder().canEncode(text)) {
            "a text with a lone surrogate found, valid Unicode expected"
        }
        val whole = tokenizer.encode(text, special = true)
        requireInput(whole.types.size == whole.ids.size) { "${whole.types.size} type ids found, one a token expected" }
        val row = rule.longest?.let { shorten(whole, tokenizer.encode(text, special = false), it) } ?: whole
        if (row.ids.size < whole.ids.size) onCut(text, whole.ids.size)
        requireInput(row.ids.isNotEmpty()) { "a text that gives no token found; give another text" }
        row
    }
    val length = rows.maxOf { it.ids.size }
    requireInput(rule.mask != null || rows.all { it.ids.size == length }) {
        "texts of several lengths found, without a mask for padding; give them one by one"
    }
    fun fill(name: String, values: (Encoding) -> LongArray): Pair<String, Tensor> {
        val dtype = input(name).dtype
        val padded = rows.flatMap { values(it).copyOf(length).asList() }.toLongArray()
        return name to Tensor.whole(padded, dtype, listOf(rows.size, length))
    }
    return listOfNotNull(
        fill(rule.ids) { it.ids },
        rule.mask?.let { mask -> fill(mask) { row -> LongArray(row.ids.size) { 1 } } },
        rule.types?.let { types -> fill(types) { it.types } },
    ).toMap()
}

/** Make the input of a batch of images. */
@JvmName("prepareImages")
fun Model.prepare(images: List<Image>): Map<String, Tensor> {
    val rule = manifest.processing?.image ?: throw lacking("image")
    requireInput(images.isNotEmpty()) { "no image found, at least one expected" }
    require(maxOf(rule.width, rule.height) <= 1 shl 14) {
        "processing.image: ${rule.width} x ${rule.height} found, less expected"
    }
    val count = rule.channels.name.length
    val area = rule.width * rule.height
    val isPlanar = rule.layout == Processing.Layout.NCHW
    val values = FloatArray(images.size * count * area)
    for ((i, image) in images.withIndex()) {
        for ((channel, plane) in image.planes(rule.channels).withIndex()) {
            val levels = resized(plane, image.width, image.height, rule.width, rule.height, rule.resample)
            for ((at, level) in levels.withIndex()) {
                val place = if (isPlanar) (i * count + channel) * area + at else (i * area + at) * count + channel
                values[place] = ((level * rule.scale - rule.mean[channel]) / rule.std[channel]).toFloat()
            }
        }
    }
    val dims = if (isPlanar) intArrayOf(count, rule.height, rule.width) else intArrayOf(rule.height, rule.width, count)
    return mapOf(rule.input to Tensor.of(values, images.size, *dims))
}

/**
 * Make the input of a batch of sounds; nothing is resampled or mixed.
 *
 * Silence follows what is shorter than an input of a size takes.
 */
@JvmName("prepareSounds")
fun Model.prepare(sounds: List<Sound>): Map<String, Tensor> {
    val rule = manifest.processing?.audio?.takeIf { it.logMel == null } ?: throw lacking("audio of samples")
    val given = sounds.flatMap { sound -> sound.channels.map { it.size } }
    requireInput(given.isNotEmpty() && given.all { it > 0 }) { "no sample found, at least one expected" }
    val fixed = input(rule.input).dims.last().size
    requireInput(fixed != null || given.toSet().size == 1) { "sounds of several lengths found; give them one by one" }
    val length = fixed ?: given[0]
    requireInput(given.all { it <= length }) { "${given.max()} samples found, $length at most expected" }
    for (sound in sounds) {
        requireInput(sound.rate == rule.rate) { "${sound.rate} Hz found, ${rule.rate} expected; resample it" }
        requireInput(sound.channels.size == rule.channels) {
            "${sound.channels.size} channels found, ${rule.channels} expected; mix them"
        }
        requireInput(sound.channels.all { it.size == sound.channels[0].size }) {
            "channels of several lengths found, one length expected"
        }
        val isWithin = sound.channels.all { channel -> channel.all { it in -1f..1f } }
        requireInput(isWithin) { "a sample beyond -1 to 1 found; divide integers by half their range" }
    }
    val samples = sounds.flatMap { sound -> sound.channels.flatMap { it.copyOf(length).asList() } }.toFloatArray()
    val dims = if (rule.channels == 1) intArrayOf(sounds.size, length) else intArrayOf(sounds.size, rule.channels, length)
    return mapOf(rule.input to Tensor.of(samples, *dims))
}

/** Name the places of a call's outputs: for every vector, names and values from the largest value to the least. */
fun Model.labels(outputs: Map<String, Tensor>): List<List<Label>> {
    val rule = manifest.processing?.labels ?: throw lacking("labels")
    val output = outputs[rule.output] ?: throw InputError("outputs: missing ${rule.output}")
    requireInput(output.dims.lastOrNull() == rule.names.size) {
        "${rule.output}: ${output.dims} found, ${rule.names.size} places expected last"
    }
    requireInput(!output.hasNaN()) { "${rule.output}: NaN found, numbers expected" }
    return output.floats().asList().chunked(rule.names.size) { values ->
        rule.names.zip(values, ::Label).sortedWith { a, b -> if (a.value == b.value) 0 else b.value.compareTo(a.value) }
    }
}

internal fun Model.input(name: String): TensorSpec = manifest.graphs.values.flatMap { it.inputs }.first { it.name == name }

internal fun Model.lacking(part: String) = InputError("${manifest.name}: no $part in its processing; make the inputs in the app")

/** Cut the last tokens of the text itself, so that special ones stay. */
private fun shorten(whole: Encoding, plain: Encoding, longest: Int): Encoding {
    val special = whole.ids.size - plain.ids.size
    requireInput(special >= 0) { "${-special} more tokens without special ones found; check the tokenizer" }
    requireInput(longest > special) { "$longest tokens at most, and $special are special ones: no room for the text's" }
    if (whole.ids.size <= longest) return whole
    val before = (0..special).firstOrNull { whole.ids.copyOfRange(it, it + plain.ids.size).contentEquals(plain.ids) }
        ?: throw InputError("a text of other tokens with special ones than without found; check the tokenizer")
    val after = before + plain.ids.size
    fun cut(values: LongArray) = values.copyOf(before + longest - special) + values.copyOfRange(after, values.size)
    return Encoding(cut(whole.ids), cut(whole.types))
}
