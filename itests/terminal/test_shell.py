"""The server's shell: on a terminal, from a pipe, and one command of it."""

import pathlib
import unittest

from rungpt import RunGpt
from terminal import CONTROL_C, CONTROL_D, TAB

PROMPT = r'rungpt > $'


def setUpModule():
    global rungpt
    rungpt = RunGpt()
    rungpt.start()


def tearDownModule():
    log = pathlib.Path(rungpt.data, 'logs', 'rungpt.log').read_text()
    rungpt.close()
    if '\tat ' in log:
        raise AssertionError(f'a stack trace in the log:\n{log}')


class OnATerminal(unittest.TestCase):
    def setUp(self):
        self.terminal = rungpt.terminal('shell')
        self.addCleanup(self.terminal.__exit__)
        self.terminal.expect(PROMPT, 60)

    def leave(self, how):
        self.terminal.type(how)
        self.assertEqual(0, self.terminal.wait())
        self.assertTrue(self.terminal.is_as_before())

    def test_a_command_and_exit(self):
        self.terminal.enter('rungpt:list')
        self.terminal.expect(r'rungpt/filesystem \(built in\)')
        self.terminal.expect(PROMPT)
        self.leave('exit\r')

    def test_control_d_leaves(self):
        self.leave(CONTROL_D)

    def test_control_c_gives_a_new_line_and_ends_a_command(self):
        self.terminal.type('rungpt:lis')
        self.terminal.expect('rungpt:lis')
        self.terminal.type(CONTROL_C)
        self.terminal.expect(PROMPT)
        # Between the line and its command Ctrl-C ends nothing: what it says first tells that it runs.
        self.terminal.enter('shell:each [1] { shell:echo begun; shell:sleep 600 }')
        self.terminal.expect('^begun')
        self.terminal.type(CONTROL_C)
        self.terminal.expect(PROMPT)
        self.leave('logout\r')

    def test_commands_and_arguments_are_completed(self):
        self.terminal.type('rungpt:conv' + TAB)
        self.terminal.expect('rungpt:conversations')
        self.terminal.type(CONTROL_C)
        self.terminal.expect(PROMPT)
        self.terminal.type('rungpt:info files' + TAB)
        self.terminal.expect('rungpt:info filesystem')
        self.terminal.type('\r')
        self.terminal.expect('read_file')
        self.terminal.expect(PROMPT)
        self.leave('exit\r')

    def test_help_about_a_command(self):
        self.terminal.enter('help rungpt:info')
        self.terminal.expect('owner/repo')
        self.terminal.expect(PROMPT)
        self.leave('exit\r')

    def test_mistakes_are_one_line(self):
        for line, says in (('rungpt:nothing', 'not found'), ('rungpt:info nope', 'nope'), ('rungpt:install "../.."', 'owner')):
            with self.subTest(line):
                self.terminal.enter(line)
                self.terminal.expect('(?i)' + says)
                self.terminal.expect(PROMPT)
        self.leave('exit\r')


class OneCommand(unittest.TestCase):
    def test_its_exit_code_is_the_commands(self):
        self.assertEqual(0, rungpt.run('shell', 'rungpt:list').returncode)
        for line in ('rungpt:nothing', 'rungpt:info nope', 'rungpt:info'):
            self.assertEqual(1, rungpt.run('shell', line).returncode, line)

    def test_budgets_are_shown_set_and_taken_back(self):
        shown = rungpt.shell('rungpt:budget --turn steps=7 --total dollars=2.5')
        self.assertRegex(shown, r'steps +\| +7 \*')
        self.assertRegex(shown, r'dollars +\| +any +\| +2\.50 \*')
        wrong = rungpt.run('shell', 'rungpt:budget --turn steps=many')
        self.assertEqual(1, wrong.returncode)
        self.assertIn('steps=many is no budget', wrong.stdout)
        self.assertRegex(rungpt.shell('rungpt:budget --turn steps=inherit --reset'), r'steps +\| +10 +\|')

    def test_a_quote_that_is_not_closed_is_said_so(self):
        ended = rungpt.run('shell', 'echo "a')
        self.assertEqual((2, '', 'rungpt: The quote " at character 6 is not closed.\n'), (ended.returncode, ended.stdout, ended.stderr))

    def test_help_about_a_command(self):
        ended = rungpt.run('shell', 'help rungpt:info')
        self.assertEqual(0, ended.returncode)
        self.assertIn('owner/repo[/dir] or the alias', ended.stdout)

    def test_colours_are_for_terminals(self):
        self.assertNotIn('\x1b', rungpt.run('shell', 'help').stdout)
        self.assertNotIn('\x1b', rungpt.run('shell', 'rungpt:nothing').stdout)

    def test_a_pipe_of_commands_runs_until_one_fails(self):
        ended = rungpt.run('shell', typed='rungpt:info filesystem\n\nrungpt:info nope\nrungpt:list\n')
        self.assertEqual(1, ended.returncode, ended)
        self.assertIn('read_file', ended.stdout)
        self.assertNotIn('Alias', ended.stdout)


if __name__ == '__main__':
    unittest.main()
