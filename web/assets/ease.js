// Ease, not need: every page does all of this without a script too.
"use strict";
(function () {
  // A list that sorts as soon as it is chosen.
  document.querySelectorAll("select[data-submit]").forEach(function (select) {
    const button = select.form.querySelector("button");
    if (button) button.hidden = true;
    select.addEventListener("change", function () { select.form.submit(); });
  });

  // Facets are folded where the screen is narrow.
  if (window.matchMedia("(max-width: 52rem)").matches) {
    document.querySelectorAll("details.fold, .chooser details.group").forEach(function (d) {
      if (!d.querySelector("input:checked")) d.open = false;
    });
  }

  // Back to the results from which the reader came.
  const back = document.querySelector("[data-back]");
  if (back && document.referrer) {
    const from = new URL(document.referrer);
    if (from.origin === location.origin && from.pathname === "/search") {
      back.href = from.href;
      back.hidden = false;
    }
  }

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

  function boxes(root) {
    return Array.from(root.querySelectorAll("input[name=library]"));
  }

  function tell() {
    const names = boxes(chooser).filter(function (b) { return b.checked; }).map(function (b) {
      return b.nextElementSibling.textContent;
    });
    chosen.textContent = "";
    if (names.length === 0) {
      chosen.textContent = chooser.dataset.none;
      return;
    }
    chosen.append(chooser.dataset.chosen.replace("{n}", names.length).replace(/\{n\|([^|}]*)\|([^}]*)\}/g, names.length === 1 ? "$1" : "$2"));
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
    if (!any) none.textContent = chooser.dataset.empty.replace("{q}", filter.value);
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
