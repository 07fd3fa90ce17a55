// SPDX-License-Identifier: Apache-2.0
// The page in a real browser (Chromium, headless): that our script and style run under the page's
// own security policy, that nothing of the device runs, that filters, links and the narrow layout
// work, and that it is complete without script. Needs the package chromium; without it these fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <regex>

#include "reports/format.hpp"
#include "tests/reports/run_builder.hpp"

namespace seatrial::reports {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Seen {
  std::string dom, complaints;
};

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Opens a page and returns what it became. `query` begins with '?' or '#', or is empty.
Seen browse(const fs::path& page, const std::string& query = "", const std::string& flags = "") {
  const fs::path scratch = page.parent_path() / "browser";
  fs::remove_all(scratch);
  fs::create_directories(scratch);
  const std::string command =
      "timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
      "--disable-background-networking --disable-component-update --disable-sync "
      "--virtual-time-budget=5000 --enable-logging=stderr --user-data-dir='" +
      (scratch / "profile").string() + "' " + flags + " --dump-dom 'file://" + page.string() +
      query + "' >'" + (scratch / "dom").string() + "' 2>'" + (scratch / "log").string() + "'";
  const int status = std::system(command.c_str());
  EXPECT_EQ(status, 0) << "chromium did not run; install it (apt install chromium):\n"
                       << slurp(scratch / "log");
  Seen seen{slurp(scratch / "dom"), ""};
  std::ifstream log(scratch / "log");
  for (std::string line; std::getline(log, line);)
    if (line.find("CONSOLE") != std::string::npos) seen.complaints += line + "\n";
  return seen;
}

class Browser : public testing::Test {
 protected:
  /// A run with a hostile device, one failure, one skip and one pass.
  void SetUp() override {
    const auto evil = hostile();
    build_.start({"s.fails", "s.passes", "n.skips"}, {{"mutant", evil}});
    build_.begin("s.fails").console(evil + "\r\nlogin:\r\n").wait(1).step("run: " + evil, 2);
    const auto offset = build_.console_size();
    build_.console("Kernel panic - not syncing " + evil + "\r\n").wait(1);
    build_.event("sentinel", {{"id", "kernel_panic"}, {"line", evil}, {"offset", offset}});
    build_.event("assertion", {{"ok", false}, {"text", evil}, {"file", evil}, {"line", 3}});
    build_.event("artifact", {{"name", evil}, {"path", "javascript:alert(9)"}});
    build_.end("fail", {{"failure", failure_json("a.b", Blame::product, evil, evil)}});
    build_.begin("s.passes").step("a needle in the steps", 1).end("pass");
    build_.begin("n.skips").end("skip", {{"reason", evil}}).finish().write();
    const auto written = write_reports(build_.folder(), {"html"});
    ASSERT_TRUE(written.has_value()) << written.error().describe();
    page_ = written->front();
  }

  /// A copy of the page without its policy, with a script of ours at its end that writes what it
  /// finds into <pre id="probe">.
  fs::path with_probe(const std::string& script) {
    std::string text = slurp(page_);
    text = std::regex_replace(text,
                              std::regex("<meta http-equiv=\"Content-Security-Policy\"[^>]*>"), "");
    const auto end = text.rfind("</body>");
    text.insert(
        end,
        "<pre id=\"probe\"></pre><script>addEventListener('load', async () => {const out = [];"
        "const say = (x) => out.push(String(x));" +
            script +
            ";const text = 'probe:' + out.join('|');"
            "document.getElementById('probe').textContent = text;"
            "if (parent !== window) parent.postMessage(text, '*');});</script>");
    const fs::path copy = build_.folder() / "probe.html";
    std::ofstream(copy, std::ios::binary) << text;
    return copy;
  }

  /// A page that shows another in a frame: a window of Chromium has a least width, a frame has not.
  fs::path framed(const std::string& page, int width) {
    const fs::path frame = build_.folder() / "frame.html";
    std::ofstream(frame) << "<pre id='seen'></pre><script>onmessage = (e) => {"
                            "document.getElementById('seen').textContent = e.data;};</script>"
                         << "<iframe style='width:" << width << "px;height:812px;border:0' src='"
                         << page << "'></iframe>";
    return frame;
  }

  static std::string answer(const Seen& seen) {
    std::smatch found;
    return std::regex_search(seen.dom, found, std::regex("probe:([^<]*)")) ? found[1].str()
                                                                           : "no answer";
  }

  RunBuilder build_;
  fs::path page_;
};

/// A run in which every colour of the page is used, with the long texts that devices and people
/// produce.
void every_colour(RunBuilder& build) {
  const std::string word(300, 'x'), evil = hostile();
  const json unit{{"name", "seconds_to_" + word.substr(0, 60)}, {"value", 71.25}, {"unit", "s"}};
  build.start({"s.pass", "s.fail_" + word.substr(0, 100), "s.error", "s.timeout", "s.suite",
               "s.seatrial", "s.skip", "s.gone", "t.flaky"},
              {{"mutant", "slow"}, {"argv", {"seatrial", "run", "--image", "/" + word}}});
  build.begin("s.pass").step("run: " + word, 1);
  build.event("measurement", unit).event("note", {{"text", word}, {"level", "warn"}});
  build.event("boot", {{"number", 1}, {"slot", "A"}, {"panicked", true}, {"ended_by", word}});
  build.end("pass").begin("s.fail_" + word.substr(0, 100));
  for (int i = 0; i < 8; ++i)
    build.console("\x1b[3" + std::to_string(i) + "mcolour of a terminal error\x1b[0m " + word +
                  "\n");
  const auto offset = build.console_size();
  build.console("\x1b[31mKernel panic\x1b[0m " + evil + word + "\n").wait(1);
  build.event("sentinel", {{"id", "panic"}, {"line", word}, {"offset", offset}});
  build.event("sentinel", {{"id", "oops"}, {"line", word}, {"offset", 1}, {"allowed", true}});
  build.step("run: " + word, 1, false).event("step_started", {{"step", 999}, {"text", word}});
  build.event("assertion", {{"ok", false}, {"text", word + evil}, {"file", word}, {"line", 3}});
  auto outside = unit;
  outside.update({{"limit", {{"at_most", 60}}}, {"ok", false}});
  build.event("measurement", outside).end("fail");
  const auto ends = [&](const char* name, const char* verdict, Blame blame) {
    build.begin(name).wait(1).end(verdict, {{"failure", failure_json("a.b", blame, word, word)}});
  };
  ends("s.error", "error", Blame::bench);
  ends("s.timeout", "timeout", Blame::unknown);
  ends("s.suite", "error", Blame::suite);
  ends("s.seatrial", "error", Blame::seatrial);
  build.begin("s.skip").end("skip", {{"reason", word}});
  build.begin("t.flaky").end("fail").begin("t.flaky", 2).end("pass");
  build.finish({{"failure", failure_json("c.d", Blame::bench, word, word)}}).write();
}

TEST_F(Browser, our_script_and_style_run_under_the_policy_and_nothing_else_does) {
  const auto seen = browse(page_);
  EXPECT_THAT(seen.dom, HasSubstr("class=\"scripted\"")) << "our script did not run";
  EXPECT_EQ(seen.complaints, "") << "the browser objects to the page";
  EXPECT_THAT(seen.dom, Not(HasSubstr("<img"))) << "text of the device became an element";
  std::size_t scripts = 0;
  for (auto at = seen.dom.find("<script"); at != std::string::npos;
       at = seen.dom.find("<script", at + 1))
    ++scripts;
  EXPECT_EQ(scripts, 1u);
}

TEST_F(Browser, the_policy_stops_what_an_escaping_mistake_would_let_through) {
  std::string text = slurp(page_);
  text.insert(text.rfind("</body>"),
              "<script>document.documentElement.dataset.broken = 1</script>"
              "<p onclick='x' style='color:red'>x</p><img src=x onerror='document.title=1'>");
  const fs::path copy = build_.folder() / "broken.html";
  std::ofstream(copy, std::ios::binary) << text;
  const auto seen = browse(copy);
  EXPECT_THAT(seen.dom, Not(HasSubstr("data-broken")));
  EXPECT_THAT(seen.complaints, HasSubstr("Content Security Policy"));
}

TEST_F(Browser, a_link_to_a_case_opens_it_and_a_link_with_a_filter_filters) {
  const std::regex open("<details class=\"case\" id=\"case-s.passes\"[^>]* open");
  EXPECT_FALSE(std::regex_search(browse(page_).dom, open));
  EXPECT_TRUE(std::regex_search(browse(page_, "#case-s.passes").dom, open));
  const auto filtered = browse(page_, "?v=fail,skip").dom;
  const std::regex hidden("id=\"case-([a-z.]*)\"[^>]* hidden=\"\"");
  std::vector<std::string> names;
  for (std::sregex_iterator it(filtered.begin(), filtered.end(), hidden), end; it != end; ++it)
    names.push_back((*it)[1]);
  EXPECT_THAT(names, testing::ElementsAre("s.passes"));
  EXPECT_THAT(filtered, HasSubstr("2 of 3 shown"));
}

TEST_F(Browser, people_can_search_filter_open_and_change_the_theme) {
  const auto probe = with_probe(R"(
    const visible = () => [...document.querySelectorAll('.case')].filter((c) => c.checkVisibility()).map((c) => c.id).join(',');
    const chip = (v) => document.querySelector(`.chip[data-v=${v}]`);
    say(visible());
    chip('fail').click(); say(visible()); say(chip('fail').getAttribute('aria-pressed')); chip('fail').click();
    const before = document.documentElement.dataset.theme || 'none';
    document.getElementById('theme').click(); say(before + ' to ' + document.documentElement.dataset.theme);
    document.getElementById('all').click(); say(document.querySelectorAll('.case[open]').length);
    document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true})); say(document.activeElement.id);
    document.getElementById('find').value = 'needle'; document.getElementById('find').dispatchEvent(new Event('input'));
    await new Promise((done) => setTimeout(done, 500)); say(visible());
    document.activeElement.blur(); document.getElementById('find').value = ''; document.getElementById('find').dispatchEvent(new Event('input'));
    await new Promise((done) => setTimeout(done, 500));
    document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', bubbles: true})); say(document.activeElement.parentElement.id);
  )");
  EXPECT_EQ(answer(browse(probe)),
            "case-s.fails,case-s.passes,case-n.skips|case-s.fails|true|none to dark|3|find|case-s."
            "passes|case-s.fails");
}

TEST_F(Browser, the_page_is_never_wider_than_the_screen_and_text_has_contrast) {
  RunBuilder colours;
  every_colour(colours);
  const auto written = write_reports(colours.folder(), {"html"});
  ASSERT_TRUE(written.has_value()) << written.error().describe();
  page_ = written->front();
  const auto probe = with_probe(R"(
    document.querySelectorAll('details').forEach((d) => { d.open = true; });
    say(innerWidth);
    const wide = [...document.querySelectorAll('html, body *')].filter((node) => !node.closest('svg, #probe, .sr') &&
      (node.scrollWidth > node.clientWidth + 1) && getComputedStyle(node).display !== 'inline' && node.clientWidth > 0);
    say(wide.length ? 'too wide: ' + wide.map((node) => node.tagName + '.' + node.className).join(' ') : 'fits');
    const squeezed = [...document.querySelectorAll('.cmd')].filter((node) => node.querySelector('code').offsetWidth < .7 * node.clientWidth);
    if (squeezed.length) say('commands are squeezed');
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = (colour, under) => {
      canvas.globalCompositeOperation = 'source-over';
      canvas.fillStyle = `rgb(${under})`; canvas.fillRect(0, 0, 1, 1);
      canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
    const ground = (node) => node ? rgb(getComputedStyle(node).backgroundColor, ground(node.parentElement)) : [255, 255, 255];
    let worst = 99, which = '';
    for (const node of document.querySelectorAll('body *')) {
      if (node.closest('svg, .sr, #probe, script') || !node.checkVisibility()) continue;
      if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
      let seen = 1;
      for (let at = node; at; at = at.parentElement) seen *= getComputedStyle(at).opacity;
      const under = ground(node), full = rgb(getComputedStyle(node).color, under);
      const ink = full.map((v, i) => v * seen + under[i] * (1 - seen));
      const [a, b] = [light(ink), light(under)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
      if (ratio < worst) { worst = ratio; which = node.tagName + '.' + node.className; }
    }
    say(worst >= 4.5 ? 'readable' : 'contrast ' + worst.toFixed(2) + ' at ' + which);
  )");
  for (const std::string theme : {"?theme=light", "?theme=dark"})
    for (const int width : {1280, 768, 375})
      EXPECT_EQ(answer(browse(framed(probe.filename().string() + theme, width))),
                std::to_string(width) + "|fits|readable")
          << theme;
}

TEST_F(Browser, it_is_complete_without_script) {
  std::string text = slurp(page_);
  const auto begin = text.find("<script>"), end = text.find("</script>");
  ASSERT_LT(begin, end);
  text.erase(begin, end - begin + std::string_view("</script>").size());
  std::ofstream(page_, std::ios::binary | std::ios::trunc) << text;
  const auto probe = with_probe(R"(
    say(document.documentElement.className);
    say([...document.querySelectorAll('.js')].filter((node) => node.checkVisibility()).length);
    say([...document.querySelectorAll('.case > summary')].filter((node) => node.checkVisibility()).length);
  )");
  const auto seen = browse(probe);
  EXPECT_EQ(answer(seen), "|0|3") << "what needs script is not shown, all cases are";
  for (const auto* part :
       {"No-go", "s.<wbr>fails", "a needle in the steps", "explains the failure"})
    EXPECT_THAT(seen.dom, HasSubstr(part));
}

}  // namespace
}  // namespace seatrial::reports
