#pragma once
// Just enough JSON to read an expectation file: objects, arrays, strings without escapes but \" and \\, and bare words
// (numbers, true, false, null), which stay text.

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gna::test {

class Json {
 public:
  static Json parse(std::string_view text) {
    std::size_t at = 0;
    return value(text, at);
  }

  /// The member of this name; throws when there is none.
  const Json& operator[](std::string_view name) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return items_[i];
    }
    throw std::runtime_error("expectation has no member " + std::string(name));
  }
  const std::vector<Json>& items() const { return items_; }
  const std::string& text() const { return text_; }

 private:
  static char skipSpace(std::string_view s, std::size_t& at) {
    at = s.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) throw std::runtime_error("expectation ends too early");
    return s[at];
  }

  static std::string quoted(std::string_view s, std::size_t& at) {
    std::string out;
    for (++at; at < s.size() && s[at] != '"'; ++at) {
      if (s[at] == '\\') ++at;
      out += s.at(at);
    }
    ++at;
    return out;
  }

  static Json value(std::string_view s, std::size_t& at) {
    Json json;
    const char first = skipSpace(s, at);
    if (first == '"') {
      json.text_ = quoted(s, at);
    } else if (first == '{' || first == '[') {
      const char last = first == '{' ? '}' : ']';
      ++at;
      while (skipSpace(s, at) != last) {
        if (s[at] == ',') skipSpace(s, ++at);
        if (first == '{') {
          json.names_.push_back(quoted(s, at));
          if (skipSpace(s, at) != ':') throw std::runtime_error("expectation: expected a colon");
          ++at;
        }
        json.items_.push_back(value(s, at));
      }
      ++at;
    } else {
      const std::size_t end = s.find_first_of(",]} \t\r\n", at);
      json.text_ = s.substr(at, end - at);
      at = end;
    }
    return json;
  }

  std::string text_;
  std::vector<std::string> names_;
  std::vector<Json> items_;
};

}  // namespace gna::test
