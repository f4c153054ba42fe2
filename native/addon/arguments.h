#pragma once
// Argument checks of every exported function, in one place: the message says what was expected and what came. The
// Error is a TypeError with code ERR_INVALID_ARG_TYPE.

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gna::addon {

/// A whole number between `least` and `most`.
std::int64_t wholeNumber(Napi::Env env, const Napi::Value& value, const char* name, std::int64_t least,
                         std::int64_t most);

/// A descriptor or pid: a whole number from 0 to 2^31 − 1.
int smallNumber(Napi::Env env, const Napi::Value& value, const char* name);

std::string text(Napi::Env env, const Napi::Value& value, const char* name);
std::optional<std::string> optionalText(Napi::Env env, const Napi::Value& value, const char* name);
std::vector<std::string> texts(Napi::Env env, const Napi::Value& value, const char* name);
Napi::Object object(Napi::Env env, const Napi::Value& value, const char* name);

}  // namespace gna::addon
