// Under TLS a browser may install the site; when its machine cannot be reached, this tells the truth instead of nothing.
// It keeps the style, the script and one page, never anything that a reader did.
"use strict";
const KEPT = "lianmu-VERSION";
const FILES = ["/offline", "LOOK", "EASE", "ICON"];

self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(KEPT).then(function (cache) { return cache.addAll(FILES); }).then(function () {
    return self.skipWaiting();
  }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.filter(function (name) { return name !== KEPT; }).map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});

self.addEventListener("fetch", function (event) {
  const request = event.request;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(function () { return caches.match("/offline", { ignoreVary: true }); }));
  } else if (FILES.includes(new URL(request.url).pathname)) {
    event.respondWith(caches.match(request.url).then(function (kept) { return kept || fetch(request); }));
  }
});
