// Log-mel features of sound: log energies of bands evenly spaced in mel, several frames a token.
#pragma once

#include "fourier.hpp"
#include "manifest.hpp"

namespace edgeattn {

class LogMelFeatures {
 public:
  LogMelFeatures(const LogMel& how, std::int64_t rate);

  /// Returns how many tokens a sound of so many samples has. Throws InputError where it is shorter than a
  /// frame without its hop.
  std::int64_t tokens(std::int64_t samples) const;

  /// Writes the tokens of a sound, `bands` * `stack` numbers each, of mean 0 and standard deviation 1. Throws
  /// InputError where it is silent throughout.
  void write(const float* samples, std::int64_t count, float* out);

 private:
  void write_frame(const float* samples, std::int64_t count, double* bands);

  /// The two bands that a bin adds to, counted from 1, and its weights in them.
  struct Share {
    std::int64_t band;
    double lower, upper;
  };

  const LogMel how_;
  PowerSpectrum spectrum_;
  std::vector<double> window_, frame_, power_, bands_;
  std::vector<Share> shares_;  // by bin
};

}  // namespace edgeattn
