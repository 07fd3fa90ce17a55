// SPDX-License-Identifier: Apache-2.0
#include "workers/network/lab/namespaces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/io/fd.hpp"

namespace seatrial::network {
namespace {

Failure refused(const char* what, int error) {
  const bool root = ::geteuid() == 0;
  std::string advice =
      "let the bench run as root, or allow unprivileged user namespaces: sysctl "
      "kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0";
  if (root) advice = "a container needs CAP_SYS_ADMIN for it; check user.max_net_namespaces";
  if (error == ENOSPC || error == EUSERS)
    advice = "raise user.max_net_namespaces, user.max_pid_namespaces and user.max_user_namespaces";
  return Failure("network.refused", Blame::bench,
                 fmt::format("this machine refuses {} to {}: {}", what,
                             root ? "root" : "an ordinary user", std::strerror(error)),
                 std::move(advice));
}

bool write_proc(const char* file, const std::string& text) {
  const io::UniqueFd fd(::open(file, O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

pid_t child_of_signals = 0;
void pass_on(int signal) {
  if (child_of_signals > 0) ::kill(child_of_signals, signal);
}
/// The first process of a namespace gets no signal that it has no handler for.
void end_by(int signal) { ::_exit(128 + signal); }

ssize_t read_some(int fd, void* into, std::size_t size) {
  ssize_t n = 0;
  do n = ::read(fd, into, size);
  while (n < 0 && errno == EINTR);
  return n;
}

/// The child's part: a network of its own, then waits until the parent has prepared everything.
bool begin_inside(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int error = ::unshare(CLONE_NEWNET) == 0 ? 0 : errno;
  char go = 0;
  // no answer: the parent died before prctl took hold
  return ::write(parent, &error, sizeof error) == sizeof error && error == 0 &&
         read_some(parent, &go, 1) == 1;
}

/// The parent's: 0, or why the child has no network of its own.
int wait_for_child(int child) {
  int error = EPIPE;
  return read_some(child, &error, sizeof error) == sizeof error ? error : EPIPE;
}

}  // namespace

Result<> enter_user_namespace() {
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  // root makes no user namespace: in a chroot that is refused, and nothing needs it
  if (uid == 0) return {};
  if (::unshare(CLONE_NEWUSER) != 0) return refused("user namespaces", errno);
  // without "deny" an ordinary user may not map a group
  if (!write_proc("/proc/self/setgroups", "deny") ||
      !write_proc("/proc/self/uid_map", fmt::format("0 {} 1", uid)) ||
      !write_proc("/proc/self/gid_map", fmt::format("0 {} 1", gid)))
    return refused("a user namespace with a root of its own", errno);
  return {};
}

Result<int> run_first_process(std::function<Result<>(pid_t)> prepare, std::function<int()> inside) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return refused("a pair of sockets", errno);
  io::UniqueFd inner(ends[0]), outer(ends[1]);
  // a fork whose child alone is in the new namespace: this process can start others as before
  const auto child = static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child < 0) return refused("PID namespaces", errno);
  if (child == 0) {
    outer.reset();
    for (const int signal : {SIGTERM, SIGINT}) ::signal(signal, end_by);
    if (!begin_inside(inner.get())) ::_exit(127);
    inner.reset();
    ::_exit(inside());
  }
  inner.reset();
  child_of_signals = child;
  for (const int signal : {SIGTERM, SIGINT}) ::signal(signal, pass_on);
  const int error = wait_for_child(outer.get());
  Result<> ready;
  if (error != 0) ready = refused("network namespaces", error);
  if (ready) ready = prepare(child);
  if (ready) (void)!::write(outer.get(), "g", 1);
  outer.reset();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ready) return ready.error();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace seatrial::network
