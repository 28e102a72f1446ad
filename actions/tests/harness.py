"""The host's side of the action service's protocol, for tests: a reader thread and queues, no sleeps."""
import base64
import json
import os
import pathlib
import queue
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SERVICE = ROOT / "base" / "action-service"
PATIENCE = 60  # seconds until a test gives up on something that should come at once; a busy machine may stand still for some of them

# Two hundred calls at a time need more than the 1024 open files of many a machine, which the service inherits.
SOFT, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
if 0 <= SOFT < 4096:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if HARD < 0 else min(4096, HARD), HARD))


class Failed(Exception):
    """An error response."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.type, self.message, self.data = error["code"], error["data"]["type"], error["message"], error["data"]


class Host:
    """Speaks to a service over a pair of streams. Output frames are checked and collected for each call."""

    def __init__(self, writer, reader, auto_credit=True):
        self.writer, self.reader, self.auto_credit = writer, reader, auto_credit
        self.lock, self.ids, self.answers = threading.Lock(), 0, {}
        self.calls, self.frames, self.ending = {}, queue.Queue(), queue.Queue()
        self.count, self.hello_id = 0, None
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.reader:
            if not line.strip() or not line.endswith(b"\n"):  # the service ended in the middle of a frame
                continue
            assert len(line) <= 1 << 20, f"a frame of {len(line)} bytes"
            if self.hello_id is not None:  # before its answer comes what was meant for a predecessor, half frames too
                if self.hello_id.encode() not in line:
                    continue
                self.calls.clear()
                self.hello_id = None
            frame = json.loads(line)
            self.count += 1
            method = frame.get("method")
            if method == "output":
                self.call(frame["params"]["call"]).take(frame["params"])
            elif method == "finished":
                self.call(frame["params"]["call"]).finished.put(frame["params"])
            elif method == "ending":
                self.ending.put(frame["params"])
            elif frame["id"] is None:
                self.frames.put(frame)
            else:
                self.waiting(frame["id"]).put(frame)

    def waiting(self, request_id):
        with self.lock:
            return self.answers.setdefault(request_id, queue.Queue())

    def call(self, call_id):
        with self.lock:
            return self.calls.setdefault(call_id, Output(self, call_id))

    def raw(self, data):
        self.writer.write(data)
        self.writer.flush()

    def post(self, method, **params):
        """Sends a request and gives its id."""
        with self.lock:
            self.ids += 1
            request_id = f"{id(self):x}-{self.ids}"
        message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        try:
            frame = json.dumps(message, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # half of a surrogate pair can only be written as an escape
            frame = json.dumps(message).encode()
        self.raw(frame + b"\n")
        return request_id

    def notify(self, method, **params):
        self.raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    def answer(self, request_id):
        frame = self.waiting(request_id).get(timeout=PATIENCE)
        if "error" in frame:
            raise Failed(frame["error"])
        return frame["result"]

    def ask(self, method, **params):
        return self.answer(self.post(method, **params))

    def attach(self):
        """Begins as a new host does: all that comes before the answer to hello is thrown away."""
        self.hello_id = f"hello-{os.urandom(8).hex()}"
        hello = {"jsonrpc": "2.0", "id": self.hello_id, "method": "hello", "params": {"protocol": 1}}
        request_id = self.hello_id
        self.raw(b"\n" + json.dumps(hello).encode() + b"\n")
        return self.answer(request_id)

    def invoke(self, task, arguments=None, action="test/shell", **more):
        call = self.call(more.pop("call", None) or "c-" + os.urandom(8).hex())
        self.ask("invoke", call=call.id, action=action, task=task, arguments=arguments or {}, **more)
        return call

    def shell(self, script, **more):
        return self.invoke("sh", environment={"SCRIPT": script}, **more)


class Output:
    """What came of one call."""

    def __init__(self, host, call_id):
        self.host, self.id = host, call_id
        self.data, self.kinds, self.finished = {"stdout": bytearray(), "stderr": bytearray()}, [], queue.Queue()
        self.arrived, self.result = threading.Condition(), None

    def take(self, p):
        data = p["text"].encode() if "text" in p else base64.b64decode(p["base64"], validate=True)
        assert 0 < len(data) <= 65536
        with self.arrived:
            known = self.data[p["stream"]]
            assert p["offset"] == len(known), f"{p['stream']} at {p['offset']}, expected {len(known)}"
            known += data
            self.kinds.append("text" if "text" in p else "base64")
            self.arrived.notify_all()
        if self.host.auto_credit:
            try:
                self.host.notify("credit", call=self.id, bytes=len(data))
            except (BrokenPipeError, ValueError):  # the connection was cut, by the service or by us
                pass

    def await_bytes(self, count, stream="stdout"):
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.data[stream]) >= count, PATIENCE):
                raise AssertionError(f"only {len(self.data[stream])} of {count} bytes came: {bytes(self.data[stream][-200:])}")
            return bytes(self.data[stream])

    def await_text(self, text, stream="stdout"):
        with self.arrived:
            if not self.arrived.wait_for(lambda: text.encode() in self.data[stream], PATIENCE):
                raise AssertionError(f"{text!r} did not come in {bytes(self.data[stream][-200:])}")
            return bytes(self.data[stream])

    def end(self):
        """The finished frame; everything that was recorded has been received before it."""
        if self.result is None:
            self.result = self.finished.get(timeout=PATIENCE)
        return self.result

    @property
    def stdout(self):
        return bytes(self.data["stdout"])

    @property
    def stderr(self):
        return bytes(self.data["stderr"])


def action(root, identity, run, tasks=("sh",), **manifest):
    """Writes an action directory."""
    directory = pathlib.Path(root) / identity
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "manifest.json").write_text(json.dumps({
        "schema": 1, "name": identity, "title": identity, "version": "1.0.0", "description": "For tests.",
        "tasks": [{"name": name, "description": name, "parameters": {"type": "object"}, "effects": "none"} for name in tasks], **manifest}))
    program = directory / "run"
    program.write_text(run)
    program.chmod(0o755)
    return directory


# sh runs $SCRIPT, or arguments.script, by sh; the others do what they say.
SHELL = f"""#!/bin/sh
case $1 in
big) exec head -c 70000 /dev/zero ;;
true) exec true ;;
cat) exec cat ;;
sh) if [ -n "$SCRIPT" ]; then
        script=$SCRIPT
        unset SCRIPT
        exec sh -c "$script"
    fi
    exec {sys.executable} -IS -c 'import json, os, sys
os.execv("/bin/sh", ["sh", "-c", json.load(sys.stdin)["script"]])' ;;
python) exec {sys.executable} -IS -c 'import json, sys
exec(json.load(sys.stdin)["script"])' ;;
esac
"""


class LocalService:
    """The service as a process of this machine, with directories of its own; a context manager."""

    def __init__(self, lease=900, port=0, proxy_port=0, auto_credit=True, **options):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="action-service-"))
        self.actions, self.workspace, self.out = (self.directory / name for name in ("actions", "workspace", "out"))
        for directory in (self.actions, self.workspace, self.out):
            directory.mkdir()
        action(self.actions, "test/shell", SHELL, ("sh", "python", "true", "cat", "big"))
        self.errors = open(self.directory / "stderr", "w+b")
        arguments = [sys.executable, "-IS", str(SERVICE), "--lease", str(lease), "--port", str(port), "--proxy-port", str(proxy_port), "--actions", str(self.actions),
                     "--workspace", str(self.workspace), "--out", str(self.out), "--spool", str(self.directory)]
        for name, value in options.items():
            arguments += ["--" + name.replace("_", "-"), str(value)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.host = Host(self.process.stdin, self.process.stdout, auto_credit)

    def complaints(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self.host.thread.join(PATIENCE)
            try:
                self.process.stdin.close()
            except BrokenPipeError:  # what was said to it when it had ended already
                pass
            self.process.stdout.close()
            self.errors.close()
            shutil.rmtree(self.directory, ignore_errors=True)


def free_port(test):
    """A port for a service that listens. It is held until the test ends, but nobody listens: whoever asks for any port gets another one."""
    holder = socket.socket()
    test.addCleanup(holder.close)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder.getsockname()[1]


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition, what, patience=PATIENCE):
    """Waits for something that nobody announces."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: still not after {patience} s")
        threading.Event().wait(0.005)
