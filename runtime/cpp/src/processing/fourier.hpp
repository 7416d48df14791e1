// The power spectrum of real numbers, of any number of them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace edgeattn {

struct Complex {
  double re = 0, im = 0;
};

/// The discrete Fourier transform of `size` complex numbers: Stockham's for sizes of small factors, which
/// needs no reordering (Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992,
/// section 1.7), and Bluestein's convolution for all others (IEEE Transactions on Audio and Electroacoustics
/// 18(4), 1970).
class Fourier {
 public:
  explicit Fourier(std::size_t size);

  /// Transforms `values` in place.
  void transform(std::vector<Complex>& values);

 private:
  void pass(std::size_t radix, std::size_t length, std::size_t stride);
  void convolve(std::vector<Complex>& values);

  std::size_t size_;
  std::vector<std::size_t> radices_;      // none where Bluestein's takes over
  std::vector<Complex> roots_;            // exp(-2 pi i j / size); Bluestein's: exp(-pi i j^2 / size)
  std::vector<Complex> source_, target_;  // of a pass
  std::unique_ptr<Fourier> longer_;       // a power of 2, for the convolution
  std::vector<Complex> kernel_;           // its transform
};

/// The power of the bins 0 to size / 2 of real frames.
class PowerSpectrum {
 public:
  explicit PowerSpectrum(std::size_t size);

  std::size_t bins() const { return size_ / 2 + 1; }

  /// Writes the power of each bin of `frame`, which has `size` numbers.
  void write(const std::vector<double>& frame, std::vector<double>& power);

 private:
  std::size_t size_;
  Fourier fourier_;              // of half the size where that is even: two numbers are one complex
  std::vector<Complex> values_;  // of it
  std::vector<Complex> roots_;   // exp(-2 pi i k / size)
};

}  // namespace edgeattn
