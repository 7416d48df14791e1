import Foundation

/// Read a file of https://github.com/huggingface/safetensors.
func readSafetensors(_ path: String) throws -> [String: Tensor] {
    struct Header: Decodable {
        let dtype: String?
        let shape, dataOffsets: [Int]?
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    func broken(_ why: String) -> BundleError {
        BundleError(description: "\(path): not a safetensors file (\(why)); export the model again")
    }
    guard data.count >= 8 else { throw broken("\(data.count) bytes") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else { throw broken("a header beyond its end") }
    let body = 8 + Int(length)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let headers = try? decoder.decode([String: Header].self, from: data[8..<body]) else {
        throw broken("its header is no table of tensors")
    }
    var end = 0
    var tensors: [String: Tensor] = [:]
    func start(_ header: Header) -> (Int, Int) { (header.dataOffsets?.first ?? 0, header.dataOffsets?.last ?? 0) }
    let entries = headers.filter { $0.key != "__metadata__" }.sorted { start($0.value) < start($1.value) }
    for (name, header) in entries {
        guard let dtype = DType.allCases.first(where: { $0.known.safetensors == header.dtype }),
            let dims = header.shape,
            let offsets = header.dataOffsets, offsets.count == 2, offsets[0] == end, offsets[1] >= end,
            offsets[1] <= data.count - body, Tensor.size(dims, dtype) == offsets[1] - end
        else { throw broken("tensor \(name)") }
        tensors[name] = try Tensor(bytes: data[(body + end)..<(body + offsets[1])], dtype: dtype, dims: dims)
        end = offsets[1]
    }
    guard body + end == data.count else { throw broken("bytes of no tensor") }
    return tensors
}
