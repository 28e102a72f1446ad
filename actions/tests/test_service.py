"""The action service as a local process, driven over pipes."""
import base64
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from harness import LocalService, Failed, Host, PATIENCE, ROOT, action, alive, free_port, until


class ServiceTest(unittest.TestCase):
    options = {}

    def setUp(self):
        self.service = LocalService(**self.options)
        self.addCleanup(self.service.__exit__)
        self.host = self.service.host

    def refused(self, kind, method, **params):
        with self.assertRaises(Failed) as caught:
            self.host.ask(method, **params)
        self.assertEqual(kind, caught.exception.type, caught.exception.message)
        self.assertNotIn("\n", caught.exception.message)
        return caught.exception

    def pid_of(self, call, stream="stdout"):
        return int(call.await_text("\n", stream).split()[0])


class Requests(ServiceTest):
    def test_hello_tells_protocol_and_lease(self):
        answer = self.host.ask("hello", protocol=1, lease=50)
        self.assertEqual((1, 1, 0), (answer["protocol"], answer["actions"], answer["calls"]))
        self.assertAlmostEqual(50, answer["lease"], delta=1)
        self.assertEqual([1], self.refused("unsupported-protocol", "hello", protocol=2).data["supported"])

    def test_list_and_show(self):
        (self.service.actions / "test" / "shell" / "SKILL.md").write_text("Use it well.")
        action(self.service.actions, "acme/tools/deep", "#!/bin/true\n", ("x",), title="Two\nlines " + "x" * 500)
        action(self.service.actions, "acme/broken", "#!/bin/true\n")
        (self.service.actions / "acme/broken/manifest.json").write_text('{"tasks": NaN}')
        listed = {a["action"]: a for a in self.host.ask("list")["actions"]}
        self.assertEqual(["acme/broken", "acme/tools/deep", "test/shell"], list(listed))
        self.assertIn("NaN", listed["acme/broken"]["error"])
        self.assertEqual("Two lines " + "x" * 190, listed["acme/tools/deep"]["title"])
        self.assertIn({"name": "sh", "description": "sh"}, listed["test/shell"]["tasks"])
        shown = self.host.ask("show", action="test/shell")
        self.assertEqual(("Use it well.", 1), (shown["skill"], shown["manifest"]["schema"]))
        self.refused("unknown-action", "show", action="test/nothing")
        self.refused("invalid-manifest", "show", action="acme/broken")

    def test_a_changed_manifest_is_read_again(self):
        self.refused("unknown-task", "invoke", call="a", action="test/shell", task="later")
        action(self.service.actions, "test/shell", "#!/bin/sh\necho $1\n", ("later",))
        call = self.host.invoke("later")
        self.assertEqual(0, call.end()["exit"])
        self.assertEqual(b"later\n", call.stdout)

    def test_an_old_manifest_without_tasks_leaves_the_task_open(self):
        action(self.service.actions, "old/one", "#!/bin/sh\necho $1\n")
        (self.service.actions / "old/one/manifest.json").write_text('{"name_for_model": "one", "description_for_model": "Does one thing."}')
        call = self.host.invoke("run", action="old/one")
        call.end()
        self.assertEqual(b"run\n", call.stdout)
        self.assertIn({"action": "old/one", "title": "", "version": "", "description": "Does one thing.", "tasks": []}, self.host.ask("list")["actions"])

    def test_wrong_parameters_are_named(self):
        good = {"call": "a", "action": "test/shell", "task": "true"}
        for wrong in ({"call": ""}, {"call": "a b"}, {"call": "x" * 65}, {"call": 5}, {"action": "../etc"}, {"action": "test"}, {"action": "test/.."}, {"action": "/etc/passwd"},
                      {"action": "test/shell/../shell"}, {"task": "Sh"}, {"task": "-x"}, {"task": "a/b"}, {"arguments": []}, {"arguments": "x"}, {"timeout": -1}, {"timeout": 1e308},
                      {"timeout": "5"}, {"timeout": True}, {"outputLimit": 1.5}, {"outputLimit": -1}, {"grace": 61}, {"credit": -1}, {"environment": {"A=B": "x"}},
                      {"environment": {"A": 1}}, {"environment": {"A": "\0"}}, {"environment": {"RUNGPT_CALL": "x"}}, {"environment": {"A": "\ud800"}}, {"nonsense": 1}):
            with self.subTest(wrong):
                self.assertIn(next(iter(wrong)), self.refused("invalid-params", "invoke", **{**good, **wrong}).message)
        for missing in good:
            self.assertIn(missing, self.refused("invalid-params", "invoke", **{k: v for k, v in good.items() if k != missing}).message)
        self.refused("unknown-action", "invoke", **{**good, "action": "test/nothing"})
        self.refused("unknown-method", "exec")
        self.refused("unknown-method", "__init__")
        self.assertEqual({"calls": []}, self.host.ask("calls"))
        self.assertEqual([], os.listdir(self.service.out))

    def test_programs_that_cannot_start(self):
        for name, content, mode, hint in (("plain", "echo", 0o755, "#!"), ("mode", "#!/bin/sh\n", 0o644, "executable"), ("crlf", "#!/bin/sh\r\necho\r\n", 0o755, "CR LF"),
                                          ("lost", "#!/no/such\n", 0o755, "interpreter")):
            (action(self.service.actions, "bad/" + name, content, ("x",)) / "run").chmod(mode)
            with self.subTest(name):
                self.assertIn(hint, self.refused("cannot-start", "invoke", call="c-" + name, action="bad/" + name, task="x").message)
        before = len(os.listdir(f"/proc/{self.service.process.pid}/fd"))
        for i in range(50):
            self.refused("cannot-start", "invoke", call=f"d-{i}", action="bad/lost", task="x")
        self.assertEqual(before, len(os.listdir(f"/proc/{self.service.process.pid}/fd")))

    def test_a_call_id_is_used_once(self):
        call = self.host.shell("exit 0", call="twice")
        self.refused("duplicate-call", "invoke", call="twice", action="test/shell", task="true")
        call.end()
        self.refused("duplicate-call", "invoke", call="twice", action="test/shell", task="true")
        for method in ("cancel", "forget", "resume"):
            self.refused("unknown-call", method, call="never")
        self.refused("unknown-call", "credit", call="never", bytes=1)

    def test_hostile_and_malformed_frames_are_answered_and_disturb_nothing(self):
        running = self.host.shell("read x; sleep 600")
        frames = {
            b"{": "parse-error", b"\xff\xfe": "parse-error", b"[" * 200_000: "parse-error", b'{"a":' * 100_000: "parse-error", b"NaN": "parse-error",
            b"\xef\xbb\xbf{}": "parse-error", b"[]": "invalid-request", b"[{}]": "invalid-request", b"null": "invalid-request", b"7": "invalid-request",
            b"{}": "invalid-request", b'{"jsonrpc":"1.0","method":"ping","id":null}': "invalid-request", b'{"jsonrpc":"2.0","method":5}': "invalid-request",
            b'{"jsonrpc":"2.0","method":"ping","id":{}}': "invalid-request", b'{"jsonrpc":"2.0","method":"ping","id":null,"params":[]}': "invalid-params",
            b'{"jsonrpc":"2.0","method":"ping","id":null,"params":{"x":1}}': "invalid-params", b"9" * 100_000: "parse-error",
            b"x" * (5 << 20): "frame-too-large",
        }
        for frame, kind in frames.items():
            with self.subTest(frame[:40]):
                self.host.raw(frame + b"\n")
                self.assertEqual(kind, self.host.frames.get(timeout=PATIENCE)["error"]["data"]["type"])
        self.host.raw(b"\n \n\r\n" + b'{"jsonrpc":"2.0","method":"nonsense"}\n')
        generator = random.Random(1)
        for _ in range(200):
            self.host.raw(bytes(generator.randrange(1, 256) for _ in range(generator.randrange(1, 300))).replace(b"\n", b"x") + b"\n")
        self.assertEqual({}, self.host.ask("ping"))
        self.assertEqual("running", self.host.ask("calls")["calls"][0]["state"])
        self.assertEqual({"call": running.id, "state": "running"}, self.host.ask("cancel", call=running.id, grace=0))
        running.end()
        self.assertEqual("", self.service.complaints())

    def test_a_frame_of_four_megabytes_and_split_frames(self):
        text = "é" * 1_000_000
        call = self.host.invoke("cat", {"text": text})
        self.assertEqual(0, call.end()["exit"])
        self.assertEqual({"text": text}, json.loads(call.stdout))
        frame = b'{"jsonrpc":"2.0","id":"slow","method":"ping"}\n'
        for i in range(len(frame)):
            self.host.raw(frame[i:i + 1])
        self.assertEqual({}, self.host.answer("slow"))

    def test_arguments_that_are_no_json_when_written_again(self):
        self.host.raw(b'{"jsonrpc":"2.0","id":"inf","method":"invoke","params":{"call":"a","action":"test/shell","task":"true","arguments":{"x":1e999}}}\n')
        with self.assertRaises(Failed) as caught:
            self.host.answer("inf")
        self.assertEqual("invalid-params", caught.exception.type)

    def test_a_host_that_asks_and_does_not_read(self):
        service = LocalService()
        self.addCleanup(service.__exit__)
        stopped = threading.Event()
        frame = b'{"jsonrpc":"2.0","id":1,"method":"list"}\n' * 1000
        action(service.actions, "acme/much", "#!/bin/true\n", [f"t{i}" for i in range(500)])
        os.set_blocking(service.process.stdin.fileno(), False)
        # The reader thread is stopped by a frame that it waits for: taking the lock keeps answers from being stored.
        service.host.lock.acquire()
        written = 0
        try:
            while written < 20_000_000:
                try:
                    written += os.write(service.process.stdin.fileno(), frame)
                except BlockingIOError:
                    if stopped.wait(0.2):
                        break
                    try:
                        os.write(service.process.stdin.fileno(), b"\n")
                    except BlockingIOError:
                        break
        finally:
            service.host.lock.release()
        self.assertLess(written, 5_000_000)
        size = int(pathlib.Path(f"/proc/{service.process.pid}/statm").read_text().split()[1]) * 4096
        self.assertLess(size, 100 << 20)


class Calls(ServiceTest):
    def test_a_call_gets_arguments_environment_and_directory(self):
        call = self.host.invoke("sh", {"script": "pwd; echo $0; id -un; cat; env; touch $RUNGPT_OUT/a; ps -o pid=,sid=,pgid= -p $$ >&2; exit 3"}, environment={"X": "ä b"}, call="c-1")
        finished = call.end()
        self.assertEqual((3, None, None, [], True), tuple(finished[k] for k in ("exit", "signal", "reason", "limits", "files")))
        self.assertEqual((len(call.stdout), len(call.stderr), 0), (finished["stdout"], finished["stderr"], finished["dropped"]))
        lines = call.stdout.decode().split("\n")
        self.assertEqual(str(self.service.workspace), lines[0])
        names = {line.partition("=")[0] for line in lines[3:] if "=" in line}
        self.assertEqual({"PATH", "HOME", "LANG", "RUNGPT_CALL", "RUNGPT_ACTION", "RUNGPT_OUT", "X", "PWD"}, names - {"_", "SHLVL", "OLDPWD"})
        self.assertIn("X=ä b", lines)
        self.assertIn("RUNGPT_CALL=c-1", lines)
        self.assertEqual(["a"], os.listdir(self.service.out / "c-1"))
        self.assertEqual(1, len(set(call.stderr.split())), "a session and process group of its own")

    def test_a_task_may_want_its_arguments_by_name_too(self):
        action(self.service.actions, "acme/named", "#!/bin/sh\ncat >&2; env | grep ^RUNGPT_ARG | sort\n", ("plain",))
        manifest = self.service.actions / "acme/named/manifest.json"
        told = json.loads(manifest.read_text())
        told["tasks"].append({"name": "show", "arguments": "environment"})
        manifest.write_text(json.dumps(told))
        arguments = {"text": "a=b\nÄ 'x'", "n": 1.5, "yes": True, "list": [1], "nothing": None, "nul": "\0", "long": "x" * (97 << 10)}
        call = self.host.invoke("show", arguments, action="acme/named")
        self.assertEqual(0, call.end()["exit"])
        self.assertEqual(arguments, json.loads(call.stderr))
        self.assertEqual("RUNGPT_ARGUMENTS=text n yes list nothing nul long\nRUNGPT_ARG_n=1.5\nRUNGPT_ARG_text=a=b\nRUNGPT_ARG_yes=true\n", call.stdout.decode())
        for task, arguments in (("plain", {"a": "b"}), ("show", {"a b": "c", "d": "e"})):
            call = self.host.invoke(task, arguments, action="acme/named")
            call.end()
            self.assertEqual(b"", call.stdout)

    def test_an_empty_directory_for_artifacts_is_removed(self):
        self.assertFalse(self.host.shell("test -d $RUNGPT_OUT").end()["files"])
        self.assertEqual([], os.listdir(self.service.out))

    def test_signals_are_as_for_any_program(self):
        # Those that Python ignores by itself are not told.
        script = "import signal\nprint([s.name for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN and s != signal.SIGPIPE and s != signal.SIGXFSZ], signal.pthread_sigmask(signal.SIG_BLOCK, []))"
        call = self.host.invoke("python", {"script": script})
        call.end()
        self.assertEqual(b"[] set()\n", call.stdout)
        self.assertEqual(b"ended\n", self.ended(self.host.shell("yes | head -1 >/dev/null; echo ended")))
        self.assertEqual(9, self.host.shell("kill -9 $$").end()["signal"])

    def ended(self, call):
        call.end()
        return call.stdout

    def test_the_answer_to_invoke_comes_before_the_output(self):
        order = []
        original = self.host.waiting
        self.host.waiting = lambda request_id: (order.append("answer"), original(request_id))[1]
        for _ in range(20):
            del order[:]
            call = self.host.shell("echo x")
            self.assertIn("answer", order)
            call.end()

    def test_two_hundred_calls_at_a_time(self):
        calls = [self.host.call(f"m-{i}") for i in range(200)]
        requests = [self.host.post("invoke", call=c.id, action="test/shell", task="cat", arguments={"n": i}) for i, c in enumerate(calls)]
        for i, (call, request) in enumerate(zip(calls, requests)):
            self.host.answer(request)
            self.assertEqual((0, None), (call.end()["exit"], None))
            self.assertEqual({"n": i}, json.loads(call.stdout))
            self.host.notify("forget", call=call.id)
        self.assertEqual([], self.host.ask("calls")["calls"])
        self.assertLess(len(os.listdir(f"/proc/{self.service.process.pid}/fd")), 20)
        self.assertEqual([], self.children())

    def children(self):
        return pathlib.Path(f"/proc/{self.service.process.pid}/task/{self.service.process.pid}/children").read_text().split()

    def test_output_flows_while_the_program_runs(self):
        fifo = self.service.workspace / "fifo"
        os.mkfifo(fifo)
        call = self.host.shell("echo one; cat fifo; printf two")
        call.await_text("one\n")
        fifo.write_text("go on\n")
        call.end()
        self.assertEqual(b"one\ngo on\ntwo", call.stdout)

    def test_binary_output_arrives_byte_for_byte(self):
        data = bytes(range(256)) * 2000
        (self.service.workspace / "data").write_bytes(data)
        call = self.host.shell("cat data; cat data >&2")
        self.assertEqual((len(data), len(data)), tuple(call.end()[k] for k in ("stdout", "stderr")))
        self.assertEqual((data, data), (call.stdout, call.stderr))
        self.assertIn("base64", call.kinds)

    def test_split_characters_stay_text(self):
        text = "aä€😀" * 60_000
        (self.service.workspace / "text").write_text(text)
        call = self.host.invoke("python", {"script": "import sys, os\nd = open('text', 'rb').read()\nfor i in range(0, 3000): os.write(1, d[i:i + 1])\nfor i in range(3000, len(d), 7919): os.write(1, d[i:i + 7919])"})
        call.end()
        self.assertEqual(text.encode(), call.stdout)
        self.assertEqual({"text"}, set(call.kinds))

    def test_a_character_without_end_is_sent_at_the_end(self):
        call = self.host.shell(r"printf 'ok\342\202'; exec >&-; sleep 0.01")
        call.end()
        self.assertEqual((b"ok\xe2\x82", ["text", "base64"]), (call.stdout, call.kinds))

    def test_control_characters_and_line_separators_do_not_break_frames(self):
        text = "".join(map(chr, range(1, 0x2100))) + "\u2028\u2029\ufeff\uffff\U0010ffff"
        (self.service.workspace / "text").write_text(text, newline="")
        call = self.host.shell("cat text")
        call.end()
        self.assertEqual(text.encode(), call.stdout)

    def test_output_limit_is_exact_and_ends_the_call(self):
        call = self.host.shell("yes; echo never", outputLimit=1_000_000)
        finished = call.end()
        self.assertEqual((15, "output-limit", 1_000_000), (finished["signal"], finished["reason"], finished["stdout"]))
        self.assertEqual(b"y\n" * 500_000, call.stdout)
        call = self.host.shell("printf 1234567890; printf abc >&2", outputLimit=13)
        self.assertEqual((None, 10, 3, 0), tuple(call.end()[k] for k in ("reason", "stdout", "stderr", "dropped")))
        call = self.host.shell("printf 12345678901234567890", outputLimit=13)
        self.assertEqual(("output-limit", 13, 7), tuple(call.end()[k] for k in ("reason", "stdout", "dropped")))

    def test_past_the_output_limit_a_program_may_still_clean_up(self):
        script = "trap 'head -c 300000 /dev/zero; touch cleaned; exit 4' TERM; head -c 2000000 /dev/zero; while :; do sleep 0.01; done"
        finished = self.host.shell(script, outputLimit=100_000).end()
        self.assertEqual((4, "output-limit", 100_000), (finished["exit"], finished["reason"], finished["stdout"]))
        self.assertTrue((self.service.workspace / "cleaned").exists())
        self.assertGreater(finished["dropped"], 300_000)

    def test_children_that_hold_the_output_open_do_not_hold_the_call_open(self):
        call = self.host.shell("(trap '' PIPE; sleep 0.3; echo late; echo late >&2; echo alive > survived; exec sleep 60) & echo $!; echo main")
        started = time.monotonic()
        finished = call.end()
        self.assertLess(time.monotonic() - started, 2)
        self.assertEqual((0, None, len(call.stdout)), (finished["exit"], finished["reason"], finished["stdout"]))
        child = self.pid_of(call)
        self.addCleanup(os.kill, child, signal.SIGKILL)
        until(lambda: (self.service.workspace / "survived").exists(), "what was left behind lives on")
        self.assertTrue(alive(child))

    def test_a_flood_that_is_left_behind_costs_little(self):
        call = self.host.shell("(until [ -e go ]; do sleep 0.02; done; exec yes) & echo $!")
        child = self.pid_of(call)
        self.assertIsNone(call.end()["reason"])
        self.addCleanup(os.kill, child, signal.SIGKILL)
        (self.service.workspace / "go").touch()
        until(lambda: pathlib.Path(f"/proc/{child}/comm").read_text() == "yes\n", "the flood has begun")

        def used():
            ticks = pathlib.Path(f"/proc/{self.service.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        before = used()
        with self.assertRaises(subprocess.TimeoutExpired):
            self.service.process.wait(0.7)
        self.assertLess(used() - before, 0.1)
        self.assertTrue(alive(child))

    def test_cancel_ends_whoever_ignores_it_and_his_children(self):
        script = """trap '' TERM; (trap '' TERM HUP; while :; do sleep 1; done) & a=$!
            setsid sh -c "trap '' TERM; echo \\$\\$ > far; while :; do sleep 1; done" & while [ ! -s far ]; do sleep 0.01; done
            echo $$ $a $(cat far); while :; do sleep 1; done"""
        call = self.host.shell(script)
        pids = [int(pid) for pid in call.await_text("\n").split()]
        self.assertEqual(3, len(pids))
        self.assertTrue(all(map(alive, pids)))
        started = time.monotonic()
        self.assertEqual("running", self.host.ask("cancel", call=call.id, grace=0.5)["state"])
        finished = call.end()
        self.assertEqual((None, 9, "cancelled"), tuple(finished[k] for k in ("exit", "signal", "reason")))
        self.assertTrue(0.4 < time.monotonic() - started < 2)
        self.assertFalse(any(map(alive, pids)))
        self.assertEqual("ended", self.host.ask("cancel", call=call.id)["state"])

    def test_cancel_lets_a_program_clean_up(self):
        call = self.host.shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done")
        call.await_text("ready")
        self.host.ask("cancel", call=call.id)
        self.assertEqual((7, "cancelled"), tuple(call.end()[k] for k in ("exit", "reason")))
        self.assertEqual(b"ready\nbye\n", call.stdout)

    def test_cancel_of_a_stopped_program(self):
        call = self.host.shell("echo $$; kill -STOP $$; sleep 30")
        pid = self.pid_of(call)
        until(lambda: pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "stopped")
        started = time.monotonic()
        self.host.ask("cancel", call=call.id, grace=60)
        self.assertEqual(15, call.end()["signal"])
        self.assertLess(time.monotonic() - started, 2)

    def test_a_second_cancel_shortens_the_grace(self):
        call = self.host.shell("trap '' TERM; echo ready; while :; do sleep 0.05; done")
        call.await_text("ready")
        self.host.ask("cancel", call=call.id, grace=60)
        self.host.ask("cancel", call=call.id, grace=0)
        self.assertEqual(9, call.end()["signal"])

    def test_timeout_and_idle_timeout(self):
        finished = self.host.shell("sleep 30", timeout=0.2).end()
        self.assertEqual((15, "timeout"), (finished["signal"], finished["reason"]))
        finished = self.host.shell("sleep 30", idleTimeout=0.4).end()
        self.assertEqual((15, "idle-timeout"), (finished["signal"], finished["reason"]))
        self.assertGreaterEqual(finished["duration"], 0.4)  # that output puts it off is in test_turns.py

    def test_a_program_that_closes_its_output_is_waited_for(self):
        self.assertEqual(5, self.host.shell("exec >&- 2>&-; sleep 0.1; exit 5").end()["exit"])

    def test_no_zombies(self):
        for _ in range(20):
            self.host.shell("sh -c 'exit 0' & exit 1").end()
        call = self.host.invoke("python", {"script": "import os, time\nfor _ in range(300):\n    if not os.fork(): os._exit(0)\nprint(flush=True)"}, timeout=60)
        self.assertEqual(0, call.end()["exit"])
        until(lambda: not self.children(), "no children")

    def test_a_broken_disk_for_output_ends_the_call(self):
        service = LocalService(spool=self.service.directory / "spool")
        self.addCleanup(service.__exit__)
        service.host.ask("ping")
        (self.service.directory / "spool").rmdir()
        finished = service.host.shell("head -c 200000 /dev/zero; sleep 20").end()
        self.assertEqual(("spool-failed", 15), (finished["reason"], finished["signal"]))
        self.assertLessEqual(finished["stdout"], 65_536)
        self.assertGreater(finished["dropped"], 0)

    def test_forget(self):
        call = self.host.shell("sleep 30")
        self.refused("invalid-params", "forget", call=call.id)
        self.host.ask("cancel", call=call.id, grace=0)
        call.end()
        self.assertEqual({}, self.host.ask("forget", call=call.id))
        self.refused("unknown-call", "resume", call=call.id)


class Artifacts(ServiceTest):
    def fetched(self, call, file):
        data, part = b"", None
        while part is None or part:
            part = base64.b64decode(self.host.ask("fetch", call=call.id, file=file, offset=len(data))["base64"])
            data += part
        return data

    def test_files_are_told_and_fetched_byte_for_byte(self):
        call = self.host.shell("cd $RUNGPT_OUT; printf 'a\\377b' > 'p l\u00e4t.png'; mkdir -p x/y; head -c 1500000 /dev/zero > x/y/big; touch x/empty")
        self.assertTrue(call.end()["files"])
        self.assertEqual({"files": [{"name": "p l\u00e4t.png", "size": 3}, {"name": "x/empty", "size": 0}, {"name": "x/y/big", "size": 1_500_000}], "more": 0, "others": 0},
                         self.host.ask("files", call=call.id))
        self.assertEqual([b"a\xffb", b"", bytes(1_500_000)], [self.fetched(call, n) for n in range(3)])

    def test_links_pipes_and_devices_are_never_followed(self):
        call = self.host.shell("cd $RUNGPT_OUT; ln -s /etc/passwd link; mkfifo pipe; ln -s / root; mkdir dir; echo x > dir/a")
        call.end()
        answer = self.host.ask("files", call=call.id)
        self.assertEqual(([{"name": "dir/a", "size": 2}], 3), (answer["files"], answer["others"]))
        out = self.service.out / call.id
        (out / "dir").rename(out / "was")
        (out / "dir").symlink_to("/etc")  # between telling and fetching
        with self.assertRaisesRegex(Failed, "cannot be read"):
            self.host.ask("fetch", call=call.id, file=0)
        (out / "dir").unlink()
        (out / "dir").mkdir()
        os.mkfifo(out / "dir" / "a")
        with self.assertRaisesRegex(Failed, "no regular file any more"):
            self.host.ask("fetch", call=call.id, file=0)

    def test_names_that_are_no_text_can_be_fetched(self):
        call = self.host.shell("cd $RUNGPT_OUT; echo 1 > $(printf 'a\\377'); echo 2 > $(printf 'a\\376')")
        call.end()
        self.assertEqual(["a\ufffd", "a\ufffd"], [f["name"] for f in self.host.ask("files", call=call.id)["files"]])
        self.assertEqual({b"1\n", b"2\n"}, {self.fetched(call, n) for n in range(2)})

    def test_there_are_bounds(self):
        call = self.host.shell("cd $RUNGPT_OUT; for i in $(seq 30); do echo $i > f$i; done; d=.; for i in 1 2 3 4 5 6 7 8 9 10 11; do d=$d/d; done; mkdir -p $d; echo deep > $d/f")
        call.end()
        answer = self.host.ask("files", call=call.id, limit=10)
        self.assertEqual((10, 20, 1), (len(answer["files"]), answer["more"], answer["others"]))
        with self.assertRaisesRegex(Failed, "none of the 10"):
            self.host.ask("fetch", call=call.id, file=10)

    def test_only_of_ended_calls_and_gone_when_forgotten(self):
        call = self.host.shell("echo x > $RUNGPT_OUT/a; echo ready; exec sleep 60")
        call.await_text("ready")
        for method, more in ("files", {}), ("fetch", {"file": 0}):
            with self.assertRaisesRegex(Failed, "is running"):
                self.host.ask(method, call=call.id, **more)
        self.host.ask("cancel", call=call.id, grace=0)
        call.end()
        self.assertEqual(1, len(self.host.ask("files", call=call.id)["files"]))
        self.host.ask("forget", call=call.id)
        until(lambda: not os.listdir(self.service.out), "the directory is removed")

    def test_what_a_script_invokes_leaves_its_files_with_the_script(self):
        outer = self.host.shell("echo ready; exec sleep 60")
        outer.await_text("ready")
        inner = self.host.shell("echo x > $RUNGPT_OUT/inner.txt", within=outer.id)
        self.assertFalse(inner.end()["files"])
        self.host.ask("cancel", call=outer.id, grace=0)
        self.assertTrue(outer.end()["files"])
        self.assertEqual("inner.txt", self.host.ask("files", call=outer.id)["files"][0]["name"])


class Credit(ServiceTest):
    options = {"auto_credit": False}

    def test_output_waits_for_credit_and_control_does_not(self):
        call = self.host.shell("head -c 1000000 /dev/zero | tr '\\0' x; echo done > done", credit=100_000)
        call.await_bytes(100_000)
        until((self.service.workspace / "done").exists, "the program runs on")
        self.assertEqual({}, self.host.ask("ping"))
        self.assertEqual(100_000, len(call.stdout))
        self.assertTrue(call.finished.empty())
        until(lambda: self.host.ask("calls")["calls"][0]["state"] == "ended", "ended")
        self.host.ask("credit", call=call.id, bytes=50_000)
        call.await_bytes(150_000)
        self.assertEqual({}, self.host.ask("ping"))
        self.assertEqual(150_000, len(call.stdout))
        self.host.ask("credit", call=call.id, bytes=1 << 20)
        self.assertEqual(1_000_000, call.end()["stdout"])
        self.assertEqual(b"x" * 1_000_000, call.stdout)

    def test_control_frames_overtake_a_flood(self):
        floods = [self.host.shell("yes", credit=64 << 20, outputLimit=1 << 30) for _ in range(3)]
        for flood in floods:
            flood.await_bytes(1)
        times, most = [], 0
        for _ in range(30):
            started, before = time.monotonic(), sum(len(flood.stdout) for flood in floods)
            self.host.ask("ping")
            times.append(time.monotonic() - started)
            most = max(most, sum(len(flood.stdout) for flood in floods) - before)
        self.assertLess(most, 16 << 20)  # of 192 MiB that may come
        self.assertLess(max(times), 1)
        for flood in floods:
            self.host.ask("cancel", call=flood.id, grace=0, discard=True)
        for flood in floods:
            self.assertEqual("cancelled", flood.end()["reason"])

    def test_less_credit_than_a_character(self):
        call = self.host.shell("printf '😀😀'", credit=1)
        call.await_bytes(4)
        self.assertEqual({}, self.host.ask("ping"))
        self.assertEqual(4, len(call.stdout))
        self.host.ask("credit", call=call.id, bytes=4)
        call.end()
        self.assertEqual("😀😀".encode(), call.stdout)

    def test_discard_needs_no_credit(self):
        call = self.host.shell("yes", credit=10)
        call.await_bytes(10)
        self.host.ask("cancel", call=call.id, discard=True, grace=1)
        self.assertEqual("cancelled", call.end()["reason"])

    def test_memory_stays_small_in_a_flood(self):
        call = self.host.shell("head -c 100000000 /dev/zero", credit=0, outputLimit=1 << 30)
        until(lambda: self.host.ask("calls")["calls"][0]["state"] == "ended", "ended")
        size = int(pathlib.Path(f"/proc/{self.service.process.pid}/statm").read_text().split()[1]) * 4096
        self.assertLess(size, 64 << 20)
        call.data["stdout"] = bytearray(99_999_990)
        self.host.ask("resume", call=call.id, stdout=99_999_990, credit=100)
        self.assertEqual(100_000_000, call.end()["stdout"])


class Reattach(ServiceTest):
    def reattached(self):
        """Another host at the same pipes, after one that broke off in the middle of a frame."""
        self.host.raw(b'{"half a fra')
        return self.host.attach()

    def test_hello_pauses_and_resume_goes_on_from_an_offset(self):
        fifo = self.service.workspace / "fifo"
        os.mkfifo(fifo)
        call = self.host.shell("echo before; cat fifo; echo after >&2")
        call.await_text("before\n")
        self.assertEqual(1, self.reattached()["calls"])
        fifo.write_text("while nobody listened\n")
        until(lambda: self.host.ask("calls")["calls"][0]["state"] == "ended", "ended")
        self.assertEqual({}, self.host.calls, "nothing came before resume")
        again = self.host.call(call.id)
        again.data["stdout"] += b"befo"
        answer = self.host.ask("resume", call=call.id, stdout=4, stderr=0)
        self.assertEqual({"call": call.id, "state": "ended", "stdout": 29, "stderr": 6}, answer)
        finished = again.end()
        self.assertEqual((b"before\nwhile nobody listened\n", b"after\n", 0), (again.stdout, again.stderr, finished["exit"]))

    def test_resume_after_finished_sends_everything_again(self):
        (self.service.workspace / "data").write_bytes(data := os.urandom(700_000))
        call = self.host.shell("cat data")
        first = call.end()
        for offset in (0, 1, 65_535, 65_537, 699_999, 700_000):
            self.reattached()
            again = self.host.call(call.id)
            again.data["stdout"] += data[:offset]
            self.host.ask("resume", call=call.id, stdout=offset)
            self.assertEqual(first, again.end())
            self.assertEqual(data, again.stdout)
        self.refused("invalid-params", "resume", call=call.id, stdout=700_001)

    def test_resume_of_a_running_call_at_any_moment(self):
        (self.service.workspace / "text").write_text("".join(f"{i} äöü\n" for i in range(100_000)))
        call = self.host.shell("cat text; cat text; echo end")
        expected = (self.service.workspace / "text").read_bytes() * 2 + b"end\n"
        generator = random.Random(2)
        for _ in range(10):
            self.reattached()
            recorded = self.host.ask("calls")["calls"][0]["stdout"]
            offset = generator.randrange(recorded + 1)
            self.host.calls.clear()
            again = self.host.call(call.id)
            again.data["stdout"] += expected[:offset]
            self.host.ask("resume", call=call.id, stdout=offset)
            again.await_bytes(min(len(expected), offset + 1))
        again.end()
        self.assertEqual(expected, again.stdout)

    def test_the_end_of_stdin_ends_nothing(self):
        call = self.host.shell("echo $$; while [ ! -e go ]; do sleep 0.02; done; echo done > done; sleep 60")
        pid = self.pid_of(call)
        self.service.process.stdin.close()
        (self.service.workspace / "go").touch()
        until((self.service.workspace / "done").exists, "the call runs on")
        self.assertIsNone(self.service.process.poll())
        self.service.process.terminate()
        self.service.process.wait(PATIENCE)
        self.assertFalse(alive(pid))

    def test_what_deleted_files_hold_is_told_while_they_are_open(self):
        before = self.host.ask("held")["bytes"]
        call = self.host.invoke("python", {"script": "import os, time\nfile = open('doomed', 'wb', 0)\nos.unlink('doomed')\nfile.write(b'x' * 300_000_000)\nprint('there', flush=True)\ntime.sleep(60)"})
        call.await_text("there")
        self.assertGreaterEqual(self.host.ask("held")["bytes"] - before, 200_000_000)  # other processes of this machine count too

    def test_after_the_end_of_stdin_another_may_write_into_it(self):
        call = self.host.shell("echo $$; sleep 60")
        self.pid_of(call)
        self.service.process.stdin.close()
        with open(f"/proc/{self.service.process.pid}/fd/0", "wb") as another:
            self.host.writer = another
            self.assertEqual(1, self.host.ask("hello", protocol=1)["calls"])

    def test_nobody_reads_and_nobody_writes(self):
        begun = time.monotonic()
        process = subprocess.Popen([sys.executable, "-IS", str(ROOT / "base/action-service"), "--lease", "1", "--port", "0", "--workspace", str(self.service.workspace),
                                    "--out", str(self.service.out), "--spool", str(self.service.directory), "--actions", str(self.service.actions)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n' * 100)
        process.stdin.flush()
        self.assertEqual(0, process.wait(PATIENCE))
        self.assertGreaterEqual(time.monotonic() - begun, 1, "the lease ends it, not the broken pipe")
        self.assertEqual(b"", process.stderr.read())
        process.stdin.close()
        process.stderr.close()


class Ending(ServiceTest):
    options = {"lease": 1}

    def test_an_expired_lease_ends_everything(self):
        self.host.ask("lease", seconds=100)  # until all of them are there
        call = self.host.shell("trap '' TERM; (trap '' TERM; setsid sleep 60) & echo $! $$; while :; do sleep 1; done")
        pids = [int(pid) for pid in call.await_text("\n").split()]
        self.host.ask("lease", seconds=1)
        self.assertEqual({"reason": "lease"}, self.host.ending.get(timeout=PATIENCE))
        self.assertEqual("ending", call.end()["reason"])
        self.assertEqual(0, self.service.process.wait(PATIENCE))
        self.assertFalse(any(map(alive, pids)))

    def test_a_renewed_lease_lasts(self):
        self.assertAlmostEqual(100, self.host.ask("lease", seconds=100)["lease"], delta=1)
        with self.assertRaises(subprocess.TimeoutExpired):
            self.service.process.wait(1.3)
        self.assertEqual({}, self.host.ask("ping"))
        self.refused("invalid-params", "lease", seconds=86_401)

    def test_sigterm_lets_programs_clean_up(self):
        self.host.ask("lease", seconds=100)
        call = self.host.shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
        call.await_text("ready")
        self.service.process.terminate()
        self.assertEqual({"reason": "stopped"}, self.host.ending.get(timeout=PATIENCE))
        self.assertEqual((0, "ending"), tuple(call.end()[k] for k in ("exit", "reason")))
        self.assertEqual(0, self.service.process.wait(PATIENCE))
        self.assertIn(b"bye", call.stdout)


class Limits(ServiceTest):
    options = {"max_calls": 2}

    def test_too_many_calls(self):
        calls = [self.host.shell("sleep 30") for _ in range(2)]
        self.refused("too-many-calls", "invoke", call="third", action="test/shell", task="true")
        self.host.ask("cancel", call=calls[0].id, grace=0)
        calls[0].end()
        self.assertEqual(0, self.host.invoke("true", call="third").end()["exit"])

    def test_kept_calls_are_bounded(self):
        for i in range(150):
            self.host.invoke("big", call=f"big-{i}").end()
        kept = [c["call"] for c in self.host.ask("calls")["calls"]]
        self.assertEqual([f"big-{i}" for i in range(22, 150)], kept)
        self.assertLess(len(os.listdir(f"/proc/{self.service.process.pid}/fd")), 150)

    def test_a_host_of_many_calls_is_the_likelier_survivor(self):
        call = self.host.shell("cat /proc/self/oom_score_adj")
        call.end()
        own = int(pathlib.Path(f"/proc/{self.service.process.pid}/oom_score_adj").read_text())
        self.assertEqual(min(1000, own + 500), int(call.stdout))


class Http(ServiceTest):
    def setUp(self):
        self.options = {"port": free_port(self)}
        super().setUp()
        call = self.host.shell("env")
        call.end()
        self.environment = dict(line.split("=", 1) for line in call.stdout.decode().splitlines())
        self.token = self.environment["RUNGPT_TOKEN"]

    def post(self, body, start="POST / HTTP/1.1", **headers):
        headers = {"Host": "127.0.0.1", "Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Content-Length": str(len(body)),
                   **{k.replace("_", "-"): v for k, v in headers.items()}}
        with socket.create_connection(("127.0.0.1", self.options["port"])) as connection:
            connection.settimeout(PATIENCE)
            connection.sendall(f"{start}\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items() if v is not None) + b"\r\n" + body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.split()[1].decode(), body

    def action(self, *words, stdin=None):
        return subprocess.run([sys.executable, "-IS", str(ROOT / "base/action"), *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE, input=stdin)

    def test_requests_are_checked(self):
        good = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        self.assertEqual(("200", b'{"jsonrpc":"2.0","id":1,"result":{}}\n'), self.post(good))
        for expected, start, headers in (
                ("401", "POST / HTTP/1.1", {"Authorization": "Bearer x"}), ("401", "POST / HTTP/1.1", {"Authorization": None}), ("404", "GET / HTTP/1.1", {}),
                ("404", "POST /x HTTP/1.1", {}), ("403", "POST / HTTP/1.1", {"Origin": "http://127.0.0.1"}), ("403", "POST / HTTP/1.1", {"Host": "evil.example"}),
                ("415", "POST / HTTP/1.1", {"Content_Type": "text/plain"}), ("413", "POST / HTTP/1.1", {"Content_Length": None}), ("413", "POST / HTTP/1.1", {"Content_Length": "99999999"}),
                ("431", "POST / HTTP/1.1", {"X": "x" * 70_000})):
            with self.subTest(expected, start=start, **headers):
                self.assertEqual(expected, self.post(good, start, **headers)[0])
        for method in ("hello", "resume", "cancel", "calls", "lease", "forget"):
            self.assertIn(b"unknown-method", self.post(b'{"jsonrpc":"2.0","id":1,"method":"%s"}' % method.encode())[1])
        self.assertIn(b"parse-error", self.post(b"{")[1])
        self.assertEqual({}, self.host.ask("ping"))

    def test_the_action_command(self):
        self.assertIn("test/shell.sh: sh\n", self.action("list").stdout)
        self.assertEqual("test/shell", json.loads(self.action("show", "shell").stdout)["action"])
        ran = self.action("run", "shell.sh", "script=echo out; echo err >&2; exit 9")
        self.assertEqual((9, "out\n", "err\n"), (ran.returncode, ran.stdout, ran.stderr))
        self.assertEqual("x=1\n", self.action("run", "test/shell.sh", '{"script": "echo x=1"}').stdout)
        self.assertEqual("y\n", self.action("run", "shell.sh", "-", stdin='{"script": "echo y"}').stdout)
        self.assertEqual(1 << 20, len(self.action("run", "shell.sh", "script=head -c 1048576 /dev/zero | tr '\\0' z").stdout))
        self.assertEqual(143, self.action("run", "shell.sh", "script=kill $$").returncode)
        for words, code, text in ((["run", "nothing.x"], 125, "there are: test/shell"), (["run", "shell.nothing"], 125, "no task nothing"), (["run", "shell"], 2, "ACTION.TASK"),
                                  (["run", "shell.sh", "x"], 2, "NAME=VALUE"), (["run", "shell.sh", "{"], 2, "JSON"), (["dance"], 2, "usage")):
            ran = self.action(*words)
            self.assertEqual(code, ran.returncode, words)
            self.assertIn(text, ran.stderr)
        self.assertEqual([], [c for c in self.host.ask("calls")["calls"] if c["state"] == "running"])

    def test_the_action_command_without_a_service(self):
        self.environment = {}
        self.assertIn("RUNGPT_SERVICE is not set", self.action("list").stderr)
        self.environment = {"RUNGPT_SERVICE": "http://127.0.0.1:1"}
        self.assertIn("cannot be reached", self.action("list").stderr)

    def test_a_caller_that_goes_cancels_its_call(self):
        with socket.create_connection(("127.0.0.1", self.options["port"])) as connection:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": {"action": "test/shell", "task": "sh", "arguments": {"script": "echo $$ > pid; sleep 60"}}}).encode()
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (self.token.encode(), len(body)) + body)
            until(lambda: (self.service.workspace / "pid").exists() and (self.service.workspace / "pid").read_text().strip(), "started")
        pid = int((self.service.workspace / "pid").read_text())
        until(lambda: not alive(pid), "ended")

    def test_a_visitor_that_does_not_read_costs_nothing(self):
        with socket.create_connection(("127.0.0.1", self.options["port"])) as connection:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": {"action": "test/shell", "task": "sh", "arguments": {"script": "yes"}}}).encode()
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (self.token.encode(), len(body)) + body)
            until(lambda: self.host.shell("exit 0").end()["exit"] == 0, "others go on")
        self.assertEqual({}, self.host.ask("ping"))


if __name__ == "__main__":
    unittest.main()
