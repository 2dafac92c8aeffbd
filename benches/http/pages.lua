-- Pages as readers without an account open them, in turn: home, hits, a record, lists, members. Prints p95 at the end.
-- wrk -t1 -c32 -d20s --latency -s benches/http/pages.lua http://127.0.0.1:8046 -- RECORD-ID…
local pages = {
  "/", "/search?q=java", "/search?q=%E5%8E%86%E5%8F%B2", "/search?q=sgyy", "/search?q=%E7%BA%A2%E6%A5%BC%E6%A2%A6&library=BUPT&library=NLC",
  "/search?q=%E6%95%B0%E5%AD%A6&page=3&sort=newest", "/search?q=java&type=book-chi&class=TP", "/libraries", "/libraries?q=bjyddx", "/libraries/BUPT",
  "/map", "/browse/class", "/browse/call-number?library=BUPT", "/browse/author?from=l", "/browse/new", "/notices", "/page/guide", "/help", "/login",
}
local at = 0

function init(args)
  for _, id in ipairs(args) do
    pages[#pages + 1] = "/record/" .. id
  end
end

function request()
  at = at % #pages + 1
  return wrk.format("GET", pages[at], { ["Accept-Encoding"] = "gzip", ["Accept-Language"] = "zh-CN" })
end

function done(summary, latency)
  io.write(string.format("p50 %.1f ms, p95 %.1f ms, p99 %.1f ms; %d pages, %d other than 2xx/3xx\n", latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, latency:percentile(99) / 1000, summary.requests, summary.errors.status))
end
