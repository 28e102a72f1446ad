"""Stands for the public internet in tests: a web server on 80, 443 and 8080, and name servers' answers on 53, good and bad ones."""
import http.server
import socket
import socketserver
import struct
import sys
import threading

OWN = socket.gethostbyname(socket.gethostname())
asked = {}
NAMES = {
    "public.test": [OWN], "other.test": [OWN], "sub.wild.test": [OWN], "loop.test": ["127.0.0.1"], "zero.test": ["0.0.0.0"], "ten.test": ["10.1.2.3"],
    "lan.test": ["192.168.1.1"], "metadata.test": ["169.254.169.254"], "carrier.test": ["100.64.0.1"], "multicast.test": ["224.0.0.1"],
    "both.test": [OWN, "127.0.0.1"], "mapped.test": ["::ffff:127.0.0.1"], "six.test": ["::1"], "unique.test": ["fd00::1"], "linklocal.test": ["fe80::1"],
    "translated.test": ["64:ff9b::7f00:1"], "relayed.test": ["2002:7f00:1::1"], "silent.test": [OWN],
}


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, argument = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", argument)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(65536))
            except OSError:
                pass
        else:
            self.text(f"{self.command} {self.path} for {self.headers['Host']}; proxy headers: {[n for n in self.headers if 'proxy' in n.lower()]}; asked {asked}\n")

    def do_POST(self):
        self.text(f"{self.rfile.read(int(self.headers['Content-Length'])).decode()} received\n")

    def text(self, text):
        data = text.encode()
        self.send_response(200)
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
    threading.Thread(target=Server(("", port), Web).serve_forever, daemon=True).start()
names = socketserver.ThreadingUDPServer(("", 53), Names)
print("ready", flush=True)
names.serve_forever()
