#include "fourier.hpp"

#include <cmath>

namespace edgeattn {
namespace {

Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
Complex operator*(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
Complex conjugate(Complex a) { return {a.re, -a.im}; }
Complex turned(Complex a) { return {a.im, -a.re}; }  // times -i

/// Returns exp(-2 pi i numerator / denominator).
Complex root(std::size_t numerator, std::size_t denominator) {
  const double angle =
      2 * std::acos(-1.0) * static_cast<double>(numerator) / static_cast<double>(denominator);
  return {std::cos(angle), -std::sin(angle)};
}

std::vector<std::size_t> small_factors(std::size_t size) {
  std::vector<std::size_t> factors;
  for (const std::size_t factor : {4, 2, 3, 5, 7})
    for (; size % factor == 0; size /= factor) factors.push_back(factor);
  return size == 1 ? factors : std::vector<std::size_t>{};
}

}  // namespace

Fourier::Fourier(std::size_t size) : size_(size), radices_(small_factors(size)) {
  if (!radices_.empty() || size == 1) {
    for (std::size_t j = 0; j < size; ++j) roots_.push_back(root(j, size));
    source_.resize(size), target_.resize(size);
    return;
  }
  std::size_t length = 1;
  while (length < 2 * size - 1) length *= 2;
  longer_ = std::make_unique<Fourier>(length);
  kernel_.resize(length), source_.resize(length);
  for (std::size_t j = 0; j < size; ++j) {
    roots_.push_back(root(j * j % (2 * size), 2 * size));
    kernel_[j] = kernel_[(length - j) % length] = conjugate(roots_[j]);
  }
  longer_->transform(kernel_);
}

void Fourier::transform(std::vector<Complex>& values) {
  if (longer_) return convolve(values);
  source_.swap(values);
  std::size_t length = size_, stride = 1;
  for (const auto radix : radices_) {
    pass(radix, length, stride);
    source_.swap(target_);
    length /= radix, stride *= radix;
  }
  source_.swap(values);
}

/// One pass: `stride` interleaved transforms of `length` numbers become `radix` times as many shorter ones.
void Fourier::pass(std::size_t radix, std::size_t length, std::size_t stride) {
  const auto part = length / radix, apart = stride * part, turn = size_ / radix;
  for (std::size_t p = 0; p < part; ++p)
    for (std::size_t q = 0; q < stride; ++q) {
      const auto* in = &source_[q + stride * p];
      auto* out = &target_[q + stride * radix * p];
      const auto put = [&](std::size_t k, Complex sum) { out[stride * k] = roots_[p * k * stride] * sum; };
      if (radix == 2) {
        put(0, in[0] + in[apart]), put(1, in[0] - in[apart]);
      } else if (radix == 4) {
        const auto even = in[0] + in[2 * apart], odd = in[apart] + in[3 * apart];
        const auto left = in[0] - in[2 * apart], right = turned(in[apart] - in[3 * apart]);
        put(0, even + odd), put(1, left + right), put(2, even - odd), put(3, left - right);
      } else {
        for (std::size_t k = 0; k < radix; ++k) {
          auto sum = in[0];
          for (std::size_t j = 1; j < radix; ++j) sum = sum + in[apart * j] * roots_[j * k % radix * turn];
          put(k, sum);
        }
      }
    }
}

/// With jk = (j^2 + k^2 - (k - j)^2) / 2 the transform is a convolution, which a longer one computes.
void Fourier::convolve(std::vector<Complex>& values) {
  const auto length = source_.size();
  source_.assign(length, {});
  for (std::size_t j = 0; j < size_; ++j) source_[j] = values[j] * roots_[j];
  longer_->transform(source_);
  for (std::size_t j = 0; j < length; ++j) source_[j] = conjugate(source_[j] * kernel_[j]);
  longer_->transform(source_);  // of conjugates: back again
  const double scale = 1 / static_cast<double>(length);
  for (std::size_t k = 0; k < size_; ++k)
    values[k] = roots_[k] * Complex{source_[k].re * scale, -source_[k].im * scale};
}

PowerSpectrum::PowerSpectrum(std::size_t size) : size_(size), fourier_(size % 2 ? size : size / 2) {
  values_.resize(size % 2 ? size : size / 2);
  for (std::size_t k = 0; k < bins(); ++k) roots_.push_back(root(k, size));
}

void PowerSpectrum::write(const std::vector<double>& frame, std::vector<double>& power) {
  const auto count = values_.size();
  const auto squared = [](Complex a) { return a.re * a.re + a.im * a.im; };
  if (size_ % 2) {
    for (std::size_t i = 0; i < count; ++i) values_[i] = {frame[i], 0};
    fourier_.transform(values_);
    for (std::size_t k = 0; k < bins(); ++k) power[k] = squared(values_[k]);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) values_[i] = {frame[2 * i], frame[2 * i + 1]};
  fourier_.transform(values_);
  for (std::size_t k = 0; k < bins(); ++k) {
    const auto a = values_[k < count ? k : 0], b = conjugate(values_[k > 0 ? count - k : 0]);
    const auto even = a + b, odd = turned(a - b);  // each twice the transform of every other number
    power[k] = squared(even + roots_[k] * odd) / 4;
  }
}

}  // namespace edgeattn
