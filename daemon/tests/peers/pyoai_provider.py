"""An OAI-PMH provider on loopback out of pyoai, a server that this project did not write.

Prints its port, then serves until its standard input ends. Of 60 records every seventh is deleted.
"""

import sys
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from lxml import etree
from oaipmh import common, error, metadata, server

SLIM = "http://www.loc.gov/MARC21/slim"
N_RECORDS = 60
EPOCH = datetime(2026, 1, 1)


def write_marc(element, record):
    marc = etree.SubElement(element, "{%s}record" % SLIM, nsmap={None: SLIM})
    fields = record.getMap()
    etree.SubElement(marc, "{%s}leader" % SLIM).text = "00000nam0 2200000   450 "
    etree.SubElement(marc, "{%s}controlfield" % SLIM, tag="001").text = fields["number"]
    title = etree.SubElement(marc, "{%s}datafield" % SLIM, tag="200", ind1="1", ind2=" ")
    etree.SubElement(title, "{%s}subfield" % SLIM, code="a").text = fields["title"]


class Repository:
    def __init__(self):
        self.records = []
        for n in range(N_RECORDS):
            header = common.Header(None, "oai:peer:%d" % n, EPOCH + timedelta(hours=n), [], n % 7 == 3)
            body = common.Metadata(None, {"number": "%06d" % n, "title": "三国演义 %d" % n})
            self.records.append((header, None if n % 7 == 3 else body, None))

    def identify(self):
        return common.Identify(
            repositoryName="peer",
            baseURL="http://127.0.0.1/",
            protocolVersion="2.0",
            adminEmails=["nobody@example.org"],
            earliestDatestamp=EPOCH,
            deletedRecord="persistent",
            granularity="YYYY-MM-DDThh:mm:ssZ",
            compression=["identity"],
        )

    def listMetadataFormats(self, identifier=None):
        return [("marc21", "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", SLIM)]

    def listSets(self, cursor=0, batch_size=10):
        raise error.NoSetHierarchyError("there are no sets")

    def chosen(self, from_, until):
        inside = lambda header: (not from_ or header.datestamp() >= from_) and (
            not until or header.datestamp() <= until
        )
        found = [record for record in self.records if inside(record[0])]
        if not found:
            raise error.NoRecordsMatchError("nothing changed then")
        return found

    def listRecords(self, metadataPrefix, set=None, from_=None, until=None, cursor=0, batch_size=10):
        return self.chosen(from_, until)[cursor : cursor + batch_size]

    def listIdentifiers(self, metadataPrefix, set=None, from_=None, until=None, cursor=0, batch_size=10):
        return [record[0] for record in self.chosen(from_, until)[cursor : cursor + batch_size]]

    def getRecord(self, metadataPrefix, identifier):
        for record in self.records:
            if record[0].identifier() == identifier:
                return record
        raise error.IdDoesNotExistError("no such record")


registry = metadata.MetadataRegistry()
registry.registerWriter("marc21", write_marc)
provider = server.BatchingServer(Repository(), registry, resumption_batch_size=10)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        reply = provider.handleRequest(dict(parse_qsl(urlsplit(self.path).query)))
        body = reply if isinstance(reply, bytes) else reply.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(httpd.server_port, flush=True)
threading.Thread(target=httpd.serve_forever, daemon=True).start()
sys.stdin.read()
