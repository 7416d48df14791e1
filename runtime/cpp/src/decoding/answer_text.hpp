// The text of an answer as its tokens come, and the texts that end it.
#pragma once

#include "settings.hpp"

namespace edgeattn {

/// Throws InputError where a stop string is empty.
void check_stop_strings(const std::vector<std::string>& stops);

/// Decodes the tokens of one answer, up to the first place where a stop string begins. What may yet turn out to be the
/// beginning of one is withheld.
class AnswerText {
 public:
  AnswerText(const Model& model, const Settings& options);

  /// Takes a token; false where the answer is to end.
  bool push(std::int64_t token);

  /// Hands out what was withheld; the answer has ended.
  void finish();

  const std::string& text() const { return heard_; }

 private:
  bool take(const std::string& piece);
  bool hear(std::size_t size);
  std::size_t certain() const;

  const Settings& options_;
  TextStream stream_;
  std::string heard_, waiting_;
  bool ended_ = false;
};

}  // namespace edgeattn
