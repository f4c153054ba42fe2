#pragma once
// Just enough JSON to print readings: objects, arrays, texts, numbers. Texts come from drivers and are escaped.

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace gna {

/// Appends to a text; the caller keeps begin and end balanced.
class JsonWriter {
 public:
  const std::string& text() const { return out_; }

  JsonWriter& beginObject() { return open('{'); }
  JsonWriter& endObject() { return close('}'); }
  JsonWriter& beginArray() { return open('['); }
  JsonWriter& endArray() { return close(']'); }

  JsonWriter& key(std::string_view name) {
    separate();
    quote(name);
    out_ += ':';
    first_ = true;
    return *this;
  }

  JsonWriter& value(std::string_view text) {
    separate();
    quote(text);
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }

  /// Shortest form that reads back as the same number.
  template <typename N>
    requires(std::integral<N> || std::floating_point<N>)
  JsonWriter& value(N number) {
    separate();
    if constexpr (std::same_as<N, bool>) {
      out_ += number ? "true" : "false";
    } else {
      char digits[40];
      const auto [end, code] = std::to_chars(digits, digits + sizeof digits, number);
      out_.append(digits, end);
    }
    return *this;
  }

  template <typename V>
  JsonWriter& member(std::string_view name, const V& v) {
    return key(name).value(v);
  }

 private:
  JsonWriter& open(char c) {
    separate();
    out_ += c;
    first_ = true;
    return *this;
  }
  JsonWriter& close(char c) {
    out_ += c;
    first_ = false;
    return *this;
  }
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void quote(std::string_view text) {
    constexpr const char* kHex = "0123456789abcdef";
    out_ += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (byte < 0x20 || byte >= 0x7f) {  // driver texts are ASCII; anything else is shown as its byte
        out_ += "\\u00";
        out_ += kHex[byte >> 4];
        out_ += kHex[byte & 15];
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }

  std::string out_;
  bool first_ = true;
};

}  // namespace gna
