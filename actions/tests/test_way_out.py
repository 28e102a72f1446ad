"""The way out of a sandbox, service and proxy as local processes: what stands for the world is on this machine's loopback, which the proxy is told to let through."""
import asyncio
import http.server
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from harness import Failed, LocalService, ROOT, PATIENCE, free_port


class World(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"{self.path} {self.headers['Host']} {self.headers['X-Kept']} {self.headers['Proxy-Authorization']}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):  # as a proxy of this machine
        World.asked.append((self.path, self.headers["Proxy-Authorization"]))
        for name, status in World.refused.items():
            if self.path.startswith(name):
                return self.send_error(status)
        self.send_response(200)
        self.end_headers()
        self.close_connection = False

    def log_message(self, *_):
        pass


class Proxy:
    """The proxy as a process."""

    def __init__(self, directory):
        self.path = f"{directory}/proxy"
        self.process = subprocess.Popen([sys.executable, "-IS", ROOT / "base" / "egress-proxy", "--socket", self.path, "--lease", "900"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.records, self.answers = [], {}
        self.arrived = threading.Condition()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        self.ids = 0

    def read(self):
        for line in self.process.stdout:
            if line.strip():
                frame = json.loads(line)
                with self.arrived:
                    if frame.get("method") == "connection":
                        self.records.append(frame["params"])
                    else:
                        self.answers[frame["id"]] = frame
                    self.arrived.notify_all()

    def ask(self, method, **params):
        self.ids += 1
        number = self.ids
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
        self.process.stdin.flush()
        with self.arrived:
            assert self.arrived.wait_for(lambda: number in self.answers, PATIENCE), f"no answer to {method}"
            frame = self.answers.pop(number)
        return frame.get("result", frame.get("error"))

    def await_records(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.records) >= count, PATIENCE), self.records
            return list(self.records)

    def close(self):
        self.process.kill()
        self.process.wait()
        try:
            self.process.stdin.close()
        except BrokenPipeError:  # what was said to it when it had ended already
            pass
        self.thread.join(PATIENCE)
        self.process.stdout.close()


class WayOut(unittest.TestCase):
    TOKEN = "t" * 40

    def setUp(self):
        World.asked, World.refused = [], {"refused.": 407}
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.world = http.server.ThreadingHTTPServer(("127.0.0.1", 0), World)
        self.port = self.world.server_address[1]
        threading.Thread(target=self.world.serve_forever, daemon=True).start()
        self.addCleanup(self.world.server_close)
        self.addCleanup(self.world.shutdown)
        self.proxy = Proxy(directory.name)
        self.addCleanup(self.proxy.close)
        self.entry = free_port(self)
        self.service = LocalService(proxy_port=self.entry, egress=self.proxy.path)
        self.addCleanup(self.service.__exit__)
        self.proxy.ask("hello", protocol=1, private=["127.0.0.1"])

    def grant(self, *network, call="granted", **more):
        self.assertEqual({}, self.proxy.ask("grant", **{"call": call, "token": self.TOKEN, "network": list(network), "bytes": 1 << 20, **more}))

    def run_python(self, script, **more):
        call = self.service.host.invoke("python", {"script": script}, **more)
        call.end()
        return call

    def get(self, address, **more):
        return self.run_python(f"import urllib.request as r, urllib.error as e\ntry: print(r.urlopen({address!r}, timeout={PATIENCE}).read().decode())\nexcept e.HTTPError as x: print(x.code, x.reason)", **more)

    def through(self, data, **more):
        """What the entry answers to raw bytes of a program in a call."""
        return self.run_python(f"import socket, sys\ns = socket.create_connection(('127.0.0.1', {self.entry}), {PATIENCE})\ns.sendall({data!r})\n"
                               "sys.stdout.write(s.makefile(newline='').read())", **more).stdout.decode()

    def test_without_a_grant_the_sentence_is_the_answer_and_on_stderr(self):
        # The variables of the environment are those of any program; the loopback is this sandbox itself, so the name has to be another one.
        call = self.get("http://example.test/x")
        self.assertEqual("403 network: example.test:80 is not granted to this conversation; ask the user to grant it\n", call.stdout.decode())
        self.assertEqual("network: example.test:80 is not granted to this conversation; ask the user to grant it\n", call.stderr.decode())
        self.assertEqual([], self.proxy.records)

    def test_a_grant_lets_through_what_it_names(self):
        self.grant(f"127.0.0.1:{self.port}")
        answer = self.through(f"GET http://127.0.0.1:{self.port}/a?b HTTP/1.1\r\nHost: evil\r\nX-Kept: k\r\nConnection: X-Gone\r\nX-Gone: 1\r\nProxy-Authorization: Basic eA==\r\n\r\n".encode(), egress=self.TOKEN)
        self.assertTrue(answer.startswith("HTTP/1.1 200 OK\r\n"), answer)
        self.assertIn(f"/a?b 127.0.0.1:{self.port} k None", answer)
        record = self.proxy.await_records(1)[0]
        self.assertEqual(("granted", 1, "127.0.0.1", self.port, True, None), tuple(record[k] for k in ("call", "number", "host", "port", "allowed", "reason")))
        self.assertGreater(record["received"], 100)

    def test_a_tunnel(self):
        self.grant(f"127.0.0.1:{self.port}")
        script = (f"import socket\ns = socket.create_connection(('127.0.0.1', {self.entry}), {PATIENCE})\nf = s.makefile('rb')\n"
                  f"s.sendall(b'CONNECT 127.0.0.1:{self.port} HTTP/1.1\\r\\n\\r\\n')\nprint(f.readline(), f.readline())\n"
                  "s.sendall(b'GET /in HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n')\nprint(f.read().decode())")
        self.assertIn("/in h None None", self.run_python(script, egress=self.TOKEN).stdout.decode())

    def test_the_proxy_refuses_and_the_call_hears_of_it(self):
        self.grant("granted.test:80", "*.many.test:443", "127.0.0.2:80", "10.0.0.1:80")
        for target, sentence in (
                ("CONNECT granted.test:443 HTTP/1.1", "network: granted.test:443 is not granted"), ("CONNECT many.test:443 HTTP/1.1", "network: many.test:443 is not granted"),
                ("CONNECT xmany.test:443 HTTP/1.1", "not granted"), ("GET http://127.0.0.2/ HTTP/1.1", "is at 127.0.0.2, which is no public address"),
                ("GET http://10.0.0.1/ HTTP/1.1", "no public address"), ("GET http://user@granted.test/ HTTP/1.1", "without a user name"),
                ("GET https://granted.test/ HTTP/1.1", "only http://"), ("GET ftp://granted.test/ HTTP/1.1", "only http://"), ("BREW http://granted.test:0/ HTTP/1.1", "no valid host or port")):
            with self.subTest(target):
                call = self.run_python(f"import socket, sys\ns = socket.create_connection(('127.0.0.1', {self.entry}), {PATIENCE})\ns.sendall({target!r}.encode() + b'\\r\\n\\r\\n')\nprint(s.makefile().read())", egress=self.TOKEN)
                self.assertRegex(call.stdout.decode(), r"^HTTP/1\.1 40[03] network: ")
                self.assertIn(sentence, call.stdout.decode())
                self.assertIn(sentence, call.stderr.decode())

    def test_a_grant_says_itself_what_is_told_of_other_hosts(self):
        self.grant("granted.test:80", refusal="is none of the mirrors")
        self.assertTrue(self.through(b"CONNECT other.test:443 HTTP/1.1\r\n\r\n", egress=self.TOKEN).startswith("HTTP/1.1 403 network: other.test:443 is none of the mirrors\r\n"))

    def test_who_has_secrets_hears_that_no_grant_opens_other_hosts(self):
        only = ["api.test", "*.many.test"]
        self.grant("api.test:80", only=only)
        for egress in ({}, {"egress": self.TOKEN}):
            for target, sentence in (
                    ("API.test:443", "is not granted to this conversation; ask the user to grant it"), ("a.many.test:80", "is not granted to this conversation"),
                    ("other.test:443", "cannot be reached by a call whose secrets are meant for api.test, *.many.test, whatever is granted; fetch it in a task of another action"),
                    ("many.test:443", "cannot be reached by a call whose secrets")):
                with self.subTest(target, **egress):
                    self.assertRegex(self.through(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode(), only=only, **egress), rf"(?i)^HTTP/1\.1 403 network: {re.escape(target)} {re.escape(sentence)}")
        for wrong in ("api.test", [7], ["a b"], ["*"]):
            with self.subTest(wrong), self.assertRaisesRegex(Failed, "only must be a list of hosts"):
                self.service.host.ask("invoke", call="wrong", action="test/shell", task="python", only=wrong)

    def answered(self, *pieces):
        """What a program in a call gets when the far side says this."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]

            def serve():
                connection, _ = server.accept()
                with connection:
                    connection.recv(1 << 16)
                    for piece in pieces:
                        connection.sendall(piece)
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            self.grant(f"127.0.0.1:{port}")
            said = self.through(f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n".encode(), egress=self.TOKEN)
            thread.join(PATIENCE)
        return said

    def test_an_answer_says_that_the_connection_ends_with_it(self):
        self.assertEqual("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
                         self.answered(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConn", b"ection: keep-alive\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\nh", b"i"))

    def test_what_is_no_answer_comes_as_it_is(self):
        self.assertEqual("no HTTP", self.answered(b"no HTTP"))

    def test_an_answer_without_a_head_comes_as_it_is(self):
        self.assertEqual("HTTP/1.1 200" + "x" * 100_000, self.answered(b"HTTP/1.1 200" + b"x" * 100_000))

    def test_requests_whose_length_is_unclear_are_refused(self):
        self.grant(f"127.0.0.1:{self.port}")
        for headers in ("Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1\r\nTransfer-Encoding: chunked", "Content-Length: +1", "Broken header", " Folded: x"):
            with self.subTest(headers):
                self.assertTrue(self.through(f"GET http://127.0.0.1:{self.port}/ HTTP/1.1\r\n{headers}\r\n\r\n".encode(), egress=self.TOKEN).startswith("HTTP/1.1 400 network: "))

    def sent_on(self, head, body, expected=b""):
        """What the far side gets of a request with this, until its end or the proxy's; it answers when that is all that is expected. And the answer to who asked."""
        got = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                try:
                    connection, _ = server.accept()
                except OSError:  # nobody came
                    return
                with connection:
                    answered = False
                    try:
                        while data := connection.recv(1 << 16):
                            got.append(data)
                            if expected and not answered and len(b"".join(got).partition(b"\r\n\r\n")[2]) >= len(expected):
                                answered = True
                                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                                connection.shutdown(socket.SHUT_WR)
                    except ConnectionError:
                        pass
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            port = server.getsockname()[1]
            self.grant(f"127.0.0.1:{port}")
            with socket.socket(socket.AF_UNIX) as asker:
                asker.settimeout(PATIENCE)
                asker.connect(self.proxy.path)
                asker.sendall(f"{self.TOKEN}\nPOST http://127.0.0.1:{port}/ HTTP/1.1\r\n{head}\r\n\r\n".encode() + body)
                answer = asker.makefile(newline="").read()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)
            self.proxy.ask("revoke", call="granted")
        return b"".join(got).partition(b"\r\n\r\n")[2], answer

    def test_no_body_can_be_read_as_a_second_request(self):
        second = b"GET http://evil.test/ HTTP/1.1\r\n\r\n"
        length, chunks = f"Content-Length: {len(second)}", b"%x\r\n%s\r\n0\r\n\r\n" % (len(second), second)
        for head, body in ((f"Connection: content-length\r\n{length}", second), (f"Connection: close , Content-Length\r\n{length}", second), (f"{length}\r\n{length}", second),
                           ("Connection: transfer-encoding\r\nTransfer-Encoding: chunked", chunks), ("Transfer-Encoding: identity", second), ("Transfer-Encoding: xchunked", chunks),
                           ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", chunks), ("Transfer-Encoding: gzip, chunked", chunks), ("Transfer-Encoding: \x0bchunked", chunks),
                           (f"X: y\x0c{length}", second), (f"Content-Length : {len(second)}", second), (f"X: y\n{length}", second), (f"X: y\r{length}", second), (f"X: y\r\n {length}", second)):
            with self.subTest(head):
                sent, answer = self.sent_on(head, body)
                self.assertEqual(b"", sent)
                self.assertRegex(answer, "^HTTP/1.1 400 network: ")
        # What is clear comes to the far side, and no more than that.
        for head, body, expected in ((length, second + second, second), ("Transfer-Encoding: Chunked", chunks + second, chunks), ("Transfer-Encoding: chunked", b"0002 ; a=b\r\nhi\r\n0\r\nX-Trailer: x\r\n\r\n", b"2\r\nhi\r\n0\r\n\r\n")):
            with self.subTest(head, body=body):
                self.assertEqual((expected, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), self.sent_on(head, body, expected))
        for body in (b"2\nhi\n0\n\n\r\n", b"-1\r\nhi\r\n", b"0x2\r\nhi\r\n", b"1\r\nhi\r\n", b"\r\n0\r\n\r\n"):
            with self.subTest(body):
                self.assertRegex(self.sent_on("Transfer-Encoding: chunked", body)[1], "^HTTP/1.1 400 network: ")

    def test_a_second_request_in_the_same_bytes_goes_nowhere(self):
        self.grant(f"127.0.0.1:{self.port}")
        answer = self.through((f"GET http://127.0.0.1:{self.port}/one HTTP/1.1\r\n\r\n" + f"GET http://127.0.0.1:{self.port}/two HTTP/1.1\r\n\r\n").encode(), egress=self.TOKEN)
        self.assertIn("/one", answer)
        self.assertNotIn("/two", answer)

    def test_a_wrong_or_revoked_token_opens_nothing(self):
        self.grant(f"127.0.0.1:{self.port}")
        self.assertIn("403 network: the call that this belongs to has ended", self.through(b"GET http://x/ HTTP/1.1\r\n\r\n", egress="u" * 40))
        self.proxy.ask("revoke", call="granted")
        self.assertIn("403 network: the call that this belongs to has ended", self.through(b"GET http://x/ HTTP/1.1\r\n\r\n", egress=self.TOKEN))

    def test_what_is_left_behind_has_no_network(self):
        self.grant(f"127.0.0.1:{self.port}")
        leave = f"(until [ -e go ]; do sleep 0.02; done; exec 3<>/dev/tcp/127.0.0.1/{self.entry}; printf 'GET http://127.0.0.1:{self.port}/ HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3 > late) </dev/null >/dev/null 2>&1 &"
        (self.service.workspace / "left").write_text(leave)
        self.service.host.shell("bash left", egress=self.TOKEN).end()
        running = self.service.host.shell("touch go; until grep -q 'while it runs' late; do sleep 0.02; done; cat late", egress=self.TOKEN)
        running.end()
        self.assertIn("only the programs of a call have network", running.stdout.decode())
        self.assertEqual([], self.proxy.records)

    def over_http(self):
        """The service once more, with calls from inside; and the port for those."""
        self.service.__exit__()
        port = free_port(self)
        self.service = LocalService(proxy_port=self.entry, egress=self.proxy.path, port=port)
        self.addCleanup(self.service.__exit__)
        self.grant(f"127.0.0.1:{self.port}")
        return port

    def test_a_call_from_inside_has_what_its_caller_has(self):
        self.over_http()
        action = ROOT / "base" / "action"
        inner = f"exec 3<>/dev/tcp/127.0.0.1/{self.entry}; printf 'GET http://127.0.0.1:{self.port}/deep HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3"
        (self.service.workspace / "inner").write_text(inner)
        script = f"{sys.executable} -IS {action} run shell.sh 'script=bash inner'"
        call = self.service.host.shell(script, egress=self.TOKEN)
        call.end()
        self.assertIn("/deep", call.stdout.decode())

    def test_a_program_whose_socket_is_for_both_versions_of_ip_has_what_its_call_has(self):
        port = self.over_http()
        ask = (f"import os, socket, sys\nsys.stdout.reconfigure(newline='')\ndef ask(port, data):\n s = socket.socket(socket.AF_INET6)\n s.settimeout({PATIENCE})\n s.connect(('::ffff:127.0.0.1', port))\n"
               f" s.sendall(data.encode())\n print(s.makefile(newline='').read())\nask({self.entry}, 'GET http://127.0.0.1:{self.port}/both HTTP/1.1\\r\\n\\r\\n')\n")
        self.assertIn("/both", self.run_python(ask, egress=self.TOKEN).stdout.decode())
        # A call that it makes has that too.
        (self.service.workspace / "inner").write_text(f"exec 3<>/dev/tcp/127.0.0.1/{self.entry}; printf 'GET http://127.0.0.1:{self.port}/deep HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3")
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": {"action": "test/shell", "task": "sh", "arguments": {"script": "bash inner"}}})
        ask += (f"ask({port}, 'POST / HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer ' + os.environ['RUNGPT_TOKEN'] + '\\r\\nContent-Type: application/json\\r\\n'"
                f" 'Content-Length: {len(body)}\\r\\n\\r\\n' + {body!r})\n")
        self.assertIn("/deep", self.run_python(ask, egress=self.TOKEN).stdout.decode())

    def test_the_end_of_a_call_ends_its_connections(self):
        self.grant(f"127.0.0.1:{self.port}")
        call = self.service.host.invoke("python", {"script": f"import socket, time\ns = socket.create_connection(('127.0.0.1', {self.entry}), {PATIENCE})\ns.sendall(b'CONNECT 127.0.0.1:{self.port} HTTP/1.1\\r\\n\\r\\n')\nprint(s.recv(99), flush=True)\ntime.sleep(60)"}, egress=self.TOKEN)
        call.await_text("200")
        self.proxy.ask("revoke", call="granted")
        self.assertEqual(["network: the call ended"], [r["reason"] for r in self.proxy.await_records(1)])
        self.service.host.ask("cancel", call=call.id, grace=0)
        call.end()

    def test_the_proxy_of_this_machine_is_used_but_for_what_is_direct(self):
        self.proxy.ask("hello", protocol=1, private=["127.0.0.1"], upstream={"host": "127.0.0.1", "port": self.port, "credentials": "u:p", "direct": ["127.0.0.1"]})
        self.grant("far.test:443", "far.test:80", "refused.test:443", f"127.0.0.1:{self.port}")
        self.assertIn("200 Connection established", self.through(b"CONNECT far.test:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", egress=self.TOKEN))
        self.assertEqual([("far.test:443", "Basic dTpw")], World.asked)
        self.assertIn("http://far.test/plain far.test None Basic dTpw", self.through(b"GET http://far.test/plain HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.assertIn("502 network: the proxy of this machine refused refused.test:443: 407", self.through(b"CONNECT refused.test:443 HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.assertIn("/direct", self.through(f"GET http://127.0.0.1:{self.port}/direct HTTP/1.1\r\n\r\n".encode(), egress=self.TOKEN))

    def behind_a_proxy(self, *network):
        self.proxy.ask("hello", protocol=1, private=["127.0.0.1", "::1"], upstream={"host": "127.0.0.1", "port": self.port, "credentials": "u:p"})
        self.grant(*network)

    def test_the_proxy_of_this_machine_is_told_the_address_that_was_checked(self):
        self.behind_a_proxy("127.1:443", "127.1:80", "[0::1]:443")
        inner = b"GET /in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        self.assertIn("200 Connection established", self.through(b"CONNECT 127.1:443 HTTP/1.1\r\n\r\n" + inner, egress=self.TOKEN))
        self.assertIn("/plain 127.1 None None\n", self.through(b"GET http://127.1/plain HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.assertIn("200 Connection established", self.through(b"CONNECT [0::1]:443 HTTP/1.1\r\n\r\n" + inner, egress=self.TOKEN))
        self.assertEqual([(place, "Basic dTpw") for place in ("127.0.0.1:443", "127.0.0.1:80", "[::1]:443")], World.asked)

    def test_a_name_that_is_not_known_here_is_left_to_the_proxy_of_this_machine_only_if_it_was_granted(self):
        self.behind_a_proxy("*:443", "*:80", "far.test:443", "*.many.test:80")
        for request in (b"CONNECT other.test:443", b"GET http://other.test/", b"CONNECT many.test:80", b"CONNECT far.test:80"):
            with self.subTest(request):
                self.assertRegex(self.through(request + b" HTTP/1.1\r\n\r\n", egress=self.TOKEN), r"^HTTP/1\.1 403 network: the name \S+ is not known here, so its address cannot be checked; .* granted by its name")
        self.assertEqual([], World.asked)
        self.assertIn("http://a.many.test/ a.many.test", self.through(b"GET http://a.many.test/ HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.through(b"CONNECT far.test:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n", egress=self.TOKEN)
        self.assertEqual("far.test:443", World.asked[-1][0])

    def test_a_proxy_that_takes_no_addresses_is_given_a_name_only_if_it_was_granted(self):
        World.refused = {"127.0.0.1:": 403}
        self.behind_a_proxy("*:443", "*:80")
        for request in (b"CONNECT 127.1:443", b"GET http://127.1/"):
            self.assertIn("(at 127.0.0.1, its checked address): 403", self.through(request + b" HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.proxy.ask("revoke", call="granted")
        self.grant("127.1:443", "127.1:80")
        self.assertIn("http://127.1/plain 127.1 None Basic dTpw", self.through(b"GET http://127.1/plain HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.assertIn("200 Connection established", self.through(b"CONNECT 127.1:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n", egress=self.TOKEN))
        # What it cannot reach it is not asked for by name.
        World.asked, World.refused = [], {"127.0.0.1:": 502}
        self.assertIn("502 network: the proxy of this machine refused 127.1:443", self.through(b"CONNECT 127.1:443 HTTP/1.1\r\n\r\n", egress=self.TOKEN))
        self.assertEqual(["127.0.0.1:443"], [path for path, _ in World.asked])

    def test_the_proxy_of_this_machine_is_asked_for_each_address_until_one_does(self):
        World.refused = {"192.0.2.1:": 504}
        module = {"__name__": "egress"}
        exec(compile((ROOT / "base" / "egress-proxy").read_text(), "egress-proxy", "exec"), module)

        async def through(*addresses):
            upstream = module["Upstream"]({"host": "127.0.0.1", "port": self.port})
            _, writer, via = await module["Proxy"](None).through(upstream, addresses, "two.test", 443, False, True)
            writer.close()
            return via
        self.assertIsNone(asyncio.run(through("192.0.2.1", "127.0.0.1")))
        self.assertEqual(["192.0.2.1:443", "127.0.0.1:443"], [path for path, _ in World.asked])

    def test_after_the_end_of_stdin_another_may_write_into_it(self):
        before, number = self.proxy.process.stdin, self.proxy.process.pid
        with open(f"/proc/{number}/fd/0", "wb") as self.proxy.process.stdin:
            before.close()
            self.assertEqual({}, self.proxy.ask("ping"))

    def test_what_the_host_says_is_checked(self):
        for method, params, kind in (("grant", {"call": "c", "token": "short", "network": [], "bytes": 1}, "invalid-params"), ("grant", {}, "invalid-params"), ("hello", {"protocol": 2}, "unsupported-protocol"),
                                     ("dance", {}, "unknown-method"), ("hello", {"protocol": 1, "denied": ["no address"]}, "invalid-params")):
            self.assertEqual(kind, self.proxy.ask(method, **params)["data"]["type"])
        self.assertEqual({"connections": []}, self.proxy.ask("connections", call="nobody"))


class Addresses(unittest.TestCase):
    def test_only_public_addresses_are_permitted(self):
        module = {"__name__": "egress"}
        exec(compile((ROOT / "base" / "egress-proxy").read_text(), "egress-proxy", "exec"), module)
        addresses = module["Addresses"](denied=["192.0.2.7"])
        for address in ("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1",
                        "255.255.255.255", "198.18.0.1", "192.0.2.7", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fec0::1", "ff02::1",
                        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::", "100::1"):
            self.assertFalse(addresses.permitted(address), address)
        for address in ("1.1.1.1", "172.32.0.1", "192.0.2.8", "2606:4700::1111", "::ffff:1.1.1.1"):
            self.assertTrue(addresses.permitted(address), address)


if __name__ == "__main__":
    unittest.main()
