package edgeattn

/**
 * Makes the inputs of a batch of texts, or of pairs of them, by the bundle's own tokenizer.
 *
 * @param pairs the second text of each, such as the context of a question, where the bundle takes pairs
 * @param prompt the name of a prompt of the bundle, which is put before each text; "" for none, null for the bundle's own
 * @param onCut is told how many texts lost tokens, where some did: the model takes no more
 */
fun Model.prepareTexts(
    texts: List<String>, pairs: List<String>? = null, prompt: String? = null, onCut: (texts: Int) -> Unit = {},
): Map<String, Tensor> {
    val reader = object : Native.Reader() {
        override fun cut(texts: Int) = onCut(texts)
    }
    return prepare { Native.prepareTexts(it, utf8(texts), pairs?.let { utf8(it) }, prompt?.utf8(), reader) }
}

/** Makes the input of a batch of images, bit for bit as in every other language. */
fun Model.prepareImages(images: List<ImageInput>): Map<String, Tensor> {
    val sizes = sizes(images) { listOf(it.height, it.width, it.channels) }
    return prepare { Native.prepareImages(it, sizes, Array(images.size) { i -> images[i].pixels }) }
}

/** Makes the input of a batch of sounds; nothing is resampled or mixed. */
fun Model.prepareSounds(sounds: List<SoundInput>): Map<String, Tensor> {
    val sizes = sizes(sounds) { listOf(it.rate, it.channels.size, it.size) }
    return prepare { Native.prepareSounds(it, sizes, Array(sounds.size) { i -> sounds[i].channels.joined() }) }
}

/** Makes the input of a batch of sets of series. */
fun Model.prepareSeries(sets: List<SeriesInput>): Map<String, Tensor> {
    val sizes = sizes(sets) { listOf(it.values.size, it.size) }
    return prepare { Native.prepareSeries(it, sizes, Array(sets.size) { i -> sets[i].values.joined() }) }
}

/** Makes the input of a batch of PNG or JPEG files. */
fun Model.prepareImageFiles(files: List<MediaFile>): Map<String, Tensor> = prepareFiles(0, files)

/** Makes the input of a batch of WAV files. */
fun Model.prepareSoundFiles(files: List<MediaFile>): Map<String, Tensor> = prepareFiles(1, files)

/** Makes the input of a batch of CSV files, whose first line names the columns. */
fun Model.prepareSeriesFiles(files: List<MediaFile>): Map<String, Tensor> = prepareFiles(2, files)

private fun utf8(texts: List<String>) = Array(texts.size) { i -> texts[i].utf8() }

private fun Model.prepareFiles(kind: Int, files: List<MediaFile>) = prepare {
    Native.prepareFiles(it, kind, Array(files.size) { i -> files[i].path }, Array(files.size) { i -> files[i].bytes })
}

private fun Model.prepare(body: (Long) -> Array<Any>) = tensors(handle.use(body))

private fun <Raw> sizes(batch: List<Raw>, of: (Raw) -> List<Int>) = batch.flatMap(of).map { it.toLong() }.toLongArray()
