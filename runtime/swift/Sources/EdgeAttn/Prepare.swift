import CEdgeAttn

/// The inputs of a call by the bundle's `processing`, bit for bit as in every other language.
extension Model {
    /// Makes the inputs of a batch of texts, or of pairs of them, by the bundle's own tokenizer.
    ///
    /// - Parameters:
    ///   - pairs: The second text of each, such as the context of a question, where the bundle takes pairs.
    ///   - prompt: The name of a prompt of the bundle, which is put before each text; "" for none. Default: the bundle's.
    ///   - onCut: Is told how many texts lost tokens, where some did: the model takes no more.
    public func prepare(
        texts: [String], pairs: [String]? = nil, prompt: String? = nil, onCut: (_ texts: Int) -> Void = { _ in }
    ) throws -> [String: Tensor] {
        var cut = 0
        let inputs: [String: Tensor] = try Arguments.with { arguments in
            var options = edgeattn_text_options_default()
            options.pairs = pairs.map { arguments.array($0.map(arguments.bytes)) }
            options.pair_count = pairs?.count ?? 0
            options.prompt = try arguments.text(ifAny: prompt)
            return try prepare(texts, { $0.bytes }, { edgeattn_prepare_text($0, $1, $2, &options, &cut, $3, $4) })
        }
        if cut > 0 { onCut(cut) }
        return inputs
    }

    /// Makes the input of a batch of images.
    public func prepare(images: [ImageInput]) throws -> [String: Tensor] {
        try prepare(images, { $0.image }, edgeattn_prepare_image)
    }

    /// Makes the input of a batch of image files, PNG or JPEG.
    public func prepare(imageFiles: [MediaFile]) throws -> [String: Tensor] {
        try prepare(imageFiles, { $0.file }, edgeattn_prepare_image_files)
    }

    /// Makes the input of a batch of sounds; nothing is resampled or mixed.
    public func prepare(sounds: [SoundInput]) throws -> [String: Tensor] {
        try prepare(sounds, { $0.sound }, edgeattn_prepare_audio)
    }

    /// Makes the input of a batch of WAV files.
    public func prepare(soundFiles: [MediaFile]) throws -> [String: Tensor] {
        try prepare(soundFiles, { $0.file }, edgeattn_prepare_audio_files)
    }

    /// Makes the input of a batch of sets of series.
    public func prepare(series: [SeriesInput]) throws -> [String: Tensor] {
        try prepare(series, { $0.series }, edgeattn_prepare_series)
    }

    /// Makes the input of a batch of CSV files, whose first line names the columns.
    public func prepare(seriesFiles: [MediaFile]) throws -> [String: Tensor] {
        try prepare(seriesFiles, { $0.file }, edgeattn_prepare_series_files)
    }

    private func prepare<Raw, Argument>(
        _ batch: [Raw], _ argument: (Arguments) -> (Raw) throws -> Argument,
        _ function: (
            OpaquePointer, UnsafePointer<Argument>, Int, UnsafeMutablePointer<OpaquePointer?>, Failure
        ) -> edgeattn_status
    ) throws -> [String: Tensor] {
        let inputs = try Arguments.with { arguments in
            let raws = arguments.array(try batch.map(argument(arguments)))
            return try handle.use { model in try handed { function(model, raws, batch.count, $0, $1) } }
        }
        return try Handle.tensors(inputs).tensors()
    }
}
