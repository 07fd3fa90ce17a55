// SPDX-License-Identifier: Apache-2.0
// Session: finding a shell and putting our functions into it.
#include <fmt/format.h>

#include "core/base/ids.hpp"
#include "core/base/redact.hpp"
#include "workers/console/session.hpp"
#include "workers/console/session_script.hpp"

namespace seatrial::console {
namespace {

using std::chrono::seconds;

constexpr unsigned most_tries = 5;
/// A console that has been silent for so long is typed at: earlier it could stop a boot loader.
constexpr Duration silence = seconds(5);

Failure refused(std::string what) {
  return Failure(
      "session.login", Blame::product, std::move(what),
      "check user and password; balenaOS logs root in without one in development mode only");
}

Failure no_setup(std::string what) {
  return Failure(
      "session.setup", Blame::product, std::move(what),
      "a session needs sh, cksum, dd, wc, mktemp and a writable /run or /tmp on the device");
}

}  // namespace

Task<Result<Match>> Session::listen_for(Pattern pattern, Duration span, std::uint64_t from) {
  std::vector<Pattern> patterns;
  patterns.push_back(std::move(pattern));
  co_return co_await listen(std::move(patterns), span, from);
}

Task<Result<Match>> Session::listen(std::vector<Pattern> patterns, Duration span,
                                    std::uint64_t from) {
  CO_TRY(auto set, PatternSet::compile(std::move(patterns)));
  co_return co_await console_.matcher().expect(
      std::move(set), Budget(span, "an answer on the console").with_code("session.quiet"),
      Since::offset(from));
}

/// Control-C. A shell drops what it finds typed when it learns of it, and says nothing that could
/// be waited for: hence a pause.
Task<Result<>> Session::interrupt() {
  CO_CHECK_OK(co_await console_.interrupt());
  co_await pause(std::chrono::milliseconds(200));
  co_return Result<>();
}

Task<Result<>> Session::login(Budget budget) {
  forget();
  co_return co_await within(std::move(budget), ready_shell());
}

Task<Result<>> Session::ready_shell() {
  // The shell leaves no unfinished line behind: what stands there may be a login prompt.
  CO_TRY(const auto prompt, PatternSet::compile(Pattern(credentials_.login_prompt, Where::prompt)));
  if (prompt->match(console_.matcher().unfinished_line())) forget();
  for (unsigned tries = 0; ready_ && dirty_ && tries < most_tries; ++tries) {
    // A command that was given up may still run: end it, then see whether the shell answers.
    const std::string token = random_hex(12);
    const std::uint64_t from = console_.mark();
    CO_CHECK_OK(co_await interrupt());
    CO_CHECK_OK(co_await console_.send(fmt::format("\nprintf '%s%s\\n' {} {}; : >\"$_sd/c\"\n",
                                                   token.substr(0, 6), token.substr(6))));
    std::vector<Pattern> patterns;
    patterns.push_back(literal(token));
    patterns.emplace_back(credentials_.login_prompt, Where::prompt);
    const auto heard = co_await listen(std::move(patterns), seconds(3), from);
    if (!heard && heard.error().code() != "session.quiet") co_return heard.error();
    if (heard && heard->pattern == 1) break;
    dirty_ = !heard;
  }
  if (ready_ && !dirty_) co_return Result<>();
  forget();
  CO_CHECK_OK(co_await find_shell());
  CO_CHECK_OK(co_await install());
  guard_ = console_.matcher().watch(prompt, [this](const Match&) { ready_ = false; });
  ready_ = true;
  co_return Result<>();
}

Task<Result<>> Session::find_shell() {
  const std::string token = random_hex(12);
  // The echo of this line does not hold the token in one piece.
  const std::string probe = fmt::format(" stty -echo; PS1=; PS2=; printf '%s%s\\n' {} {}\n",
                                        token.substr(0, 6), token.substr(6));
  std::uint64_t from = console_.matcher().line_begin();  // a prompt may be waiting there
  bool probed = false;
  unsigned probes = 0;
  unsigned refusals = 0;
  for (;;) {
    std::vector<Pattern> patterns;
    patterns.push_back(literal(token));
    patterns.emplace_back(credentials_.login_prompt, Where::prompt);
    patterns.emplace_back("[Pp]assword: ?$", Where::prompt);
    patterns.emplace_back("Login incorrect");
    patterns.emplace_back("[#$>] ?$", Where::prompt);
    const auto patience = probed ? seconds(3) : silence;
    const auto heard = co_await listen(std::move(patterns), patience, from);
    if (!heard) {
      if (heard.error().code() != "session.quiet") co_return heard.error();
      const std::uint64_t now = console_.mark();
      if (probed) {
        if (++probes % 2 == 0) {
          CO_CHECK_OK(co_await interrupt());
        }
        CO_CHECK_OK(co_await console_.send(probe));
      } else if (now == from) {
        CO_CHECK_OK(co_await console_.send("\n"));
      }
      from = now;
      continue;
    }
    from = heard->end;
    if (heard->pattern == 0) co_return Result<>();
    if (heard->pattern == 3 && ++refusals > 2)
      co_return refused("the device refused the login of " + credentials_.user);
    if (heard->pattern == 3 || heard->finished) continue;  // a prompt stands at the end
    if (heard->pattern == 1) {
      probed = false;
      CO_CHECK_OK(co_await console_.send(credentials_.user + "\n"));
    } else if (heard->pattern == 2) {
      if (credentials_.password.empty())
        co_return refused("the device asks for a password of " + credentials_.user);
      register_secret(credentials_.password);
      CO_CHECK_OK(co_await console_.send(credentials_.password + "\n"));
    } else {
      probed = true;
      CO_CHECK_OK(co_await console_.send(probe));
    }
  }
}

Task<Result<>> Session::install() {
  const std::string script(session_script());
  std::string answer = "nothing";
  for (unsigned tries = 0; tries < most_tries; ++tries) {
    const std::string id = random_hex(10);
    CO_CHECK_OK(
        co_await console_.send(" unset PROMPT_COMMAND; [ -n \"$_sd\" ] || _sd=$(mktemp -d "
                               "/run/.seatrial.XXXXXX 2>/dev/null || "
                               "mktemp -d /tmp/.seatrial.XXXXXX); : >\"$_sd/h\"; : >\"$_sd/c\"\n"));
    std::uint64_t from = console_.mark();
    std::size_t pieces = 0;
    for (const auto& piece : printf_arguments(script)) {
      // Named first: g++ 12 destroys a conditional temporary in a co_await expression twice.
      std::string line = "printf " + piece + " >>\"$_sd/h\"";
      if (++pieces % 3 == 0) line += "; echo " + id + ":a.";
      CO_CHECK_OK(co_await console_.send(line + "\n"));
      if (pieces % 3 != 0) continue;  // the terminal holds three lines
      const auto taken = co_await listen_for(literal(id + ":a."), seconds(3), from);
      if (!taken && taken.error().code() != "session.quiet") co_return taken.error();
      if (taken) from = taken->end;
    }
    CO_CHECK_OK(co_await console_.send(
        fmt::format("printf '%s:h:%s.\\n' {} \"$(cksum <\"$_sd/h\")\"\n", id)));
    const auto sum =
        co_await listen_for(Pattern(id + R"(:h:(.*)\.$)", Where::line), seconds(5), from);
    if (!sum && sum.error().code() != "session.quiet") co_return sum.error();
    if (sum) answer = sum->groups.at(1);
    if (!sum || answer != cksum_line(script)) continue;
    CO_CHECK_OK(co_await console_.send(fmt::format(". \"$_sd/h\"; echo {}:r.\n", id)));
    const auto sourced = co_await listen_for(literal(id + ":r."), seconds(10), from);
    if (sourced || sourced.error().code() != "session.quiet")
      co_return sourced ? Result<>() : Result<>(sourced.error());
  }
  co_return no_setup(
      "the shell on the console could not take the session's functions; it answered '" + answer +
      "'");
}

Task<Result<>> Session::logout(Budget budget) {
  CO_TRY(const auto turn, co_await turn_.take());
  if (!ready_) co_return Result<>();
  const std::uint64_t from = console_.mark();
  CO_CHECK_OK(co_await interrupt());
  CO_CHECK_OK(co_await console_.send("\nrm -rf \"$_sd\"; unset _sd; exit\n"));
  forget();
  CO_TRY(auto set, PatternSet::compile(Pattern(credentials_.login_prompt, Where::prompt)));
  const auto gone =
      co_await console_.matcher().expect(std::move(set), std::move(budget), Since::offset(from));
  if (!gone) co_return gone.error();
  co_return Result<>();
}

}  // namespace seatrial::console
