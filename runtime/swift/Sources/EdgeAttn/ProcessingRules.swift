/// What `processing` must keep: its inputs, outputs and files are there, and are what it fills or reads.
extension Manifest {
    func check(_ processing: Processing) throws {
        let parts: [Any?] = [
            processing.text, processing.image, processing.audio, processing.series, processing.labels,
        ]
        let isAny = parts.contains { $0 != nil }
        try require(isAny, "processing: none found, text, image, audio, series or labels expected")
        if let text = processing.text {
            try require(files[text.tokenizer] != nil, "processing.text.tokenizer: \(text.tokenizer) is not in files")
            try integers("processing.text.longest", 1, [text.longest].compactMap { $0 })
            try check(input: text.ids, 2, \.isInteger)
            for name in [text.mask, text.types].compactMap({ $0 }) { try check(input: name, 2) { _ in true } }
        }
        if let image = processing.image {
            try integers("processing.image", 1, [image.height, image.width])
            let count = image.channels.rawValue.count
            let fits = image.mean.count == count && image.std.count == count && image.std.allSatisfy { $0 > 0 }
            try require(fits, "processing.image: mean, and std above 0, for each channel of \(image.channels) expected")
            try check(input: image.input, 4) { $0 == .float32 }
        }
        if let audio = processing.audio {
            try integers("processing.audio", 1, [audio.rate, audio.channels])
            try check(input: audio.input, audio.channels == 1 && audio.logMel == nil ? 2 : 3) { $0 == .float32 }
            if let features = audio.logMel { try check(features, of: audio) }
        }
        if let series = processing.series {
            let count = series.names.count
            let fits =
                count > 0 && Set(series.names).count == count && series.mean.count == count
                && series.std.count == count && series.std.allSatisfy { $0 > 0 }
            try require(fits, "processing.series: names, each once, with a mean and a std above 0 for each expected")
            let tensors = [
                (called.flatMap(\.inputs), series.input), (called.flatMap(\.outputs), series.output),
            ]
            for case (let known, let name?) in tensors {
                let tensor = known.last { $0.name == name }
                let takes =
                    tensor?.dtype == .float32 && tensor?.dims.count == 3 && tensor?.dims[1] == .size(count)
                try require(takes, "processing.series: \(name) expected to be float32 [batch, \(count), time]")
            }
        }
        if let labels = processing.labels {
            let output = called.flatMap(\.outputs).last { $0.name == labels.output }
            let fits = output?.dtype == .float32 && output?.dims.last == .size(labels.names.count)
            try require(fits, "processing.labels: \(labels.output) expected to be float32 with a place for each name")
        }
    }

    private func check(_ features: Processing.Audio.LogMel, of audio: Processing.Audio) throws {
        try integers("processing.audio.log_mel.frame", 2, [features.frame])
        try integers("processing.audio.log_mel", 1, [features.hop, features.bands, features.stack])
        let size = called.flatMap(\.inputs).last { $0.name == audio.input }?.dims.last
        let fits = features.floor > 0 && audio.channels == 1 && size == .size(features.bands * features.stack)
        try require(fits, "processing.audio.log_mel: a floor above 0, one channel, tokens of \(audio.input) expected")
    }

    /// The graphs that an app's data goes into and comes out of.
    private var called: [Graph] {
        [mainGraph, generation?.decoder, generation?.encoder].compactMap { $0.flatMap { graphs[$0] } }
    }

    private func check(input name: String, _ dims: Int, _ takes: (DType) -> Bool) throws {
        let input = called.flatMap(\.inputs).last { $0.name == name }
        let fits = input.map { takes($0.dtype) && $0.dims.count == dims } ?? false
        try require(
            fits, "processing: \(input?.description ?? name) found, another input expected: see the specification")
    }
}
