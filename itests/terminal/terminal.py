"""A command on a pseudo terminal, watched and typed at like a person does."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

CONTROL_C = '\x03'
CONTROL_D = '\x04'
TAB = '\t'
ESCAPES = re.compile(r'\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[=>]|\x1b\][^\x07]*\x07|\x1b[()][0-9A-B]')


def seated():
    """In the new process: the terminal is its own, and Ctrl-C reaches it even if whoever runs the tests is deaf to it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """Runs a command whose standard streams are a terminal; stdout can be a pipe instead."""

    def __init__(self, command, environment, stdout_is_terminal=True):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 200, 0, 0))
        self.settings = termios.tcgetattr(slave)
        # A character may come in two pieces.
        self.decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self.shown = ''
        self.position = 0
        self.ended = False
        self.process = subprocess.Popen(
            command,
            env={**environment, 'TERM': 'xterm'},
            stdin=slave,
            stdout=slave if stdout_is_terminal else subprocess.PIPE,
            stderr=slave,
            start_new_session=True,
            preexec_fn=seated,
        )
        # Kept open, so that what was last shown can be read after the command has ended.
        self.slave = slave

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self.slave)
        os.close(self.master)

    def type(self, text):
        os.write(self.master, text.encode())

    def enter(self, line):
        self.type(line + '\r')

    def expect(self, pattern, seconds=30):
        """Waits until what is shown after the last expectation matches, and gives the match."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.compile(pattern, re.MULTILINE).search(self.shown, self.position)
            if match:
                self.position = match.end()
                return match
            if not self._read(deadline):
                raise AssertionError(f'{pattern!r} was not shown, but:\n{self.shown[self.position:]}\nbefore that:\n{self.shown[:self.position]}')

    def wait(self, seconds=30):
        """The exit code, when the command has ended by itself."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            self._read(min(deadline, time.monotonic() + 0.05))
            if time.monotonic() > deadline:
                raise AssertionError(f'{self.process.args} does not end; it shows:\n{self.shown}')
        while self._read(time.monotonic()):
            pass
        return self.process.returncode

    def look(self, seconds):
        """Watches for a while at most, until something is shown."""
        self._read(time.monotonic() + seconds)

    def is_as_before(self):
        """Whether the terminal has the settings that it had before the command."""
        return termios.tcgetattr(self.slave) == self.settings

    def _read(self, deadline):
        """Reads what comes until the deadline; false if nothing came."""
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        self.shown += self.decoder.decode(os.read(self.master, 65536))
        plain = ESCAPES.sub('', self.shown)
        if plain != self.shown:
            self.position = min(self.position, len(ESCAPES.sub('', self.shown[: self.position])))
            self.shown = plain
        return True
