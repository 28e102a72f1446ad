"""The action service and the built-in actions in a real container of the base image. Without Docker these tests fail."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import unittest

from harness import Host, ROOT, action, until

HARDENED = ["--init", "--network", "none", "--cap-drop", "ALL", "--cap-add", "CHOWN", "--cap-add", "DAC_OVERRIDE", "--cap-add", "FOWNER", "--cap-add", "SETUID",
            "--cap-add", "SETGID", "--security-opt", "no-new-privileges", "--log-driver", "none", "--memory", "256m", "--memory-swap", "256m", "--pids-limit", "128",
            "--ulimit", "nofile=1024:1024", "--label", "org.rungpt.test=guest"]
SHELL = """#!/bin/sh
case $1 in
true) exec true ;;
sh) exec sh -c "$SCRIPT" ;;
esac
"""
image = None


def docker(*arguments, check=True):
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=600)
    if check and done.returncode:
        raise AssertionError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def setUpModule():
    global image
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True).returncode:
        raise AssertionError("these tests need a Docker engine that answers (docker info), and the docker command")
    built = subprocess.run([ROOT / "base" / "build"], stdout=subprocess.PIPE, text=True)
    if built.returncode:
        raise AssertionError("actions/base/build failed; its lines are above")
    image = built.stdout.splitlines()[-1]


class Container:
    """A sandbox with the built-in actions and test/shell copied in, its service not yet attached."""

    def __init__(self, *options, service=("--lease", "900"), mount=False):
        self.name = f"rungpt-test-{os.urandom(6).hex()}"
        self.clients, self.directory = [], tempfile.TemporaryDirectory()
        directory = self.directory.name
        os.chmod(directory, 0o755)
        shutil.copytree(ROOT / "rungpt", pathlib.Path(directory) / "rungpt", ignore=shutil.ignore_patterns("__pycache__"))
        action(directory, "test/shell", SHELL, ("sh", "true"))
        action(directory, "test/true", "#!/bin/true\n", ("run",))
        mounts = ["--mount", f"type=bind,src={directory},dst=/rungpt/actions,readonly"] if mount else []
        # create would make it StdinOnce: its stdin would end with the first host.
        docker("run", "--detach", "--interactive", "--name", self.name, *HARDENED, *mounts, *options, image, *service)
        if not mount:
            docker("cp", directory + "/.", self.name + ":/rungpt/actions")

    def attach(self):
        client = subprocess.Popen(["docker", "attach", "--sig-proxy=false", self.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        self.clients.append(client)
        host = Host(client.stdin, client.stdout)
        host.attach()
        return host

    def cut(self):
        """The host dies: its connection breaks wherever it is."""
        client = self.clients[-1]
        client.kill()
        client.wait()

    def processes(self):
        """Commands of the living processes and of zombies."""
        lines = docker("top", self.name, "-eo", "pid,stat,args").splitlines()[1:]
        return [line.split(None, 2)[1:] for line in lines]

    def commands(self):
        return [command for state, command in self.processes() if state[0] != "Z" and "docker-init" not in command and "action-service" not in command]

    def state(self):
        return json.loads(docker("inspect", "--format", "{{json .State}}", self.name))

    def remove(self):
        docker("rm", "--force", "--volumes", self.name, check=False)
        for client in self.clients:
            client.kill()
            client.wait()
            for stream in client.stdin, client.stdout:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        self.directory.cleanup()


class Sandbox(unittest.TestCase):
    """One container for all of these: a test leaves nothing running."""

    @classmethod
    def setUpClass(cls):
        cls.container = Container()
        cls.addClassCleanup(cls.container.remove)
        cls.host = cls.container.attach()

    def shell(self, script, **more):
        return self.host.shell(script, **more)

    def tearDown(self):
        until(lambda: not self.container.commands(), "nothing left in the container")

    def test_a_call_costs_far_less_than_docker_exec(self):
        def call():
            self.host.invoke("run", action="test/true").end()

        def execute():
            docker("exec", self.container.name, "true")

        def median(function, times):
            durations = []
            for _ in range(times):
                started = time.perf_counter()
                function()
                durations.append(time.perf_counter() - started)
            return statistics.median(durations)
        call()
        # By far more on a machine that does nothing else; the benchmarks say how much.
        self.assertLess(median(call, 100) * 3, median(execute, 5))

    def test_two_hundred_calls_at_a_time_in_128_processes(self):
        at_a_time = self.host.ask("hello", protocol=1)["maxCalls"]
        self.assertEqual(64, at_a_time)
        calls = [self.host.call(f"m-{i}") for i in range(200)]
        for i, call in enumerate(calls):
            if i >= at_a_time:
                calls[i - at_a_time].end()
            self.host.post("invoke", call=call.id, action="test/shell", task="sh", environment={"SCRIPT": f"echo {call.id}"})
        for call in calls:
            self.assertEqual(0, call.end()["exit"])
            self.assertEqual(f"{call.id}\n".encode(), call.stdout)
            self.host.notify("forget", call=call.id)

    def test_a_host_that_dies_in_a_flood_loses_nothing(self):
        call = self.shell("i=0; while [ $i -lt 40000 ]; do echo \"line $i äöü\"; i=$((i + 1)); done; echo end >&2")
        expected = b"".join(f"line {i} äöü\n".encode() for i in range(40_000))
        offset = 0
        for _ in range(5):
            call.await_bytes(min(offset + 30_000, len(expected)))
            offset = len(call.stdout)
            self.container.cut()
            type(self).host = self.container.attach()
            call = self.host.call(call.id)
            call.data["stdout"] += expected[:offset]
            self.host.ask("resume", call=call.id, stdout=offset)
        self.assertEqual((0, len(expected)), tuple(call.end()[k] for k in ("exit", "stdout")))
        self.assertEqual((expected, b"end\n"), (call.stdout, call.stderr))

    def test_want_of_memory_is_named_and_the_service_survives(self):
        finished = self.shell("exec tail /dev/zero").end()
        self.assertEqual((9, None, ["memory"]), tuple(finished[k] for k in ("signal", "reason", "limits")))
        finished = self.shell("tail /dev/zero; exit 3").end()
        self.assertEqual((3, ["memory"]), (finished["exit"], finished["limits"]))
        self.assertEqual([], self.shell("exit 0").end()["limits"])

    def test_what_only_the_program_is_told_of_is_named_too(self):
        finished = self.shell("exec python3 -c 'x = [open(\"/dev/null\") for i in range(2000000)]'", timeout=30, idleTimeout=20, outputLimit=9000).end()
        self.assertEqual((1, ["files"]), (finished["exit"], finished["limits"]))
        self.assertEqual((30, 20, 9000), tuple(finished[k] for k in ("timeout", "idleTimeout", "outputLimit")))
        self.assertEqual(["space"], self.shell("cat /etc/passwd > /dev/full; exit 2").end()["limits"])
        self.assertEqual([], self.shell("cat /etc/passwd > /dev/full; exit 0").end()["limits"])

    def test_a_fork_bomb_is_stopped(self):
        call = self.shell("b() { b | b & }; b; echo began; exec sleep 60", timeout=5, grace=1)
        call.await_text("began")
        self.assertEqual({}, self.host.ask("ping"))
        finished = call.end()
        self.assertEqual(("timeout", ["pids"]), (finished["reason"], finished["limits"]))
        until(lambda: not self.container.commands(), "all gone")

    def test_no_zombies(self):
        self.shell("for i in $(seq 500); do (sleep 0 &) ; done; exec sleep 0").end()
        until(lambda: not [s for s, _ in self.container.processes() if s[0] == "Z"], "no zombies")

    def test_cancel_ends_what_left_its_session(self):
        call = self.shell("trap '' TERM; (trap '' TERM; setsid sleep 1000 &); setsid -w sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done'")
        call.await_text("ready")
        self.assertTrue(self.container.commands())
        self.host.ask("cancel", call=call.id, grace=0.3)
        self.assertEqual("cancelled", call.end()["reason"])
        self.assertEqual([], self.container.commands())

    def test_a_purge_ends_what_belongs_to_no_call_any_more(self):
        self.shell("(trap '' TERM; setsid env -i sh -c 'while :; do sleep 1 & sleep 1; done' &) > /dev/null 2>&1").end()
        self.assertTrue(self.container.commands())
        self.assertEqual({}, self.host.ask("purge"))
        until(lambda: not self.container.commands(), "all gone")

    def test_a_purge_spares_the_call_that_comes_after_it(self):
        self.shell("(sleep 1000 &) > /dev/null 2>&1").end()
        purge = self.host.post("purge")
        call = self.shell("echo here; sleep 0.2; echo still here")
        self.assertEqual({}, self.host.answer(purge))
        self.assertEqual((0, None), tuple(call.end()[k] for k in ("exit", "signal")))
        self.assertEqual(b"here\nstill here\n", call.stdout)

    def test_others_are_answered_while_room_is_made_for_a_process(self):
        self.shell("(while sleep 1000 & do :; done) > /dev/null 2>&1").end()
        request = self.host.post("invoke", call="c-room", action="test/shell", task="sh", environment={"SCRIPT": "echo room"})
        self.assertEqual({}, self.host.ask("ping"))
        self.assertEqual("c-room", self.host.answer(request)["call"])
        self.assertEqual(0, self.host.call("c-room").end()["exit"])

    def test_a_call_waits_for_room_that_the_dead_still_take_up(self):
        filling = """import os, time
try:
    while True:
        if os.fork() == 0: os._exit(0)
except OSError:
    open("/tmp/full", "w").close()
time.sleep(0.2)
while True: os.wait()"""
        self.shell(f"setsid env -i /usr/bin/python3 -c '{filling}' > /dev/null 2>&1 & while [ ! -e /tmp/full ]; do :; done").end()
        call = self.shell("echo room")
        self.assertEqual((0, b"room\n"), (call.end()["exit"], call.stdout))

    def test_the_environment_is_the_documented_one(self):
        call = self.shell("unset SCRIPT PWD; env; id -u; pwd; df -T /workspace | tail -1 >&2", call="c-env")
        call.end()
        lines = call.stdout.decode().splitlines()
        self.assertEqual(["0", "/workspace"], lines[-2:])
        values = dict(line.split("=", 1) for line in lines[:-2])
        self.assertRegex(values.pop("RUNGPT_TOKEN"), "^[0-9a-f]{32}$")
        values.pop("_", None)
        proxy, authorities = "http://127.0.0.1:7865", "/etc/ssl/certs/ca-certificates.crt"
        self.assertEqual({"http_proxy": proxy, "https_proxy": proxy, "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "no_proxy": "localhost,127.0.0.1,::1", "NO_PROXY": "localhost,127.0.0.1,::1",
                          "NODE_USE_ENV_PROXY": "1", "DENO_NO_UPDATE_CHECK": "1", "PIP_RETRIES": "0", "SSL_CERT_FILE": authorities, "REQUESTS_CA_BUNDLE": authorities, "NODE_EXTRA_CA_CERTS": authorities, "DENO_TLS_CA_STORE": "system"},
                         {name: values.pop(name) for name in list(values) if name.lower().endswith("_proxy") or "CA" in name and "RUNGPT" not in name or name in ("SSL_CERT_FILE", "PIP_RETRIES", "DENO_NO_UPDATE_CHECK")})
        self.assertIn("-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=7865", values.pop("JAVA_TOOL_OPTIONS"))
        self.assertEqual({"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "RUNGPT_CALL": "c-env", "RUNGPT_ACTION": "test/shell",
                          "RUNGPT_OUT": "/rungpt/out/c-env", "RUNGPT_SERVICE": "http://127.0.0.1:7864"}, values)

    def test_scripts_inside_use_actions(self):
        call = self.shell("action list; action run filesystem.write_file path=a.txt 'content=from inside'; action run rungpt/filesystem.read_file path=a.txt; "
                          "action run system.shell 'command=exit 4'; echo $?; rm a.txt")
        call.end()
        text = call.stdout.decode()
        self.assertIn("rungpt/system.shell: ", text)
        self.assertTrue(text.endswith("created a.txt (11 bytes)\nfrom inside4\n"), text)

    def test_there_is_no_network(self):
        call = self.shell("ls /sys/class/net; curl -sS --noproxy '*' -m 5 http://1.1.1.1/ 2>&1")
        self.assertEqual(7, call.end()["exit"])
        self.assertTrue(call.stdout.startswith(b"lo\n"), call.stdout)

    def test_the_programs_of_the_base_image(self):
        for program in ("python3 --version", "pip3 --version", "node --version", "npm --version", "npx --version", "deno --version", "git --version", "curl --version", "jq --version", "rg --version"):
            with self.subTest(program):
                self.assertEqual(0, self.shell(program).end()["exit"])
        call = self.shell("node -e 'console.log(6*7)'; echo 'console.log(6*7)' > t.ts; deno run t.ts; rm t.ts; python3 -c 'print(6*7)'; git init -q g && git -C g status -s; rm -r g")
        self.assertEqual((0, b"42\n42\n42\n", b""), (call.end()["exit"], call.stdout, call.stderr))


class Lives(unittest.TestCase):
    def started(self, *options, **more):
        container = Container(*options, **more)
        self.addCleanup(container.remove)
        return container, container.attach()

    def test_it_ends_when_its_lease_runs_out_though_nobody_is_attached(self):
        container, host = self.started()
        host.shell("trap '' TERM; echo ready; while :; do sleep 1; done").await_text("ready")
        host.ask("lease", seconds=2)
        container.cut()
        self.assertEqual("0", docker("wait", container.name))

    def test_it_stops_promptly(self):
        container, host = self.started()
        host.shell("trap '' TERM; echo ready; while :; do sleep 1; done").await_text("ready")
        started = time.monotonic()
        docker("stop", "-t", "10", container.name)  # what engines wait for, before they kill: then it would not be 0
        self.assertLess(time.monotonic() - started, 5.5)
        self.assertEqual((0, False), (container.state()["ExitCode"], container.state()["OOMKilled"]))

    def test_it_works_as_nobody_on_a_read_only_file_system(self):
        container, host = self.started("--user", "65532:65532", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp:rw,noexec,nosuid,nodev,size=16m,mode=1777,uid=65532",
                                       "--tmpfs", "/workspace:rw,nosuid,nodev,size=16m,uid=65532,gid=65532", mount=True)
        self.assertIsNone(host.ask("hello", protocol=1)["out"])
        call = host.shell("id -u; touch x && ls; touch /y 2>/dev/null || echo read-only; head -c 3000000 /dev/zero; echo $HOME >&2; echo ${RUNGPT_OUT-none} >&2")
        self.assertEqual(0, call.end()["exit"])
        self.assertEqual(b"65532\nx\nread-only\n" + bytes(3_000_000), call.stdout)
        self.assertEqual(b"/tmp\nnone\n", call.stderr)
        written = host.invoke("write_file", {"path": "a", "content": "b"}, action="rungpt/filesystem")
        self.assertEqual((0, b""), (written.end()["exit"], written.stderr))
        full = host.shell("head -c 30000000 /dev/zero", outputLimit=1 << 30)
        self.assertEqual("spool-failed", full.end()["reason"])

    def test_containers_beside_it_do_not_go_out_as_one_of_its_calls(self):
        container, host = self.started()
        ask = "import socket\ns = socket.create_connection(('127.0.0.1', 7865), 60)\ns.sendall(b'CONNECT example.test:443 HTTP/1.1\\r\\n\\r\\n')\nprint(s.makefile().readline())"
        granted = host.shell("echo ready; exec sleep 60", egress="t" * 40)
        granted.await_text("ready")
        for user in "0", "999":
            with self.subTest(user=user):
                self.assertIn("only the programs of a call have network", docker(
                    "run", "--rm", "--user", user, "--network", f"container:{container.name}", "--pid", f"container:{container.name}", "--cap-drop", "ALL", "--memory", "128m",
                    "--label", "org.rungpt.test=guest", "--env", f"RUNGPT_CALL={granted.id}", "--entrypoint", "/usr/bin/python3", image, "-IS", "-c", ask))
        # A program of the call that became another user, as apt's do, is known for its own.
        own = host.invoke("sh", environment={"SCRIPT": 'exec setpriv --reuid 999 --clear-groups python3 -IS -c "$ASK"', "ASK": ask}, egress="t" * 40)
        own.end()
        self.assertIn("the proxy of this sandbox is away", own.stdout.decode())
        host.ask("cancel", call=granted.id, grace=0)
        granted.end()


class BuiltIn(unittest.TestCase):
    """The tasks of filesystem and system."""

    @classmethod
    def setUpClass(cls):
        cls.container = Container()
        cls.addClassCleanup(cls.container.remove)
        cls.host = cls.container.attach()

    def setUp(self):
        self.host.shell("cd /workspace && find . -mindepth 1 -delete").end()

    def run_task(self, name, /, **arguments):
        alias, _, task = name.partition(".")
        call = self.host.invoke(task, arguments, action="rungpt/" + alias)
        code = call.end()["exit"]
        return code, call.stdout.decode("utf-8", "surrogateescape"), call.stderr.decode()

    def good(self, name, /, **arguments):
        code, output, errors = self.run_task(name, **arguments)
        self.assertEqual((0, ""), (code, errors))
        return output

    def bad(self, name, text, /, **arguments):
        code, output, errors = self.run_task(name, **arguments)
        self.assertNotEqual(0, code)
        self.assertEqual(1, errors.count("\n"), errors)
        self.assertTrue(errors.startswith(name.partition(".")[2] + ": "), errors)
        self.assertIn(text, errors)

    def file(self, path, content):
        self.good("filesystem.write_file", path=path, content=content)

    def test_write_and_read(self):
        text = "äöü\r\n\u2028 end without newline \x00"[:-1] + "</arg>"
        self.assertEqual("created notes/deep/a.md (38 bytes)\n", self.good("filesystem.write_file", path="notes/deep/a.md", content=text))
        self.assertEqual(text, self.good("filesystem.read_file", path="notes/deep/a.md"))
        self.assertEqual(text, self.good("filesystem.read_file", path="/workspace/notes/../notes/deep/a.md"))
        self.assertEqual("replaced notes/deep/a.md (0 bytes)\n", self.good("filesystem.write_file", path="notes/deep/a.md", content=""))
        self.assertEqual("", self.good("filesystem.read_file", path="notes/deep/a.md"))
        self.good("filesystem.write_file", path="notes/deep/a.md", content="x", append=True)
        self.good("filesystem.write_file", path="notes/deep/a.md", content="y", append=True)
        self.assertEqual("xy", self.good("filesystem.read_file", path="notes/deep/a.md"))
        self.good("filesystem.write_file", path="~/h", content="home")
        self.assertEqual("home", self.good("filesystem.read_file", path="/root/h"))

    def test_writing_keeps_permissions_and_follows_links(self):
        self.file("a", "1")
        self.host.shell("chmod 751 a; ln -s a link").end()
        self.good("filesystem.write_file", path="link", content="2")
        self.assertEqual("751 2 a\n", self.good("system.shell", command="echo $(stat -c %a a) $(cat a) $(readlink link)"))
        self.assertEqual("a  1\nlink -> a\n", self.good("filesystem.list_directory"))

    def test_read_a_part(self):
        self.file("n", "".join(f"{i}\n" for i in range(1, 5001)))
        self.assertEqual((0, "10\n11\n", "read_file: n: lines 10 to 11 of 5000; go on with offset 12\n"), self.run_task("filesystem.read_file", path="n", offset=10, limit=2))
        code, output, errors = self.run_task("filesystem.read_file", path="n")
        self.assertEqual((0, 2000, "read_file: n: lines 1 to 2000 of 5000; go on with offset 2001\n"), (code, output.count("\n"), errors))
        self.assertEqual("4999\n5000\n", self.good("filesystem.read_file", path="n", offset=4999))
        self.assertEqual(5000, self.good("filesystem.read_file", path="n", limit=5000).count("\n"))
        self.bad("filesystem.read_file", "has only 5000 lines", path="n", offset=5001)
        self.host.shell("printf 'a\\nb' > open").end()
        self.assertEqual("b", self.good("filesystem.read_file", path="open", offset=2))

    def test_what_cannot_be_read(self):
        self.host.shell("mkdir d; mkfifo fifo; ln -s nowhere dangling; head -c 100 /dev/zero > zero; printf 'caf\\351\\n' > latin; touch f; truncate -s 100M big").end()
        self.bad("filesystem.read_file", "notes/a.md: no such file; list_directory shows what is there", path="notes/a.md")
        for path, text in (("d", "is a directory"), ("fifo", "no regular file"), ("/dev/zero", "no regular file"), ("dangling", "no such file"), ("zero", "is no text (100 bytes)"), ("big", "too many"),
                           ("f/x", "a part of the path is no directory"), ("", "empty"), ("a\0b", "NUL"), ("x" * 5000, "too long"), ("\ud800", "surrogate")):
            with self.subTest(path[:20]):
                self.bad("filesystem.read_file", text, path=path)
        self.assertEqual("caf\udce9\n", self.good("filesystem.read_file", path="latin"))
        self.bad("filesystem.write_file", "is a directory", path="d", content="x")
        self.bad("filesystem.write_file", "no regular file", path="fifo", content="x")
        self.bad("filesystem.read_file", "path is missing")
        self.bad("filesystem.read_file", "unknown argument file; it takes path, offset, limit", path="a", file="b")
        self.bad("filesystem.read_file", "offset must be an integer", path="a", offset="1")
        self.bad("filesystem.write_file", "content must be a string", path="a", content=None)

    def test_edit(self):
        self.file("a.py", "one = 1\ntwo = 2\nthree = 1\n")
        self.assertEqual("replaced 1 place in a.py (line 2)\n", self.good("filesystem.edit_file", path="a.py", old="two = 2", new="two = 22"))
        self.bad("filesystem.edit_file", "occurs 2 times (lines 1, 3); give more of its surroundings, or all: true", path="a.py", old="= 1", new="= 5")
        self.assertEqual("replaced 2 places in a.py (lines 1, 3)\n", self.good("filesystem.edit_file", path="a.py", old="= 1", new="= 5", all=True))
        self.assertEqual("one = 5\ntwo = 22\nthree = 5\n", self.good("filesystem.read_file", path="a.py"))
        self.bad("filesystem.edit_file", "does not occur; read_file", path="a.py", old="four", new="x")
        self.bad("filesystem.edit_file", "with this white space", path="a.py", old="one  =  5", new="x")
        self.bad("filesystem.edit_file", "old is empty", path="a.py", old="", new="x")
        self.bad("filesystem.edit_file", "are the same", path="a.py", old="x", new="x")
        self.bad("filesystem.edit_file", "no such file", path="b.py", old="x", new="y")
        self.file("dos", "a\r\nb\r\nc\r\n")
        self.good("filesystem.edit_file", path="dos", old="a\nb\n", new="x\ny\n")
        self.assertEqual("x\r\ny\r\nc\r\n", self.good("filesystem.read_file", path="dos"))

    def test_list(self):
        self.host.shell("mkdir -p d/e .git; touch d/f; printf abc > g; printf x > \"$(printf 'new\\nline')\"").end()
        self.assertEqual(".git/\nd/\ng  3\nnew\\nline  1\n", self.good("filesystem.list_directory"))
        self.assertEqual("e/\nf  0\n", self.good("filesystem.list_directory", path="d"))
        self.assertEqual((0, "", "list_directory: d/e: is empty\n"), self.run_task("filesystem.list_directory", path="d/e"))
        self.bad("filesystem.list_directory", "is a file; read_file shows it", path="g")
        self.bad("filesystem.list_directory", "no such file or directory", path="nowhere")

    def test_find(self):
        self.host.shell("mkdir -p src/deep .git; touch src/a.py src/deep/b.py src/deep/c.ts d.py .git/x.py 'src/[odd].py'").end()
        self.assertEqual("d.py\nsrc/[odd].py\nsrc/a.py\nsrc/deep/b.py\n", self.good("filesystem.find", pattern="*.py"))
        self.assertEqual("src/deep/b.py\n", self.good("filesystem.find", pattern="src/*/*.py"))
        self.assertEqual("d.py\nsrc/[odd].py\nsrc/a.py\nsrc/deep/b.py\n", "".join(sorted(self.good("filesystem.find", pattern="**/*.py").splitlines(True))))
        self.assertEqual("src/deep/b.py\nsrc/deep/c.ts\n", self.good("filesystem.find", pattern="deep/**", path="src"))
        self.assertEqual("src/deep/\n", self.good("filesystem.find", pattern="deep"))
        self.assertEqual("src/a.py\nsrc/deep/b.py\nsrc/deep/c.ts\n", self.good("filesystem.find", pattern="[abc].*"))
        self.assertEqual((0, "", "find: nothing below . matches *.rs\n"), self.run_task("filesystem.find", pattern="*.rs"))
        self.bad("filesystem.find", "no such directory", pattern="*", path="nowhere")

    def test_search(self):
        self.host.shell("mkdir d; printf 'one\\nTwo (x)\\n' > a.txt; printf 'two\\n' > d/b.md; printf '\\0two' > bin; mkfifo d/fifo").end()
        self.assertEqual("a.txt:2: Two (x)\n", self.good("filesystem.search", text="(x)"))
        self.assertEqual("a.txt:2: Two (x)\nd/b.md:1: two\n", self.good("filesystem.search", text="two", ignore_case=True))
        self.assertEqual("d/b.md:1: two\n", self.good("filesystem.search", text="^T.o$", regex=True, ignore_case=True))
        self.assertEqual("d/b.md:1: two\n", self.good("filesystem.search", text="two", ignore_case=True, pattern="*.md"))
        self.assertEqual("a.txt:1: one\n", self.good("filesystem.search", text="one", path="a.txt"))
        self.bad("filesystem.search", "no regular expression", text="(", regex=True)
        self.assertEqual((0, "", "search: no line below . has this text\n"), self.run_task("filesystem.search", text="three"))

    def test_move_copy_delete(self):
        self.file("a", "1")
        self.file("d/b", "2")
        self.assertEqual("copied a to c\n", self.good("filesystem.copy", source="a", target="c"))
        self.bad("filesystem.copy", "c: exists already; overwrite: true replaces it", source="d/b", target="c")
        self.good("filesystem.copy", source="d/b", target="c", overwrite=True)
        self.assertEqual("2", self.good("filesystem.read_file", path="c"))
        self.assertEqual("moved c to d/c\n", self.good("filesystem.move", source="c", target="d"))
        self.assertEqual("copied d to e/f\n", self.good("filesystem.copy", source="d", target="e/f"))
        self.assertEqual("b  1\nc  1\n", self.good("filesystem.list_directory", path="e/f"))
        self.bad("filesystem.move", "lies inside d", source="d", target="d/x")
        self.bad("filesystem.move", "are the same", source="a", target="./a")
        self.bad("filesystem.move", "no such file", source="nowhere", target="x")
        self.bad("filesystem.delete", "not empty; recursive: true", path="d")
        self.assertEqual("deleted d\n", self.good("filesystem.delete", path="d", recursive=True))
        self.assertEqual("deleted a\n", self.good("filesystem.delete", path="a"))
        self.host.shell("ln -s e link; mkdir empty").end()
        self.good("filesystem.delete", path="link", recursive=True)
        self.good("filesystem.delete", path="empty")
        self.assertEqual("e/\n", self.good("filesystem.list_directory"))
        for path in (".", "/", "e/..", "/workspace/", "../"):
            self.bad("filesystem.delete", "would delete everything", path=path, recursive=True)
        self.bad("filesystem.delete", "no such file or directory; list_directory", path="nowhere")

    def test_shell(self):
        self.assertEqual("/workspace\n", self.good("system.shell", command="pwd"))
        self.assertEqual((5, "a\nb\nc\n", ""), self.run_task("system.shell", command="echo a; echo b >&2; echo c; exit 5"))
        self.assertEqual("it's \"$x\" ä \\n\n", self.good("system.shell", command="cat <<'E'\nit's \"$x\" ä \\n\nE\n"))
        self.assertEqual("bash\n", self.good("system.shell", command="[[ -n $BASH_VERSION ]] && echo bash"))
        self.assertEqual("", self.good("system.shell", command="cat"))
        for more in {}, {"timeout": 30}:
            self.assertEqual("0\n", self.good("system.shell", command="env | grep -c RUNGPT_ARG || true", **more))
        self.assertEqual((124, "", "shell: ended after 0.2 s, as timeout says\n"), self.run_task("system.shell", command="sleep 60", timeout=0.2))
        self.assertEqual((3, "x\n", ""), self.run_task("system.shell", command="echo x; exit 3", timeout=30))
        self.bad("system.shell", "command must be a string", command=5)
        self.bad("system.shell", "timeout must be a number", command="true", timeout="$(touch /workspace/PWN)")
        self.bad("system.shell", "at most 3600", command="true", timeout=1e9)
        self.bad("system.shell", "no command can have", command="a\0b")
        self.bad("system.shell", "unknown argument x", command="true", x=1)
        self.assertEqual((127, 1), (lambda r: (r[0], r[1].count("not found")))(self.run_task("system.shell", command="no-such-program")))
        self.host.ask("ping")
        self.assertEqual((0, "", "list_directory: .: is empty\n"), self.run_task("filesystem.list_directory"))

    def test_info_and_now(self):
        info = self.good("system.info")
        for text in ("system: Debian GNU/Linux 12", "host name: ", "user: root (0)", "directory: /workspace", "memory: 256 MiB", "processes: 128", "network: none", "\n  python3 3.11", "\n  node 24", "\n  deno 2"):
            self.assertIn(text, info)
        self.assertEqual(info.partition("host name: ")[2].partition("\n")[0], self.good("system.shell", command="hostname").strip())
        self.assertRegex(self.good("system.now"), r"^\w+day, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00 \(UTC\)\n$")
        self.assertRegex(self.good("system.now", zone="Asia/Tokyo"), r"\+09:00 \(JST\)\n$")
        self.bad("system.now", "unknown zone Mars/Base", zone="Mars/Base")
        for zone in ("../../etc/passwd", "/etc/passwd", "$(id)", "a b"):
            self.bad("system.now", "like Europe/Berlin", zone=zone)
        self.bad("system.now", "zone must be a string", zone=5)

    def test_arguments_of_every_example_are_taken(self):
        for manifest in (ROOT / "rungpt").glob("*/manifest.json"):
            read = json.loads(manifest.read_text())
            for task in read["tasks"]:
                for example in task["examples"]:
                    if task["name"] != "shell":
                        errors = self.run_task(f"{read['name']}.{task['name']}", **example)[2]
                        self.assertNotIn("argument", errors)
                        self.assertNotIn("must be", errors)


if __name__ == "__main__":
    unittest.main()
