// What a bundle may ask for, and an image may have, at most: the table "Limits" of runtime/README.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgeattn {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 25;  // of an image, and of it in the input's width
constexpr std::size_t kMostTextBytes = std::size_t{1} << 20;  // of a text in UTF-8
constexpr double kMostNormalized = 1 << 23;  // bytes that a tokenizer may make of a text
constexpr double kMostStepped = 1 << 25;     // bytes that all of its steps together may make of a text
constexpr double kMostGrowth = 1 << 13;      // and of one of its bytes
constexpr double kMostDecoded = 16;       // bytes that a tokenizer may make of one, decoding
constexpr std::size_t kMostPiece = 256;   // bytes of an added token, and of a Unigram model's
constexpr std::size_t kMostParts = 64;    // normalizers, pre-tokenizers and decoders of a tokenizer
constexpr std::int64_t kMostRate = std::int64_t{1} << 20;   // samples a second
constexpr std::int64_t kMostSamples = std::int64_t{1} << 24;  // of a sound's input, in all its channels
constexpr std::int64_t kMostFrame = std::int64_t{1} << 15;  // samples of a log-mel frame
constexpr std::int64_t kMostFrames = 64;                    // log-mel frames that look at a sample
constexpr std::int64_t kMostBands = std::int64_t{1} << 9;   // of a log-mel frame
constexpr std::int64_t kMostToken = std::int64_t{1} << 22;  // samples from a log-mel token's start to its end
constexpr std::size_t kMostStep = std::size_t{1} << 27;     // bytes of a step's inputs and of its outputs
constexpr std::int64_t kMostWaiting = std::int64_t{1} << 24;  // numbers of a stream, beyond its window

}  // namespace edgeattn
