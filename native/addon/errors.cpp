#include "addon/errors.h"

#include <uv.h>

namespace gna::addon {

Napi::Error codedError(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

Napi::Error systemError(Napi::Env env, const char* call, int errorNumber, const std::string& about) {
  char name[64], text[256];
  uv_err_name_r(-errorNumber, name, sizeof name);
  uv_strerror_r(-errorNumber, text, sizeof text);
  std::string message = std::string(call) + ": " + text;
  if (!about.empty()) message += " (" + about + ")";
  Napi::Error error = codedError(env, name, message);
  error.Set("errno", Napi::Number::New(env, errorNumber));
  error.Set("syscall", Napi::String::New(env, call));
  return error;
}

}  // namespace gna::addon
