-- The mixed query set over HTTP: ten classes in equal shares, pieces drawn from real titles.
--
--   wrk -t1 -c64 -d20s -s benches/http/mixed.lua http://127.0.0.1:8046 -- [FILE]
--
-- FILE is `../shared/corpus/zh_books.tsv` unless named: title and author in the first two columns. ISBNs are drawn
-- at random, so most of them find nothing. The libraries are L00 to L45, those of the benches: `members.tsv` in the
-- data directory must name them, or a tenth of the searches is answered 400. Errors are printed at the end.

local books, random = {}, math.random
local latin = { "java", "python", "C%2B%2B", "web+%E5%BC%80%E5%8F%91", "english" }
local pinyin = { "sanguoyanyi", "hongloumeng", "zhong+guo", "lishi", "sgyy", "chong+qing" }
local subjects = { "长篇小说", "程序设计", "历史", "金融", "教育学" }
local broad = { "", "的", "中国", "研究", "不存在的书名啊", "zzzz" }

local function escaped(text)
  return (text:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function han(text)
  local chars = {}
  for c in text:gmatch("[\228-\233][\128-\191][\128-\191]") do chars[#chars + 1] = c end
  return chars
end

-- Characters of a title that stand side by side in it.
local function piece(length)
  while true do
    local chars = han(books[random(#books)][1])
    if #chars >= length then
      local start = random(#chars - length + 1)
      local text = table.concat(chars, "", start, start + length - 1)
      return text
    end
  end
end

local function any(list) return list[random(#list)] end

local classes = {
  function() return "q=" .. escaped(piece(1)) end,
  function() return "q=" .. escaped(piece(2)) end,
  function() return "q=" .. escaped(piece(random(3, 6))) end,
  function() return "field=author&q=" .. escaped(any(books)[2]) end,
  function() return "field=subject&q=" .. escaped(any(subjects)) end,
  function() return "q=" .. any(latin) end,
  function() return ("q=9787%09d"):format(random(0, 999999999)) end,
  function() return "q=" .. any(pinyin) end,
  function()
    local words = escaped("title:" .. piece(2) .. " publisher:出版社")
    return ("library=L%02d&from=1990&q=%s"):format(random(0, 45), words)
  end,
  function() return "q=" .. escaped(any(broad)) end,
}

function init(args)
  for line in io.lines(args[1] or "../shared/corpus/zh_books.tsv") do
    local title, author = line:match("^([^\t]+)\t([^\t]*)")
    if title then books[#books + 1] = { title, author } end
  end
  math.randomseed(46)
end

local turn = 0
function request()
  turn = turn + 1
  return wrk.format("GET", "/api/v1/search?" .. classes[turn % #classes + 1]())
end

function done(summary, latency)
  local errors = summary.errors
  print(("%.0f searches/s, p50 %.1f ms, p99 %.1f ms"):format(
    summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
  print(("errors: connect %d, read %d, write %d, timeout %d, not 200: %d"):format(
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
