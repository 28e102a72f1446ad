"""Stands for the public internet in tests: a web server on 80, 443 and 8080, and name servers' answers on 53, good and bad ones.

In an image that mirrors-fixture.py has filled, it is the servers of packages too, with TLS on 443."""
import gzip
import http.server
import itertools
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import urllib.parse
import zlib

OWN = socket.gethostbyname(socket.gethostname())
asked = {}
NAMES = {
    "public.test": [OWN], "other.test": [OWN], "sub.wild.test": [OWN], "loop.test": ["127.0.0.1"], "zero.test": ["0.0.0.0"], "ten.test": ["10.1.2.3"],
    "lan.test": ["192.168.1.1"], "metadata.test": ["169.254.169.254"], "carrier.test": ["100.64.0.1"], "multicast.test": ["224.0.0.1"],
    "both.test": [OWN, "127.0.0.1"], "mapped.test": ["::ffff:127.0.0.1"], "six.test": ["::1"], "unique.test": ["fd00::1"], "linklocal.test": ["fe80::1"],
    "translated.test": ["64:ff9b::7f00:1"], "relayed.test": ["2002:7f00:1::1"], "silent.test": [OWN],
}
SITES = "/srv/sites"  # a directory for each host
NAMES.update((name, [OWN]) for name in (os.listdir(SITES) if os.path.isdir(SITES) else ()))


def bomb():
    """10 GiB of nothing in 10 MiB: a piece that stands for itself, again and again."""
    yield gzip.compress(b"")[:10]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    yield from itertools.repeat(piece, 10 << 10)


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, argument = self.path.partition("?")
        if self.site():
            self.serve(urllib.parse.unquote(path), argument)
        elif path == "/to":
            self.send_response(302)
            self.send_header("Location", argument)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/round":
            self.send_response(302)
            self.send_header("Location", f"/round?{int(argument or 0) + 1}")
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
        elif path == "/endless":
            self.pour({}, itertools.repeat(bytes(65536)))
        elif path == "/large":
            self.pour({"Content-Length": str(5 << 30)}, itertools.repeat(bytes(65536), (5 << 30) // 65536))
        elif path == "/bomb":
            self.pour({"Content-Encoding": "gzip"}, bomb())
        else:
            self.text(f"{self.command} {self.path} for {self.headers['Host']}; proxy headers: {[n for n in self.headers if 'proxy' in n.lower()]}; asked {asked}\n")

    def pour(self, fields, parts):
        self.send_response(200)
        for name, value in (*fields.items(), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        try:
            for part in parts:
                self.wfile.write(part)
        except OSError:
            pass

    def do_POST(self):
        if self.site():
            return self.serve(*self.path.partition("?")[::2])
        self.text(f"{self.rfile.read(int(self.headers['Content-Length'])).decode()} received\n")

    def site(self):
        site = os.path.join(SITES, self.headers["Host"].partition(":")[0])
        return site if os.path.isdir(site) else None

    def serve(self, path, query):
        """A file, the index of a directory, or what git says."""
        file = os.path.normpath(self.site() + path)
        if os.path.isdir(self.site() + "/" + "/".join(path.split("/")[1:3]) + "/objects"):
            return self.git(path, query)
        file = os.path.join(file, "index") if os.path.isdir(file) else file
        if not os.path.isfile(file):
            return self.text("not here", 404)
        with open(file, "rb") as content:
            data = content.read()
        self.data(data, "application/json" if data.startswith(b"{") else "text/html" if data.startswith(b"<!") else "application/octet-stream")

    def git(self, path, query):
        """Smart HTTP, by git's own program."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, check=True, env={
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": self.site(), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")})
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.data(answer, fields["Content-Type"], int(fields.get("Status", "200")[:3]))

    def data(self, data, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def text(self, text, status=200):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Names(socketserver.BaseRequestHandler):
    def handle(self):
        data, channel = self.request
        labels, position = [], 12
        while data[position]:
            labels.append(data[position + 1:position + 1 + data[position]].decode())
            position += 1 + data[position]
        name, kind = ".".join(labels).lower(), struct.unpack(">H", data[position + 1:position + 3])[0]
        asked[name] = asked.get(name, 0) + (kind == 1)
        # Public at first, this machine afterwards: whoever asks again before connecting is taken in.
        found = [OWN if asked[name] == 1 else "127.0.0.1"] if name == "rebinding.test" else NAMES.get(name, [])
        wanted = [socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a) for a in found if (":" in a) == (kind == 28)]
        known = name in NAMES or name == "rebinding.test"
        answer = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a)) + a for a in wanted)
        channel.sendto(data[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, len(wanted), 0, 0) + data[12:position + 5] + answer, self.client_address)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


for port in (80, 443, 8080):
    server = Server(("", port), Web)
    if port == 443 and os.path.isdir(SITES):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("/srv/tls.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
names = socketserver.ThreadingUDPServer(("", 53), Names)
print("ready", flush=True)
names.serve_forever()
