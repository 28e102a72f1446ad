"""What `rungpt ask` asks and shows on a terminal, and what it does without one."""

import json
import subprocess
import time
import unittest

from gitserver import GitServer
from model import Model, call
from rungpt import RunGpt
from terminal import CONTROL_C, CONTROL_D

MACHINE = 'What machine are you running on?'
TOKYO = 'What time is it in Tokyo?'
GREETER = {
    'manifest.json': json.dumps({
        'schema': 1, 'name': 'greeter', 'title': 'Greeter', 'version': '1.0.0', 'description': 'Greets.',
        'tasks': [{'name': name, 'description': 'Greets.', 'parameters': {'type': 'object', 'properties': {}}} for name in ('hello', 'welcome')]}),
    'run': '#!/bin/sh\necho "$1 from the greeter"\n',
}


def script(nonce, last):
    """Calls the task that it is told to call; told to go on, it does so for ever."""
    if '<result-' in last:
        yield 'I am done.'
    elif last.startswith('Call '):
        yield call(nonce, last.removeprefix('Call ').strip())
    else:
        while True:
            yield 'and on '
            time.sleep(0.01)


def setUpModule():
    global rungpt, git, model
    git = GitServer()
    git.commit('acme/greeter', GREETER)
    model = Model(script)
    rungpt = RunGpt(OPENAI_BASE_URL=model.url, OPENAI_API_KEY='sk-test', RUNGPT_GIT_BASE_URL=git.url)
    rungpt.start('--model', 'demo/demo')
    rungpt.shell('rungpt:policy --mode always')
    rungpt.shell('rungpt:install acme/greeter')


def tearDownModule():
    rungpt.close()
    model.close()
    git.close()


class Approvals(unittest.TestCase):
    """Every call is asked about (mode always)."""

    def test_yes_runs_exactly_what_was_shown_once(self):
        with rungpt.terminal('ask', MACHINE) as terminal:
            terminal.expect(r'▸ system\.info \{\}')
            terminal.expect(r'Allow rungpt/system\.info\? ')
            terminal.enter('y')
            terminal.expect(r'◂ completed, exit code 0')
            terminal.expect(r'host name \*\*\w+\*\*')
            self.assertEqual(0, terminal.wait())
        decided = rungpt.of_latest('approval.decided')
        self.assertEqual([('allow', 'once')], [(one['decision'], one['scope']) for one in decided])

    def test_no_and_whatever_is_no_yes_denies(self):
        for typed in ('n', '', 'yesterday', 'Y es'):
            with self.subTest(typed), rungpt.terminal('ask', MACHINE) as terminal:
                terminal.expect(r'Allow rungpt/system\.info\? ')
                terminal.enter(typed)
                terminal.expect('◂ denied')
                terminal.expect('My call was denied')
                self.assertEqual(0, terminal.wait(), 'the turn completed')
                self.assertEqual([], rungpt.of_latest('call.started'))

    def test_the_end_of_input_denies(self):
        with rungpt.terminal('ask', MACHINE) as terminal:
            terminal.expect(r'Allow rungpt/system\.info\? ')
            terminal.type(CONTROL_D)
            terminal.expect('◂ denied')
            self.assertEqual(0, terminal.wait())

    def test_what_is_edited_is_what_runs(self):
        with rungpt.terminal('ask', TOKYO) as terminal:
            terminal.expect(r'▸ system\.now \{"zone":"Asia/Tokyo"\}')
            terminal.expect(r'Allow rungpt/system\.now\? ')
            terminal.enter('e')
            terminal.expect('as JSON')
            terminal.enter('{"zone": "Pacific/')
            terminal.expect('no JSON object')
            terminal.expect(r'Allow rungpt/system\.now\? ')
            terminal.enter('edit')
            terminal.expect('as JSON')
            terminal.enter('{"zone": "Pacific/Apia"}')
            terminal.expect('◂ completed')
            self.assertEqual(0, terminal.wait())
            self.assertRegex(terminal.shown, r'Apia|\+13')
        self.assertEqual([{'zone': 'Pacific/Apia'}], [one['arguments'] for one in rungpt.of_latest('approval.decided')])

    def test_an_edit_that_the_task_does_not_take_is_asked_again(self):
        with rungpt.terminal('ask', TOKYO) as terminal:
            terminal.expect(r'Allow rungpt/system\.now\? ')
            terminal.enter('e')
            terminal.expect('as JSON')
            terminal.enter('{"zone": 7}')
            terminal.expect('zone')
            terminal.expect(r'Allow rungpt/system\.now\? ')
            terminal.enter('y')
            terminal.expect('In Tokyo it is now')
            self.assertEqual(0, terminal.wait())

    def test_control_c_while_asked_stops_the_turn(self):
        with rungpt.terminal('ask', MACHINE) as terminal:
            terminal.expect(r'Allow rungpt/system\.info\? ')
            terminal.type(CONTROL_C)
            self.assertNotEqual(0, terminal.wait())
            self.assertTrue(terminal.is_as_before())
        self.assertEqual(['stopped'], [one['reason'] for one in rungpt.of_stopped('turn.finished')])
        self.assertEqual([], rungpt.of_latest('call.started'))

    def test_somebody_else_may_be_faster(self):
        with rungpt.terminal('ask', MACHINE) as terminal:
            terminal.expect(r'Allow rungpt/system\.info\? ')
            wanted = rungpt.of_latest('approval.requested')[0]
            rungpt.post(f'/api/conversations/{rungpt.latest()}/calls/{wanted["call"]}/approval', {'decision': 'allow'})
            terminal.enter('n')
            terminal.expect('already')
            terminal.expect(r'host name \*\*\w+\*\*')
            self.assertEqual(0, terminal.wait())


class ThirdParty(unittest.TestCase):
    """At the border of a sandbox, where an approval can last."""

    @classmethod
    def setUpClass(cls):
        rungpt.shell('rungpt:policy --mode border')

    @classmethod
    def tearDownClass(cls):
        rungpt.shell('rungpt:policy --mode always')

    def test_for_the_conversation_asks_once_in_it(self):
        with rungpt.terminal('ask', '--model', 'openai/scripted', 'Call greeter.welcome') as terminal:
            terminal.expect(r'Allow acme/greeter\.welcome\? .*\[c\]onversation')
            terminal.enter('c')
            terminal.expect('^welcome from the greeter')
            self.assertEqual(0, terminal.wait())
        conversation = rungpt.latest()
        with rungpt.terminal('ask', '--conversation', conversation, 'Call greeter.welcome') as terminal:
            terminal.expect('^welcome from the greeter')
            self.assertEqual(0, terminal.wait())
            self.assertNotIn('Allow', terminal.shown)
        with rungpt.terminal('ask', '--model', 'openai/scripted', 'Call greeter.welcome') as terminal:
            terminal.expect(r'Allow acme/greeter\.welcome\? ')
            terminal.enter('n')
            self.assertEqual(0, terminal.wait())

    def test_always_asks_in_no_conversation_any_more(self):
        with rungpt.terminal('ask', '--model', 'openai/scripted', 'Call greeter.hello') as terminal:
            terminal.expect(r'Allow acme/greeter\.hello\? .*\[a\]lways')
            terminal.enter('a')
            terminal.expect('^hello from the greeter')
            self.assertEqual(0, terminal.wait())
        with rungpt.terminal('ask', '--model', 'openai/scripted', 'Call greeter.hello') as terminal:
            terminal.expect('^hello from the greeter')
            self.assertEqual(0, terminal.wait())
            self.assertNotIn('Allow', terminal.shown)


class NoTerminal(unittest.TestCase):
    def test_what_would_ask_is_denied_with_the_reason(self):
        ended = rungpt.run('ask', MACHINE)
        self.assertEqual(0, ended.returncode, ended)
        self.assertIn("Denied rungpt/system.info: nobody is at the terminal to approve it; --allow 'rungpt/system.info' would grant it", ended.stderr)
        self.assertIn('My call was denied', ended.stdout)
        self.assertEqual([], rungpt.of_latest('call.started'))

    def test_allow_grants_what_fits_and_nothing_else(self):
        for pattern, fits in (('rungpt/system.*', True), ('*', True), ('rungpt/system.info', True), ('rungpt/filesystem.*', False), ('system.info', False)):
            with self.subTest(pattern):
                ended = rungpt.run('ask', '--allow', pattern, MACHINE)
                self.assertEqual(0, ended.returncode, ended)
                self.assertIn('host name **' if fits else 'My call was denied', ended.stdout)

    def test_allow_is_asked_nothing_on_a_terminal(self):
        with rungpt.terminal('ask', '--allow', 'rungpt/nothing.*', '--allow', 'rungpt/system.*', MACHINE) as terminal:
            terminal.expect(r'◂ completed')
            self.assertEqual(0, terminal.wait())
            self.assertNotIn('Allow', terminal.shown)

    def test_the_answer_alone_goes_into_a_pipe_while_the_terminal_asks(self):
        with rungpt.terminal('ask', MACHINE, stdout_is_terminal=False) as terminal:
            terminal.expect(r'Allow rungpt/system\.info\? ')
            terminal.enter('yes')
            terminal.expect(r'◂ completed')
            self.assertEqual(0, terminal.wait())
            answer = terminal.process.stdout.read().decode()
        self.assertRegex(answer, r'\AMy commands run in a container with the host name \*\*\w+\*\*')

    def test_an_unread_question_is_read_from_standard_input(self):
        ended = rungpt.run('ask', '--allow', '*', '-', typed=MACHINE)
        self.assertEqual(0, ended.returncode, ended)
        self.assertIn('host name **', ended.stdout)


class Interrupted(unittest.TestCase):
    def test_control_c_stops_the_turn_and_its_call_and_the_server_goes_on(self):
        before = rungpt.pid()
        with rungpt.terminal('ask', '--allow', '*', '/run system.shell command="echo begun; sleep 987; echo never"') as terminal:
            terminal.expect('^begun')
            terminal.type(CONTROL_C)
            self.assertNotIn(terminal.wait(60), (0, None))
            self.assertTrue(terminal.is_as_before())
        self.assertEqual(['stopped'], [one['reason'] for one in rungpt.of_stopped('turn.finished')])
        self.assertEqual(['cancelled'], [one['status'] for one in rungpt.of_latest('call.finished')])
        self.assertNotIn('sleep 987', subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True, check=True).stdout)
        self.assertEqual(before, rungpt.pid())
        ended = rungpt.run('ask', '--conversation', rungpt.latest(), '--allow', '*', MACHINE)
        self.assertEqual(0, ended.returncode, ended)

    def test_control_c_while_the_answer_streams(self):
        with rungpt.terminal('ask', '--model', 'openai/scripted', 'Go on') as terminal:
            terminal.expect('and on and on and on ')
            terminal.type(CONTROL_C)
            terminal.expect(r'Stopped; to go on: rungpt ask --conversation \w+')
            self.assertNotEqual(0, terminal.wait())
        self.assertTrue(model.left.wait(30), 'the request to the model ends too')
        self.assertEqual(['stopped'], [one['reason'] for one in rungpt.of_stopped('turn.finished')])

    def test_the_terminal_is_told_how_to_go_on(self):
        with rungpt.terminal('ask', '--allow', '*', MACHINE) as terminal:
            told = terminal.expect(r'rungpt ask .*--conversation (\S+)')
            self.assertEqual(0, terminal.wait())
        self.assertEqual(rungpt.latest(), told.group(1))


class Failures(unittest.TestCase):
    def test_one_line_and_an_exit_code(self):
        for arguments, says in (
            (('--model', 'nothing/at-all', 'hello'), 'nothing'),
            (('--conversation', 'none', 'hello'), 'no such conversation'),
            (('/run nothing.at_all',), 'nothing'),
        ):
            with self.subTest(arguments):
                ended = rungpt.run('ask', *arguments)
                self.assertEqual(1, ended.returncode, ended)
                self.assertEqual('', ended.stdout.strip())
                self.assertEqual(1, len(ended.stderr.strip().splitlines()), ended)
                self.assertIn(says, ended.stderr)


if __name__ == '__main__':
    unittest.main()
