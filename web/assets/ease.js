// Ease, not need: every page does all of this without a script too.
"use strict";
// `{n|one|many}` chooses by number, `{name}` is filled in: as the texts of the pages are written.
function filled(text, gaps) {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, function (_, name, one, many) {
    return one === undefined ? gaps[name] : gaps[name] === 1 ? one : many;
  });
}

if (location.protocol === "https:" && navigator.serviceWorker) {
  // A browser that does not trust the certificate refuses; the site is the same without.
  navigator.serviceWorker.register("/worker.js").catch(function () {});
}

(function () {
  // A list that sorts as soon as it is chosen.
  document.querySelectorAll("select[data-submit]").forEach(function (select) {
    const button = select.form.querySelector("button");
    if (button) button.hidden = true;
    select.addEventListener("change", function () { select.form.submit(); });
  });

  // A choice that another button stands for.
  document.querySelectorAll("select[data-press]").forEach(function (select) {
    const button = document.getElementById(select.dataset.press);
    button.hidden = true;
    select.addEventListener("change", function () { select.form.requestSubmit(button); });
  });

  // All boxes of a list, and none again; without this the link ticks all.
  document.querySelectorAll("[data-tick-all]").forEach(function (link) {
    link.setAttribute("role", "button");
    link.addEventListener("click", function (event) {
      event.preventDefault();
      const boxes = Array.from(link.closest("form").querySelectorAll("input[type=checkbox][name=id]"));
      const tick = boxes.some(function (box) { return !box.checked; });
      boxes.forEach(function (box) { box.checked = tick; });
    });
  });

  // Characters of a note as a person counts them, where the browser can count so.
  document.querySelectorAll("textarea[data-most]").forEach(function (note) {
    if (!window.Intl || !Intl.Segmenter) return;
    const clusters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
    const told = document.createElement("output");
    told.className = "small";
    told.htmlFor = note.id;
    note.after(told, " ");
    function count() {
      const left = Number(note.dataset.most) - Array.from(clusters.segment(note.value.trim().normalize("NFC"))).length;
      told.textContent = left < 0 ? filled(note.dataset.over, { n: -left }) : filled(note.dataset.left, { n: left });
      told.classList.toggle("fault", left < 0);
    }
    note.addEventListener("input", count);
    if (note.form) note.form.addEventListener("reset", function () { setTimeout(count); });
    count();
  });

  // Facets are folded where the screen is narrow.
  if (window.matchMedia("(max-width: 52rem)").matches) {
    document.querySelectorAll("details.fold, .chooser details.group").forEach(function (d) {
      if (!d.querySelector("input:checked")) d.open = false;
    });
  }
  document.querySelectorAll("details.fold").forEach(function (d) { d.dataset.ready = ""; });

  // Back to the results from which the reader came.
  const back = document.querySelector("[data-back]");
  if (back && document.referrer) {
    const from = new URL(document.referrer);
    if (from.origin === location.origin && from.pathname === "/search") {
      back.href = from.href;
      back.hidden = false;
    }
  }

  // What is to be copied or printed can be selected and printed without these buttons too.
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(function (text) {
    const whole = text.textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy noprint";
    button.textContent = text.dataset.copy;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(whole).then(function () { button.textContent = text.dataset.copied; });
    });
    text.append(" ", button);
  });

  // How far a run is, as it happens; the page comes again when it has ended.
  const live = document.querySelector("[data-events]");
  if (live) {
    const events = new EventSource(live.dataset.events);
    events.onmessage = function (event) {
      const told = JSON.parse(event.data);
      live.querySelectorAll("[data-live]").forEach(function (place) {
        const text = told[place.dataset.live];
        if (text !== undefined && place.textContent !== text) place.textContent = text;
      });
      if (told.ended) {
        events.close();
        location.reload();
      }
    };
  } else if (document.querySelector("[data-again]")) {
    setTimeout(function () { location.reload(); }, 2000);
  }

  const chooser = document.querySelector(".chooser");
  if (!chooser) return;
  const filter = document.getElementById("filter");
  const chosen = document.getElementById("chosen");
  const none = document.getElementById("filter-none");
  const cap = document.getElementById("cap");

  function boxes(root) {
    return Array.from(root.querySelectorAll("input[name=library]"));
  }

  function tell() {
    const names = boxes(chooser).filter(function (b) { return b.checked; }).map(function (b) {
      return b.nextElementSibling.textContent;
    });
    const limit = Number(chooser.dataset.limit);
    cap.hidden = limit === 0 || names.length <= limit;
    if (!cap.hidden) cap.textContent = filled(chooser.dataset.cap, { max: limit, names: names.slice(limit).join(chooser.dataset.join) });
    chosen.textContent = "";
    if (names.length === 0) {
      chosen.textContent = chooser.dataset.none;
      return;
    }
    chosen.append(filled(chooser.dataset.chosen, { n: names.length }));
    names.forEach(function (name) {
      const chip = document.createElement("span");
      chip.className = "chip";
      chip.dir = "auto";
      chip.textContent = name;
      chosen.append(" ", chip);
    });
  }

  // The box of a group and those of its members say the same.
  chooser.addEventListener("change", function (event) {
    const group = event.target.closest("details.group");
    if (group) {
      const whole = group.querySelector("input[name=group]");
      if (event.target === whole) boxes(group).forEach(function (b) { b.checked = whole.checked; });
      else whole.checked = boxes(group).every(function (b) { return b.checked; });
    }
    tell();
  });

  let asked = 0;
  function show(codes) {
    let any = false;
    chooser.querySelectorAll("details.group").forEach(function (group) {
      let some = false;
      boxes(group).forEach(function (box) {
        const pass = codes === null || codes.has(box.value);
        box.closest("label").hidden = !pass;
        some = some || pass;
      });
      group.hidden = !some;
      if (codes !== null && some) group.open = true;
      any = any || some;
    });
    none.hidden = any;
    if (!any) none.textContent = filled(chooser.dataset.empty, { q: filter.value });
  }

  filter.addEventListener("input", function () {
    const mine = ++asked;
    const q = filter.value.trim();
    if (q === "") { show(null); return; }
    fetch("/api/v1/libraries?q=" + encodeURIComponent(q)).then(function (answer) {
      return answer.json();
    }).then(function (found) {
      if (mine === asked) show(new Set(found.libraries.map(function (l) { return l.code; })));
    }).catch(function () { /* the button beside the box still works */ });
  });
  filter.addEventListener("keydown", function (event) {
    if (event.key === "Enter") event.preventDefault();
  });
})();

// Completions under the search box. Without this the box is a box; Enter always searches for what stands in it.
(function () {
  const input = document.querySelector("input[data-suggest]");
  if (!input) return;
  const form = input.form;
  const list = document.createElement("ul");
  list.id = "suggestions";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggest);
  list.hidden = true;
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  Object.keys(attributes).forEach(function (name) { input.setAttribute(name, attributes[name]); });
  const kinds = form.elements.field;
  let active = -1;
  let asked = "";
  let waiting = 0;
  let flight = null;

  function close() {
    clearTimeout(waiting);
    if (flight) flight.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(next) {
    const options = list.children;
    if (active >= 0) options[active].setAttribute("aria-selected", "false");
    active = next;
    if (active < 0) { input.removeAttribute("aria-activedescendant"); return; }
    options[active].setAttribute("aria-selected", "true");
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  }

  function take(option) {
    input.value = option.dataset.text;
    if (kinds) kinds.value = option.dataset.kind;
    close();
    form.requestSubmit();
  }

  function name(kind) {
    const option = kinds && Array.from(kinds.options).find(function (o) { return o.value === kind; });
    return option ? option.textContent : kind;
  }

  function piece(tag, className, text) {
    const part = document.createElement(tag);
    part.className = className;
    part.textContent = text;
    return part;
  }

  function show(found) {
    list.textContent = "";
    active = -1;
    input.removeAttribute("aria-activedescendant");
    found.forEach(function (s, n) {
      const option = document.createElement("li");
      option.id = "suggestion-" + n;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.text = s.text;
      option.dataset.kind = s.kind;
      const text = piece("span", "text", s.text);
      text.dir = "auto";
      option.append(text, " ", piece("span", "soft small", name(s.kind)), " ", piece("span", "soft small num", s.hits));
      list.append(option);
    });
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
  }

  function ask() {
    asked = input.value.trim();
    if (flight) flight.abort();
    if (asked === "") { close(); return; }
    flight = new AbortController();
    fetch("/api/v1/suggest?q=" + encodeURIComponent(asked), { signal: flight.signal }).then(function (answer) {
      return answer.ok ? answer.json() : { suggestions: [] };
    }).then(function (found) {
      if (document.activeElement === input) show(found.suggestions);
    }).catch(function () { /* the box works without */ });
  }

  // What an input method has not settled yet is not asked for.
  input.addEventListener("input", function (event) {
    clearTimeout(waiting);
    if (!event.isComposing) waiting = setTimeout(ask, 60);
  });
  input.addEventListener("compositionend", function () {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 60);
  });
  input.addEventListener("keydown", function (event) {
    if (event.isComposing) return;
    const n = list.children.length;
    if (event.key === "ArrowDown" && list.hidden && input.value.trim() !== "") {
      ask();
    } else if (list.hidden) {
      return;
    } else if (event.key === "ArrowDown") {
      mark(active + 1 < n ? active + 1 : -1);
    } else if (event.key === "ArrowUp") {
      mark(active < 0 ? n - 1 : active - 1);
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && active >= 0) {
      take(list.children[active]);
    } else {
      return;
    }
    event.preventDefault();
  });
  form.addEventListener("submit", close);
  input.addEventListener("blur", close);
  // Before the box loses the focus.
  list.addEventListener("mousedown", function (event) {
    event.preventDefault();
    const option = event.target.closest("li");
    if (option && event.button === 0) take(option);
  });
})();
