// sd_notify(3): one datagram to the socket that systemd names. Node has no datagram sockets of the unix family.

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exports.h"
#include "core/proc/descriptor.h"

namespace gna::addon {

namespace {

Napi::Value notifySystemd(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string message = text(env, info[0], "message");
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return Napi::Boolean::New(env, false);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) throw systemError(env, "sendto", ENAMETOOLONG, name);
  std::memcpy(address.sun_path, name, length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract name
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);

  const proc::Descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket.valid()) throw systemError(env, "socket", errno);
  if (sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), size) < 0)
    throw systemError(env, "sendto", errno, name);
  return Napi::Boolean::New(env, true);
}

}  // namespace

void initNotify(Napi::Env env, Napi::Object exports) {
  exports.Set("notifySystemd", Napi::Function::New<notifySystemd>(env, "notifySystemd"));
}

}  // namespace gna::addon
