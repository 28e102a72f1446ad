"""A server in the foreground of a terminal."""

import os
import pathlib
import subprocess
import time
import unittest

from rungpt import RunGpt
from terminal import CONTROL_C


class Foreground(unittest.TestCase):
    def setUp(self):
        self.rungpt = RunGpt()
        self.addCleanup(self.rungpt.close)

    def run_terminal(self):
        return self.rungpt.terminal('run', '--port', '0', '--no-browser', '--yes')

    def labelled(self):
        """The containers of this server, whatever their state."""
        instance = pathlib.Path(self.rungpt.data, 'instance').read_text().strip()
        return subprocess.run(['docker', 'ps', '--all', '--quiet', '--filter', f'label=rungpt.instance={instance}'],
                              capture_output=True, text=True, check=True).stdout.split()

    def test_control_c_ends_it_in_order_and_leaves_no_container(self):
        with self.run_terminal() as terminal:
            terminal.expect(r'RunGPT is ready: http://127\.0\.0\.1:\d+/login#code=\S+', 120)
            terminal.expect('Stop it with Ctrl-C')
            asked = self.rungpt.run('ask', 'What machine are you running on?')
            self.assertEqual(0, asked.returncode, asked)
            self.assertNotEqual([], self.labelled())
            server = self.rungpt.pid()
            terminal.type(CONTROL_C)
            terminal.expect('Stopping')
            self.assertEqual(0, terminal.wait(120))
            self.assertTrue(terminal.is_as_before())
        self.assertFalse(pathlib.Path('/proc', str(server)).exists())
        self.assertEqual([], self.labelled())
        self.assertFalse(os.path.exists(os.path.join(self.rungpt.data, 'server.json')))
        self.assertNotIn('\tat ', pathlib.Path(self.rungpt.data, 'logs', 'rungpt.log').read_text())
        self.assertEqual(3, self.rungpt.run('status').returncode)

    def test_a_call_outlasts_control_c_and_the_next_start_has_its_whole_output(self):
        with self.run_terminal() as terminal:
            terminal.expect('RunGPT is ready', 120)
            # For longer than the server takes to end, on any machine.
            with self.rungpt.terminal('ask', '/run system.shell command="echo begun; sleep 17; echo ended"') as asking:
                asking.expect('^begun')
                conversation = self.rungpt.latest()
                terminal.type(CONTROL_C)
                self.assertEqual(0, terminal.wait(120))
                self.assertNotEqual(0, asking.wait(120))
        # It ends while there is no server.
        while 'sleep 17; echo ended' in subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True, check=True).stdout:
            time.sleep(0.1)
        self.rungpt.start()
        self.assertEqual('completed', self.rungpt.until(conversation, 'call.finished')['status'])
        output = ''.join(event['data']['text'] for event in self.rungpt.events(conversation) if event['type'] == 'call.output')
        self.assertEqual('begun\nended\n', output)
        self.assertEqual(0, self.rungpt.run('stop').returncode)
        self.assertEqual([], self.labelled())

    def test_control_c_while_it_starts_leaves_nothing(self):
        with self.run_terminal() as terminal:
            log = pathlib.Path(self.rungpt.data, 'logs', 'rungpt.log')
            while not log.exists():
                self.assertIsNone(terminal.process.poll())
                terminal.look(0.05)
            terminal.type(CONTROL_C)
            self.assertEqual(130, terminal.wait(120))
            self.assertTrue(terminal.is_as_before())
        self.assertEqual(3, self.rungpt.run('status').returncode)

    def test_stop_from_elsewhere_ends_it(self):
        with self.run_terminal() as terminal:
            terminal.expect('RunGPT is ready', 120)
            stopped = self.rungpt.run('stop')
            self.assertEqual(0, stopped.returncode, stopped)
            self.assertEqual(0, terminal.wait())
        self.assertEqual([], self.labelled())


if __name__ == '__main__':
    unittest.main()
