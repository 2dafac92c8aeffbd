#!/usr/bin/env python3
"""Other engines on the records that `cargo run --release -p benches --example peers` wrote.

    run.py DIR [PEER...]        each peer in a process of its own, then one table of all, ours included
    run.py DIR --ask PEER       one peer, one line of JSON

Peers: sqlite (FTS5, trigram), xapian (n-grams), zebra (characters as words, over SRU on loopback),
tantivy (jieba, in the order of the file), seekstorm (its Chinese words, over HTTP on loopback; `SEEKSTORM` names the
program, without it it is left out). Each answers the first twenty records and a total. `requirements.txt`
beside this file names what pip installs; `draw.py` makes the charts of the README from the `results.json` in DIR; Xapian and Zebra come as packages of the distribution
(python3-xapian, idzebra-2.0), and Xapian needs the distribution's own python3.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ["sqlite", "xapian", "zebra", "tantivy"]
SYSTEM_PYTHON = "/usr/bin/python3"
FIELDS = ["title", "author", "publisher", "year", "isbn", "subject"]


def rows(folder, name):
    with open(folder / name, encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").split("\t")


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def anonymous_megabytes(pid="self"):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) // 1024
    return 0


def measured(peer, folder):
    """Builds the peer's index, asks everything, and says what ours says of itself."""
    index = folder / peer.name.split()[0].lower()
    subprocess.run(["rm", "-rf", str(index)], check=True)
    index.mkdir()
    start = time.perf_counter()
    peer.build(index, rows(folder, "records.tsv"))
    build = time.perf_counter() - start
    start = time.perf_counter()
    peer.open(index)
    peer.search("any", "三国")
    cold = (time.perf_counter() - start) * 1e3
    times = []
    for kind, text in rows(folder, "queries.tsv"):
        start = time.perf_counter()
        peer.search(kind, text)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    pieces = list(rows(folder, "pieces.tsv"))
    found = sum(peer.finds(piece, int(at), isbn) for piece, at, isbn in pieces)
    titles = [row[0] for row in rows(folder, "titles.tsv")]
    first = sum(peer.search("title", title)[1][:1] == [title] for title in titles)
    at = lambda share: round(times[int((len(times) - 1) * share)], 3)
    return {
        "name": peer.name,
        "build": round(build, 2),
        "bytes": size_of(index),
        "cold": round(cold, 1),
        "p50": at(0.5),
        "p95": at(0.95),
        "p99": at(0.99),
        "recall": round(found * 100 / len(pieces), 2),
        "first": round(first * 100 / len(titles), 2),
        "rss": peer.megabytes(),
    }


def connected(server, port):
    """A connection to a server that was just started and ends with us."""
    import atexit
    import http.client

    atexit.register(server.terminate)
    for _ in range(1200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.connect()
            return connection
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{server.args[0]} does not answer")


class Peer:
    def megabytes(self):
        return anonymous_megabytes()


class Sqlite(Peer):
    """Trigrams find nothing shorter than three characters. Its manual says LIKE for those, which found nothing with
    SQLite 3.40 where the three were bytes of one character; so every row is looked at with instr()."""

    name = "SQLite FTS5 (trigram)"

    def build(self, index, records):
        import sqlite3

        self.db = sqlite3.connect(index / "db")
        self.db.execute("pragma journal_mode=off")
        self.db.execute(f"create virtual table t using fts5({', '.join(FIELDS)}, tokenize='trigram')")
        self.db.executemany(
            f"insert into t(rowid, {', '.join(FIELDS)}) values (?, ?, ?, ?, ?, ?, ?)",
            ([n + 1, *record] for n, record in enumerate(records)),
        )
        self.db.execute("insert into t(t) values ('optimize')")
        self.db.commit()
        self.db.close()

    def open(self, index):
        import sqlite3

        self.db = sqlite3.connect(index / "db")

    def where(self, kind, text):
        column = {"author": "author", "subject": "subject", "title": "title", "fields": "title"}.get(kind)
        if len(text) < 3:
            columns = [column] if column else FIELDS
            clause = "(" + " or ".join(f"instr({c}, ?)" for c in columns) + ")"
            values = [text] * len(columns)
            order = "rowid"
        else:
            quoted = '"' + text.replace('"', '""') + '"'
            clause, values, order = "t match ?", [f"{column} : {quoted}" if column else quoted], "rank"
        if kind == "fields":
            clause += " and instr(publisher, '出版社') and cast(year as integer) >= 1990"
        return clause, values, order

    def search(self, kind, text):
        clause, values, order = self.where(kind, text)
        total = self.db.execute(f"select count(*) from t where {clause}", values).fetchone()[0]
        sql = f"select title, author, publisher, year from t where {clause} order by {order} limit 20"
        return total, [row[0] for row in self.db.execute(sql, values)]

    def finds(self, piece, at, isbn):
        clause, values, _ = self.where("title", piece)
        sql = f"select 1 from t where {clause} and rowid = ?"
        return self.db.execute(sql, [*values, at + 1]).fetchone() is not None


class Xapian(Peer):
    name = "Xapian (n-grams)"
    PREFIX = {"title": "S", "author": "A", "publisher": "P", "subject": "K", "isbn": "I"}

    def build(self, index, records):
        import xapian

        db = xapian.WritableDatabase(str(index / "db"), xapian.DB_CREATE_OR_OVERWRITE)
        terms = xapian.TermGenerator()
        terms.set_flags(xapian.TermGenerator.FLAG_CJK_NGRAM)
        for n, record in enumerate(records):
            document = xapian.Document()
            terms.set_document(document)
            for field, text in zip(FIELDS, record):
                if field == "isbn":
                    document.add_boolean_term("I" + text)
                    terms.index_text(text)
                elif field == "year":
                    document.add_value(0, text)
                else:
                    terms.index_text(text, 1, self.PREFIX[field])
                    terms.index_text(text)
            document.add_boolean_term(f"Q{n}")
            document.set_data("\t".join(record))
            db.add_document(document)
        db.commit()
        db.close()

    def open(self, index):
        import xapian

        self.db = xapian.Database(str(index / "db"))
        self.parser = xapian.QueryParser()
        self.parser.set_database(self.db)
        self.parser.set_default_op(xapian.Query.OP_AND)
        for field, prefix in self.PREFIX.items():
            self.parser.add_prefix(field, prefix)

    def query(self, kind, text):
        import xapian

        prefix = {"author": "A", "subject": "K", "title": "S", "fields": "S"}.get(kind, "")
        flags = xapian.QueryParser.FLAG_CJK_NGRAM
        query = self.parser.parse_query(text, flags, prefix)
        if kind == "fields":
            publisher = self.parser.parse_query("出版社", flags, "P")
            year = xapian.Query(xapian.Query.OP_VALUE_GE, 0, "1990")
            query = xapian.Query(xapian.Query.OP_FILTER, xapian.Query(xapian.Query.OP_AND, query, publisher), year)
        return query

    def search(self, kind, text):
        import xapian

        enquire = xapian.Enquire(self.db)
        enquire.set_query(self.query(kind, text))
        found = enquire.get_mset(0, 20, self.db.get_doccount())
        return found.get_matches_estimated(), [m.document.get_data().decode().split("\t")[0] for m in found]

    def finds(self, piece, at, isbn):
        import xapian

        enquire = xapian.Enquire(self.db)
        own = xapian.Query(f"Q{at}")
        enquire.set_query(xapian.Query(xapian.Query.OP_FILTER, self.query("title", piece), own))
        return len(enquire.get_mset(0, 1)) > 0


class Zebra(Peer):
    name = "Zebra (characters)"
    PORT = 21099
    # Bib-1 use attributes.
    USE = {"any": 1016, "title": 4, "author": 1003, "subject": 21, "publisher": 1018, "year": 31, "isbn": 7}

    def build(self, index, records):
        for name in ["zebra.cfg", "dom.xml", "index.xsl", "default.idx", "icu.xml", "cql.txt", "yazserver.xml"]:
            text = (HERE / "zebra" / name).read_text(encoding="utf-8").replace("@PORT@", str(self.PORT))
            (index / name).write_text(text, encoding="utf-8")
        from xml.sax.saxutils import escape

        (index / "register").mkdir()
        (index / "shadow").mkdir()
        with open(index / "records.xml", "w", encoding="utf-8") as out:
            out.write("<records>\n")
            for n, record in enumerate(records):
                cells = "".join(f"<{f}>{escape(text)}</{f}>" for f, text in zip(FIELDS, record))
                out.write(f'<record id="{n}">{cells}</record>\n')
            out.write("</records>\n")
        log = open(index / "zebraidx.log", "w")
        for command in [["init"], ["update", "records.xml"], ["commit"]]:
            subprocess.run(["zebraidx", "-c", "zebra.cfg", *command], cwd=index, check=True, stdout=log, stderr=log)
        (index / "records.xml").unlink()

    def open(self, index):
        log = open(index / "zebrasrv.log", "w")
        self.server = subprocess.Popen(["zebrasrv", "-f", "yazserver.xml"], cwd=index, stdout=log, stderr=log)
        self.http = connected(self.server, self.PORT)

    def cql(self, kind, text):
        quoted = '"' + text.replace("\\", "").replace('"', "") + '"'
        field = {"author": "author", "subject": "subject", "title": "title", "fields": "title"}.get(kind)
        query = f"{field}={quoted}" if field else quoted
        if kind == "fields":
            query += ' and publisher="出版社" and year >= 1990'
        return query

    def ask(self, cql, limit):
        import re
        import urllib.parse

        query = urllib.parse.urlencode(
            {"version": "1.1", "operation": "searchRetrieve", "query": cql, "maximumRecords": limit, "recordSchema": "own"}
        )
        self.http.request("GET", f"/Default?{query}")
        text = self.http.getresponse().read().decode("utf-8")
        total = re.search(r"numberOfRecords>(\d+)<", text)
        if not total:
            raise RuntimeError(f"{cql}: {text[:400]}")
        return int(total.group(1)), re.findall(r"<title>([^<]*)</title>", text)

    def search(self, kind, text):
        return self.ask(self.cql(kind, text), 20)

    def finds(self, piece, at, isbn):
        return self.ask(f'{self.cql("title", piece)} and id={at}', 1)[0] > 0

    def megabytes(self):
        children = subprocess.run(["pgrep", "-P", str(self.server.pid)], capture_output=True, text=True)
        return sum(anonymous_megabytes(pid) for pid in [self.server.pid, *map(int, children.stdout.split())])


class Tantivy(Peer):
    name = "tantivy with jieba"

    def schema(self):
        import tantivy

        builder = tantivy.SchemaBuilder()
        for field in ["title", "author", "publisher", "subject"]:
            builder.add_text_field(field, stored=False, tokenizer_name="whitespace")
        builder.add_text_field("isbn", stored=False, tokenizer_name="raw")
        builder.add_unsigned_field("year", indexed=True, fast=True)
        builder.add_unsigned_field("n", indexed=True, fast=True)
        builder.add_text_field("data", stored=True, tokenizer_name="raw", index_option="basic")
        return builder.build()

    def cut(self, text):
        import jieba

        jieba.setLogLevel(60)
        return " ".join(word.lower() for word in jieba.cut_for_search(text) if not word.isspace())

    def build(self, index, records):
        import tantivy

        own = tantivy.Index(self.schema(), path=str(index))
        writer = own.writer(heap_size=256 << 20, num_threads=1)
        for n, record in enumerate(records):
            cells = dict(zip(FIELDS, record))
            document = tantivy.Document()
            for field in ["title", "author", "publisher", "subject"]:
                document.add_text(field, self.cut(cells[field]))
            document.add_text("isbn", cells["isbn"])
            document.add_unsigned("year", int(cells["year"]))
            document.add_unsigned("n", n)
            document.add_text("data", "\t".join(record)[:200])
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def open(self, index):
        import tantivy

        self.index = tantivy.Index.open(str(index))
        self.searcher = self.index.searcher()

    def query(self, kind, text):
        fields = {"author": ["author"], "subject": ["subject"], "title": ["title"], "fields": ["title"]}
        fields = fields.get(kind, ["title", "author", "publisher", "subject", "isbn"])
        words = [word.replace("\\", "\\\\").replace('"', '\\"') for word in self.cut(text).split()]
        query = " ".join(f'+"{word}"' for word in words) or '"\u0001"'
        if kind == "fields":
            query += ' +publisher:"出版社" +year:[1990 TO 2100]'
        return self.index.parse_query(query, fields)

    def search(self, kind, text):
        found = self.searcher.search(self.query(kind, text), 20, count=True)
        hits = [self.searcher.doc(address).to_dict()["data"][0] for _, address in found.hits]
        return found.count, [hit.split("\t")[0] for hit in hits]

    def finds(self, piece, at, isbn):
        import tantivy

        own = self.index.parse_query(f"n:{at}", ["n"])
        both = [(tantivy.Occur.Must, self.query("title", piece)), (tantivy.Occur.Must, own)]
        return self.searcher.search(tantivy.Query.boolean_query(both), 1, count=True).count > 0


class Seekstorm(Peer):
    """It searches one text in some fields and filters by numbers; a second text in another field it does not know, so
    `fields` leaves the publisher out."""

    name = "SeekStorm (Chinese words)"
    PORT = 21098
    SECRET = "peers"

    def start(self, index):
        log = open(index / "server.log", "w")
        data = index / "data"
        data.mkdir(exist_ok=True)
        self.server = subprocess.Popen(
            [os.environ["SEEKSTORM"], "local_ip=127.0.0.1", f"local_port={self.PORT}", f"index_path={data}"],
            cwd=index,
            env={**os.environ, "MASTER_KEY_SECRET": self.SECRET},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
        self.http = connected(self.server, self.PORT)

    def call(self, method, path, body, key):
        sent = json.dumps(body, ensure_ascii=False).encode()
        self.http.request(method, f"/api/v1/{path}", sent, {"apikey": key, "content-type": "application/json"})
        answer = self.http.getresponse()
        text = answer.read().decode("utf-8")
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:400]}")
        return text

    def build(self, index, records):
        import base64
        import hashlib

        self.start(index)
        master = base64.b64encode(hashlib.sha256(self.SECRET.encode()).digest()).decode()
        limits = {"indices_max": 10, "indices_size_max": 100000, "documents_max": 100000000}
        limits.update({"operations_max": 100000000, "rate_limit": 10000000, "demo": False})
        self.key = self.call("POST", "apikey", limits, master).strip()
        (index / "key").write_text(self.key)
        texts = [
            {"field": field, "field_type": "Text", "store": field == "title", "index_lexical": True}
            for field in ["title", "author", "publisher", "isbn", "subject"]
        ]
        numbers = [
            {"field": field, "field_type": kind, "store": False, "index_lexical": False, "facet": True}
            for field, kind in [("year", "U16"), ("n", "U32")]
        ]
        self.call(
            "POST",
            "index",
            {
                "index_name": "peers",
                "schema": texts + numbers,
                "similarity": "Bm25f",
                "tokenizer": "UnicodeAlphanumericZH",
            },
            self.key,
        )
        batch = []
        for n, record in enumerate(records):
            cells = dict(zip(FIELDS, record))
            cells.update({"year": int(cells["year"]), "n": n})
            batch.append(cells)
            if len(batch) == 1000:
                self.call("POST", "index/0/doc", batch, self.key)
                batch = []
        if batch:
            self.call("POST", "index/0/doc", batch, self.key)
        self.call("PATCH", "index/0", {}, self.key)
        # It writes what it holds when it is told to end.
        self.server.send_signal(signal.SIGINT)
        self.server.wait(600)

    def open(self, index):
        self.key = (index / "key").read_text()
        self.start(index)

    def ask(self, kind, text, limit, filters):
        fields = {"author": ["author"], "subject": ["subject"], "title": ["title"], "fields": ["title"]}
        query = {"query": text, "offset": 0, "length": limit, "result_type": "TopkCount"}
        query.update({"field_filter": fields.get(kind, []), "facet_filter": filters, "fields": ["title"]})
        answer = json.loads(self.call("POST", "index/0/query", query, self.key))
        return answer["count_total"], [hit["title"] for hit in answer["results"]]

    def search(self, kind, text):
        since = [{"U16": {"field": "year", "filter": [1990, 2100]}}] if kind == "fields" else []
        return self.ask(kind, text, 20, since)

    def finds(self, piece, at, isbn):
        return self.ask("title", piece, 1, [{"U32": {"field": "n", "filter": [at, at + 1]}}])[0] > 0

    def megabytes(self):
        return anonymous_megabytes(self.server.pid)


KINDS = {"sqlite": Sqlite, "xapian": Xapian, "zebra": Zebra, "tantivy": Tantivy, "seekstorm": Seekstorm}


def table(folder, lines):
    with open(folder / "records.tsv", encoding="utf-8") as records:
        n = sum(1 for _ in records)
    print(f"{n} records")
    print("| engine | index, B a record | records/s | cold, ms | p50, ms | p95 | p99 | memory, MB | recall, % | exact first, % |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for line in lines:
        rate, size = round(n / line["build"]), round(line["bytes"] / n, 1)
        figures = [size, rate, *(line[key] for key in ["cold", "p50", "p95", "p99", "rss", "recall", "first"])]
        print(f"| {line['name']} | " + " | ".join(map(str, figures)) + " |")


def write(folder, lines):
    (folder / "results.json").write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    if "--ask" in sys.argv:
        print(json.dumps(measured(KINDS[sys.argv[3]](), folder), ensure_ascii=False))
        return
    lines = [json.loads((folder / "ours.json").read_text(encoding="utf-8"))]
    for peer in sys.argv[2:] or PEERS + ["seekstorm"] * ("SEEKSTORM" in os.environ):
        python = SYSTEM_PYTHON if peer == "xapian" and os.path.exists(SYSTEM_PYTHON) else sys.executable
        done = subprocess.run([python, __file__, str(folder), "--ask", peer], capture_output=True, text=True)
        if done.returncode:
            print(f"{peer} failed:\n{done.stderr}", file=sys.stderr)
            continue
        lines.append(json.loads(done.stdout.strip().splitlines()[-1]))
        # Whatever stops a later one, this one's figures stay.
        write(folder, lines)
    table(folder, lines)


main()
