"""Runs one step of a build, and beside it, on 127.0.0.1, the way to the package mirrors, or the sentence that says why there is none.

The container has no network: what goes out goes through the socket of its proxy, which was told by this token what the step may reach. It ends itself
when its time is up, and the container with it, even if nobody is there any more.
"""
import json
import os
import re
import signal
import socket
import sys
import threading

PROXY = "/run/rungpt/egress/proxy"
PORT = 7865
CONNECTIONS = 64
MAX_HEAD = 64 << 10
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"  # whom the image trusts; many programs would bring a list of their own
TRUST = {**{name: AUTHORITIES for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")}, "DENO_TLS_CA_STORE": "system"}


def copy(source, sink):
    try:
        while data := source.recv(64 << 10):
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def refuse(near, sentence):
    """The sentence is the reason phrase too: many programs show only that."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < MAX_HEAD:
        data = near.recv(MAX_HEAD)
        if not data:
            return
        head += data
    wanted = re.match(rb"(?:CONNECT |[A-Z]+ http://)([^/? \r\n]{1,300})", head)
    line = f"network: {wanted[1].decode('latin-1') if wanted else 'this address'} {sentence}"
    body = re.sub(r"[^ -~]", "?", line).encode()
    near.sendall(b"HTTP/1.1 403 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n" % (body, len(body) + 1, body))


def passage(near, token, sentence, room):
    try:
        with near:
            near.settimeout(600)
            if not token:
                return refuse(near, sentence)
            with socket.socket(socket.AF_UNIX) as far:
                try:
                    far.connect(PROXY)
                except OSError:
                    return refuse(near, "cannot be reached: the proxy of this build is away; try again")
                far.sendall(token.encode() + b"\n")
                back = threading.Thread(target=copy, args=(far, near), daemon=True)
                back.start()
                copy(near, far)
                back.join()
    except OSError:
        pass
    finally:
        room.release()


def offer(listener, token, sentence):
    room = threading.Semaphore(CONNECTIONS)
    while True:
        room.acquire()
        try:
            near, _ = listener.accept()
            threading.Thread(target=passage, args=(near, token, sentence, room), daemon=True).start()
        except (OSError, RuntimeError):  # no descriptor or no thread left: the step uses all of its own
            room.release()


def main():
    plan, command = json.loads(sys.argv[1]), sys.argv[2:]
    environment = {**(TRUST if os.path.exists(AUTHORITIES) else {}), **plan["defaults"], **os.environ, **plan["environment"]}
    signal.alarm(plan["seconds"])
    listener = socket.create_server(("127.0.0.1", PORT), backlog=CONNECTIONS)
    child = os.fork()
    if not child:
        signal.alarm(0)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # Python ignores them, and so would whatever it starts
        os.dup2(1, 2)  # of two streams nobody could tell what was written first, and what went wrong is said last
        try:
            os.execvpe(command[0], command, environment)
        except OSError as e:
            os.write(2, f"{command[0]}: {e.strerror}\n".encode("utf-8", "replace"))
        os._exit(127)
    threading.Thread(target=offer, args=(listener, plan["token"], plan["refusal"]), daemon=True).start()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


main()
