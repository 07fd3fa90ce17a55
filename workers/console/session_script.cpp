// SPDX-License-Identifier: Apache-2.0
#include "workers/console/session_script.hpp"

#include <fmt/format.h>

namespace seatrial::console {

// _sp TEXT           adds a piece (a printf format) to the command being sent
// _sa ID N           acknowledges N pieces
// _sr ID K CKSUM BLOCKS
//                    runs the command if its checksum fits; sends at most BLOCKS x 4096 bytes of
//                    each stream. Standard input is /dev/null, so that a command cannot eat what
//                    is typed.
// _sl ID STREAM A B  sends lines A to B of a stream
// _sq ID K           sends the end of that command, or says which command began last; then K, the
//                    number of what was asked
std::string_view session_script() {
  return R"sh(if command -v base64 >/dev/null 2>&1; then _sf=b; else _sf=h; fi
_se() { if [ $_sf = b ]; then base64; else od -An -v -tx1; fi; }
_sc() { dd if="$_sd/$1" bs=4096 count=$_sm 2>/dev/null; }
_sp() { printf "$1" >>"$_sd/c"; }
_sa() { printf '%s:a:%s.\n' "$1" "$2"; }
_sl() {
  [ -s "$_sd/$2" ] || return 0
  _sc "$2" | _se | (
    _n=0
    while read -r _l; do
      _n=$((_n+1))
      [ $_n -lt $3 ] && continue
      [ $_n -gt $4 ] && break
      printf '%s:%s:%s:%s.\n' "$1" "$2" $_n "$_l"
    done
  )
}
_sr() {
  if [ "$(cksum <"$_sd/c")" != "$3" ]; then
    : >"$_sd/c"; printf '%s:B.\n%s:k:%s.\n' "$1" "$1" "$2"; return
  fi
  mv -f "$_sd/c" "$_sd/r"; : >"$_sd/c"; _sm=$4; : >"$_sd/t"; echo "$1" >"$_sd/b"
  sh "$_sd/r" >"$_sd/o" 2>"$_sd/e" </dev/null
  _t="$?:$(wc -c <"$_sd/o"):$(_sc o | cksum):$(wc -c <"$_sd/e"):$(_sc e | cksum):$_sf"
  printf '%s:x:%s:%s.\n' "$1" "$_t" "$(printf %s "$_t" | cksum)" >"$_sd/t"
  _sl "$1" o 1 1048576; _sl "$1" e 1 1048576; _sq "$1" "$2"
}
_sq() {
  if [ "$(cat "$_sd/b" 2>/dev/null)" = "$1" ] && [ -s "$_sd/t" ]; then cat "$_sd/t"
  else printf '%s:n:%s.\n' "$1" "$(cat "$_sd/b" 2>/dev/null)"; fi
  printf '%s:k:%s.\n' "$1" "$2"
}
)sh";
}

std::vector<std::string> printf_arguments(std::string_view text, std::size_t most) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\' && c != '%' &&
                       !(c == '-' && out.back().empty());  // not to be taken for an option
    if (out.back().size() + 4 > most) out.emplace_back();
    if (plain && !(c == '-' && out.back().empty()))
      out.back().push_back(c);
    else
      out.back() += fmt::format("\\{:03o}", byte);
  }
  for (auto& line : out) line = "'" + line + "'";
  return out;
}

}  // namespace seatrial::console
