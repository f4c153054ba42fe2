#include "addon/arguments.h"

#include <cmath>

namespace gna::addon {

namespace {

std::string shown(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: return "the number " + value.ToString().Utf8Value();
    case napi_string: return "the string '" + value.As<Napi::String>().Utf8Value().substr(0, 60) + "'";
    case napi_object: return value.IsArray() ? "an array" : "an object";
    case napi_function: return "a function";
    default: return "another kind of value";
  }
}

Napi::TypeError mismatch(Napi::Env env, const char* name, const std::string& expected, const Napi::Value& came) {
  Napi::TypeError error =
      Napi::TypeError::New(env, std::string(name) + ": expected " + expected + ", got " + shown(came));
  error.Set("code", Napi::String::New(env, "ERR_INVALID_ARG_TYPE"));
  return error;
}

}  // namespace

std::int64_t wholeNumber(Napi::Env env, const Napi::Value& value, const char* name, std::int64_t least,
                         std::int64_t most) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number == std::floor(number) && number >= static_cast<double>(least) && number <= static_cast<double>(most))
      return static_cast<std::int64_t>(number);
  }
  throw mismatch(env, name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most), value);
}

int smallNumber(Napi::Env env, const Napi::Value& value, const char* name) {
  return static_cast<int>(wholeNumber(env, value, name, 0, 2147483647));
}

std::string text(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw mismatch(env, name, "a string", value);
  std::string result = value.As<Napi::String>().Utf8Value();
  // These become paths, arguments and environment entries: C strings, which a NUL would cut silently.
  if (result.find('\0') != std::string::npos) throw mismatch(env, name, "a string without NUL characters", value);
  return result;
}

std::optional<std::string> optionalText(Napi::Env env, const Napi::Value& value, const char* name) {
  if (value.IsUndefined()) return std::nullopt;
  return text(env, value, name);
}

std::vector<std::string> texts(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw mismatch(env, name, "an array of strings", value);
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> result;
  result.reserve(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i)
    result.push_back(text(env, array.Get(i), (std::string(name) + "[" + std::to_string(i) + "]").c_str()));
  return result;
}

Napi::Object object(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsObject() || value.IsArray()) throw mismatch(env, name, "an object", value);
  return value.As<Napi::Object>();
}

}  // namespace gna::addon
