/* SPDX-License-Identifier: Apache-2.0 */
'use strict';
// Comfort only: the page is complete without this. Nothing here touches the network.
(() => {
  const root = document.documentElement;
  root.classList.add('scripted');

  const remembered = () => { try { return localStorage.getItem('seatrial-theme'); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem('seatrial-theme', theme); } catch { /* file:// may refuse */ } };
  const wished = new URLSearchParams(location.search).get('theme') || remembered();
  if (wished === 'light' || wished === 'dark') root.dataset.theme = wished;

  const each = (selector, act, from = document) => from.querySelectorAll(selector).forEach(act);

  function themeButton() {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    document.getElementById('theme')?.addEventListener('click', () => {
      const now = root.dataset.theme || (dark.matches ? 'dark' : 'light');
      root.dataset.theme = now === 'dark' ? 'light' : 'dark';
      remember(root.dataset.theme);
    });
  }

  function copyButtons() {
    document.addEventListener('click', async (event) => {
      const button = event.target.closest('.copy');
      if (!button) return;
      const code = button.parentElement.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        document.execCommand('copy');
      }
      button.classList.add('done');
      setTimeout(() => button.classList.remove('done'), 1200);
    });
  }

  // An opened case shows the console line that explains it.
  function showHits() {
    document.addEventListener('toggle', (event) => each('.con ol', (list) => {
      const hit = [...list.querySelectorAll('.hit')].pop();
      if (hit && !list.scrollTop) list.scrollTop = hit.offsetTop - list.offsetTop - list.clientHeight / 2;
    }, event.target), true);
    each('details[open]', (node) => node.dispatchEvent(new Event('toggle')));
  }

  // A link to a case opens it, and what it lies in.
  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) reset();
    for (let node = target; node; node = node.parentElement) if (node.tagName === 'DETAILS') node.open = true;
    target.scrollIntoView();
  }

  let reset = () => {};
  function filters() {
    const find = document.getElementById('find');
    if (!find) return;
    const cases = [...document.querySelectorAll('.case')];
    const chips = [...document.querySelectorAll('.chip')];
    const words = new Map();
    const text = (node) => {
      if (!words.has(node)) words.set(node, (node.closest('.suite').querySelector('h3').textContent + '.' + node.textContent).toLowerCase());
      return words.get(node);
    };
    const apply = () => {
      const wanted = new Set(chips.filter((chip) => chip.ariaPressed === 'true').map((chip) => chip.dataset.v));
      const needles = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const node of cases) {
        node.hidden = (wanted.size > 0 && !wanted.has(node.dataset.v)) || !needles.every((word) => text(node).includes(word));
        if (!node.hidden) ++shown;
      }
      each('.suite', (suite) => { suite.hidden = !suite.querySelector('.case:not([hidden])'); });
      document.querySelector('.none').hidden = shown > 0;
      document.getElementById('shown').textContent = shown === cases.length ? '' : `${shown} of ${cases.length} shown`;
    };
    reset = () => { find.value = ''; chips.forEach((chip) => { chip.ariaPressed = 'false'; }); apply(); };
    // ?q=words&v=fail,error: a filtered page can be linked to.
    const asked = new URLSearchParams(location.search);
    find.value = asked.get('q') || '';
    const kinds = (asked.get('v') || '').split(',');
    chips.forEach((chip) => { chip.ariaPressed = String(kinds.includes(chip.dataset.v)); });
    apply();
    let pending;
    find.addEventListener('input', () => { clearTimeout(pending); pending = setTimeout(apply, 80); });
    chips.forEach((chip) => chip.addEventListener('click', () => {
      chip.ariaPressed = chip.ariaPressed === 'true' ? 'false' : 'true';
      apply();
    }));

    const all = document.getElementById('all');
    all.addEventListener('click', () => {
      const open = all.textContent === 'Open all';
      // Thousands of open cases would make any browser slow.
      cases.filter((node) => !node.hidden).slice(0, 300).forEach((node) => { node.open = open; });
      all.textContent = open ? 'Close all' : 'Open all';
    });

    // "/" finds, n and p go to the next and previous case that is not green, Escape clears.
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = event.target.matches('input, textarea');
      if (event.key === 'Escape' && typing) { reset(); event.target.blur(); return; }
      if (typing) return;
      if (event.key === '/') { event.preventDefault(); find.focus(); return; }
      if (event.key !== 'n' && event.key !== 'p') return;
      const red = cases.filter((node) => !node.hidden && !['pass', 'skip', 'not_run'].includes(node.dataset.v));
      if (!red.length) return;
      const at = red.indexOf(document.activeElement.closest?.('.case'));
      const next = event.key === 'n' ? (at + 1) % red.length : (at <= 0 ? red.length : at) - 1;
      red[next].open = true;
      red[next].querySelector('summary').focus();
      red[next].scrollIntoView();
    });
  }

  document.addEventListener('DOMContentLoaded', () => {
    themeButton();
    copyButtons();
    filters();
    showHits();
    openTarget();
    addEventListener('hashchange', openTarget);
  });
})();
