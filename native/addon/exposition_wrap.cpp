#include "addon/exposition_wrap.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "core/exposition/exposition.h"

namespace gna::addon {

namespace {

using exposition::Format;
using exposition::Insert;

Napi::TypeError wrongArgument(Napi::Env env, const std::string& message) {
  Napi::TypeError error = Napi::TypeError::New(env, message);
  error.Set("code", Napi::String::New(env, "ERR_INVALID_ARG_TYPE"));
  return error;
}

/// A string as UTF-8. Unlike arguments' `text` it lets NUL through, which is a legal character of a label value: these
/// never become C strings. A lone surrogate becomes U+FFFD.
std::string printedText(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsString()) return text(env, value, name);  // throws: the one wording of a mismatch
  return value.As<Napi::String>().Utf8Value();
}

Napi::Array array(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw wrongArgument(env, std::string(name) + ": expected an array");
  return value.As<Napi::Array>();
}

Napi::Float64Array numbers(Napi::Env env, const Napi::Value& value, std::size_t least) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
    throw wrongArgument(env, "values: expected a Float64Array");
  const auto result = value.As<Napi::Float64Array>();
  if (result.ElementLength() < least)
    throw wrongArgument(env, "values: expected at least " + std::to_string(least) + " numbers, got " +
                                 std::to_string(result.ElementLength()));
  return result;
}

Format formatNamed(Napi::Env env, const Napi::Value& value) {
  const std::string name = text(env, value, "format");
  if (name == "text") return Format::text;
  if (name == "openmetrics") return Format::openMetrics;
  throw wrongArgument(env, "format: expected 'text' or 'openmetrics', got '" + name.substr(0, 60) + "'");
}

class ExpositionWrap : public Napi::ObjectWrap<ExpositionWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Exposition",
                       {InstanceMethod<&ExpositionWrap::render>("render"),
                        InstanceAccessor<&ExpositionWrap::lineCount>("lineCount", napi_enumerable)});
  }

  explicit ExpositionWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExpositionWrap>(info) {
    const Napi::Env env = info.Env();
    const Napi::Array families = array(env, object(env, info[0], "definition").Get("families"), "families");
    for (std::uint32_t i = 0; i < families.Length(); ++i) {
      const Napi::HandleScope scope(env);
      addFamily(env, object(env, families.Get(i), "families[]"));
    }
  }

 private:
  void addFamily(Napi::Env env, const Napi::Object& family) {
    bool fits = exposition_.addFamily(printedText(env, family.Get("headerText"), "headerText"),
                                      printedText(env, family.Get("headerOpenMetrics"), "headerOpenMetrics"));
    const Napi::Array lines = array(env, family.Get("lines"), "lines");
    for (std::uint32_t i = 0; fits && i < lines.Length(); ++i) {
      const Napi::HandleScope scope(env);
      const Napi::Object line = object(env, lines.Get(i), "lines[]");
      const auto slot = static_cast<std::uint32_t>(
          wholeNumber(env, line.Get("slot"), "slot", 0, std::numeric_limits<std::int32_t>::max()));
      fits = exposition_.addLine(printedText(env, line.Get("text"), "text"),
                                 printedText(env, line.Get("openMetrics"), "openMetrics"), slot);
    }
    if (!fits) throw codedError(env, "EXPOSITION_TOO_LARGE", "the metric lines need more than 4 GiB");
  }

  Napi::Value render(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const Napi::Float64Array values = numbers(env, info[0], exposition_.slotCount());
    const Format format = formatNamed(env, info[1]);
    const Napi::Array given = array(env, info[2], "inserts");
    // Texts first: an insert only points at its text, which must not move any more.
    std::vector<std::string> texts(given.Length());
    std::vector<Insert> inserts(given.Length());
    std::int64_t before = 0;
    for (std::uint32_t i = 0; i < given.Length(); ++i) {
      const Napi::HandleScope scope(env);
      const Napi::Object insert = object(env, given.Get(i), "inserts[]");
      before = wholeNumber(env, insert.Get("before"), "before", before,
                           static_cast<std::int64_t>(exposition_.familyCount()));
      texts[i] = printedText(env, insert.Get("text"), "text");
      inserts[i] = {static_cast<std::size_t>(before), texts[i]};
    }
    Napi::ArrayBuffer output = outputIn(env, info[3], exposition_.bytesMax(format, inserts));
    const auto written = exposition_.render({values.Data(), values.ElementLength()}, format, inserts,
                                            {static_cast<char*>(output.Data()), output.ByteLength()});
    if (!written) throw std::logic_error("an exposition is longer than bytesMax() said");
    return {env, Napi::Uint8Array::New(env, *written, output, 0)};
  }

  /// The memory that was offered, unless it is too small or four times too large, else new memory.
  static Napi::ArrayBuffer outputIn(Napi::Env env, const Napi::Value& offered, std::size_t bytes) {
    if (offered.IsArrayBuffer()) {
      Napi::ArrayBuffer output = offered.As<Napi::ArrayBuffer>();
      // A transferred buffer has length 0.
      if (output.ByteLength() >= bytes && output.ByteLength() / 4 <= bytes) return output;
    } else if (!offered.IsUndefined()) {
      throw wrongArgument(env, "memory: expected an ArrayBuffer or undefined");
    }
    // An eighth of air: rendered families of others come and go with the requests they count.
    return Napi::ArrayBuffer::New(env, bytes + bytes / 8);
  }

  Napi::Value lineCount(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(exposition_.lineCount()));
  }

  exposition::Exposition exposition_;
};

}  // namespace

Napi::Object initExposition(Napi::Env env, Napi::Object exports) {
  exports.Set("Exposition", ExpositionWrap::define(env));
  return exports;
}

}  // namespace gna::addon
