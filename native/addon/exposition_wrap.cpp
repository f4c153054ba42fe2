#include "addon/exposition_wrap.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "core/exposition/exposition.h"

namespace gna::addon {

namespace {

using exposition::Format;
using exposition::Insert;

/// The bytes of a string as they will be printed. Unlike arguments::text it lets NUL through: these never become C
/// strings. Lone surrogates arrive as U+FFFD.
std::string lineText(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsString()) return text(env, value, name);  // throws
  return value.As<Napi::String>().Utf8Value();
}

Napi::Array list(Napi::Env env, const Napi::Value& value, const char* name) {
  if (value.IsArray()) return value.As<Napi::Array>();
  throw codedTypeError(env, std::string(name) + ": expected an array");
}

class ExpositionWrap : public Napi::ObjectWrap<ExpositionWrap> {
 public:
  static Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("Exposition",
                DefineClass(env, "Exposition",
                            {InstanceMethod<&ExpositionWrap::render>("render", napi_default_method),
                             InstanceAccessor<&ExpositionWrap::lineCount>("lineCount", napi_enumerable)}));
    return exports;
  }

  explicit ExpositionWrap(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<ExpositionWrap>(info), exposition_(std::make_shared<exposition::Exposition>()) {
    const Napi::Env env = info.Env();
    const Napi::Array families = list(env, object(env, info[0], "definition").Get("families"), "families");
    for (std::uint32_t i = 0; i < families.Length(); ++i) {
      const Napi::HandleScope scope(env);
      addFamily(env, object(env, families.Get(i), "families[]"));
    }
  }

 private:
  void addFamily(Napi::Env env, const Napi::Object& family) {
    exposition_->addFamily(lineText(env, family.Get("headerText"), "headerText"),
                           lineText(env, family.Get("headerOpenMetrics"), "headerOpenMetrics"));
    const Napi::Array lines = list(env, family.Get("lines"), "lines");
    for (std::uint32_t i = 0; i < lines.Length(); ++i) {
      const Napi::HandleScope scope(env);
      const Napi::Object line = object(env, lines.Get(i), "lines[]");
      const auto slot = static_cast<std::uint32_t>(
          wholeNumber(env, line.Get("slot"), "slot", 0, std::numeric_limits<std::int32_t>::max()));
      if (!exposition_->addLine(lineText(env, line.Get("text"), "text"),
                                lineText(env, line.Get("openMetrics"), "openMetrics"), slot))
        throw codedError(env, "EXPOSITION_TOO_LARGE", "the metric lines need more than 4 GiB");
    }
  }

  Napi::Value render(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
      throw codedTypeError(env, "values: expected a Float64Array");
    const auto values = info[0].As<Napi::Float64Array>();
    if (values.ElementLength() < exposition_->slotCount())
      throw codedTypeError(env, "values: expected at least " + std::to_string(exposition_->slotCount()) +
                                    " numbers, got " + std::to_string(values.ElementLength()));
    const std::string name = text(env, info[1], "format");
    if (name != "text" && name != "openmetrics")
      throw codedTypeError(env, "format: expected 'text' or 'openmetrics', got '" + name.substr(0, 60) + "'");

    const Napi::Array list_ = list(env, info[2], "inserts");
    std::vector<std::string> texts;
    std::vector<Insert> inserts;
    texts.reserve(list_.Length());
    std::size_t before = 0;
    for (std::uint32_t i = 0; i < list_.Length(); ++i) {
      const Napi::HandleScope scope(env);
      const Napi::Object insert = object(env, list_.Get(i), "inserts[]");
      const auto position = static_cast<std::size_t>(
          wholeNumber(env, insert.Get("before"), "before", static_cast<std::int64_t>(before),
                      static_cast<std::int64_t>(exposition_->familyCount())));
      before = position;
      inserts.push_back({position, texts.emplace_back(lineText(env, insert.Get("text"), "text"))});
    }
    const std::string_view bytes =
        exposition_->render(std::span(values.Data(), values.ElementLength()),
                            name == "text" ? Format::text : Format::openMetrics, inserts);
    return view(env, bytes);
  }

  /// The rendered bytes as JavaScript sees them.
  Napi::Value view(Napi::Env env, std::string_view bytes);

  Napi::Value lineCount(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(exposition_->lineCount()));
  }

  std::shared_ptr<exposition::Exposition> exposition_;
};

}  // namespace

Napi::Object initExposition(Napi::Env env, Napi::Object exports) { return ExpositionWrap::init(env, exports); }

}  // namespace gna::addon
