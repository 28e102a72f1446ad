"""What the shell does with sandboxes: images built ahead, directories shared, changes shown and taken back, images removed."""

import json
import pathlib
import re
import tempfile
import unittest

from gitserver import GitServer
from rungpt import RunGpt
from terminal import CONTROL_C

MANIFEST = {'schema': 1, 'title': 'Test', 'version': '1.0.0', 'description': 'A test.', 'tasks': [
    {'name': 'go', 'description': 'Does nothing.', 'effects': 'none', 'parameters': {'type': 'object', 'properties': {}, 'additionalProperties': False}}]}
RUN = '#!/bin/sh\ntrue\n'
PROMPT = r'rungpt > $'


def setUpModule():
    global rungpt, git
    git = GitServer()
    # Content of its own, so that no image of it is there from before.
    unique = tempfile.mktemp(prefix='unique-')
    git.commit('acme/quick', {'manifest.json': json.dumps({**MANIFEST, 'name': 'quick'}), 'run': RUN,
                              'setup': f'#!/bin/sh\n# {unique}\necho measuring twice\n'})
    git.commit('acme/slow', {'manifest.json': json.dumps({**MANIFEST, 'name': 'slow'}), 'run': RUN,
                             'setup': f'#!/bin/sh\n# {unique}\necho cutting once\nsleep 300\n'})
    rungpt = RunGpt(RUNGPT_GIT_BASE_URL=git.url)
    rungpt.start()
    rungpt.shell('rungpt:install acme/quick')
    rungpt.shell('rungpt:install acme/slow')


def tearDownModule():
    log = pathlib.Path(rungpt.data, 'logs', 'rungpt.log').read_text()
    rungpt.close()
    git.close()
    if '\tat ' in log:
        raise AssertionError(f'a stack trace in the log:\n{log}')


class Sandboxes(unittest.TestCase):
    def call(self, command):
        """Runs a command in the workspace of a new conversation. Gives the conversation and the call."""
        conversation = rungpt.post('/api/conversations', {})['id']
        rungpt.post(f'/api/conversations/{conversation}/messages', {'text': f'/run system.shell command={json.dumps(command)}'})
        call = rungpt.until(conversation, 'call.finished')['call']
        rungpt.until(conversation, 'turn.finished')
        return conversation, call

    def output(self, conversation, command):
        rungpt.post(f'/api/conversations/{conversation}/messages', {'text': f'/run system.shell command={json.dumps(command)}'})
        said = ''
        while not said.endswith('end\n'):
            said = ''.join(event['data']['text'] for event in rungpt.events(conversation) if event['type'] == 'call.output')
        return said

    def test_images_are_built_ahead_with_progress_and_control_c_stops_it(self):
        with rungpt.terminal('shell') as terminal:
            terminal.expect(PROMPT, 60)
            terminal.enter('rungpt:prepare slow')
            terminal.expect('cutting once', 120)
            terminal.type(CONTROL_C)
            terminal.expect(PROMPT)
            # The shell goes on.
            terminal.enter('rungpt:prepare quick')
            terminal.expect('building the image of acme/quick', 60)
            terminal.expect('Ready: acme/quick ', 120)
            terminal.expect(PROMPT)
            # What is there is not built again.
            terminal.enter('rungpt:prepare quick')
            self.assertNotIn('building', terminal.expect(r'(?s).*?Ready: acme/quick').group())
            terminal.expect(PROMPT)
            terminal.enter('rungpt:prepare')
            terminal.expect('name an action, or --all')
            terminal.expect(PROMPT)
            terminal.enter('exit')
            self.assertEqual(0, terminal.wait())

    def test_images_that_nothing_needs_are_removed(self):
        rungpt.shell('rungpt:prepare quick')
        needed = re.findall(r'rungpt/\w+:\w+(?= .* yes)', rungpt.shell('rungpt:sandboxes images'))
        self.assertNotEqual([], needed)
        rungpt.shell('rungpt:uninstall acme/quick')
        try:
            removed = rungpt.shell('rungpt:sandboxes gc')
            gone = re.findall(r'Removed (rungpt/\w+:\w+)', removed)
            self.assertNotEqual(set(), set(gone) & set(needed), removed)
            self.assertRegex(removed, r'images? (was|were) removed')
            self.assertEqual(set(), set(gone) & set(re.findall(r'rungpt/\w+:\w+', rungpt.shell('rungpt:sandboxes images'))))
            self.assertIn('Every image is needed', rungpt.shell('rungpt:sandboxes gc'))
        finally:
            rungpt.shell('rungpt:install acme/quick')

    def test_a_directory_is_shared_and_taken_back(self):
        with tempfile.TemporaryDirectory(prefix='rungpt-shared-') as directory:
            pathlib.Path(directory, 'note').write_text('from the host\n')
            conversation, _ = self.call('echo begun')
            self.assertIn('Nothing is shared', rungpt.shell(f'rungpt:share --conversation {conversation}'))
            self.assertIn(f'{directory} is /share/files', rungpt.shell(f'rungpt:share --conversation {conversation} add files {directory}'))
            self.assertIn(f'/share/files is {directory}', rungpt.shell(f'rungpt:share --conversation {conversation} list'))
            self.assertIn('from the host', self.output(conversation, 'cat /share/files/note; echo end'))
            self.assertIn('No longer shared', rungpt.shell(f'rungpt:share --conversation {conversation} remove files'))
            self.assertIn('Nothing is shared', rungpt.shell(f'rungpt:share --conversation {conversation}'))
            refused = rungpt.run('shell', f'rungpt:share --conversation {conversation} add etc /etc')
            self.assertEqual(1, refused.returncode, refused)
            self.assertIn('/etc', refused.stdout)

    def test_changes_are_shown_and_taken_back(self):
        conversation, call = self.call('echo one > a; mkdir d')
        listed = rungpt.shell(f'rungpt:changes {conversation} {call}')
        self.assertRegex(listed, r'(?m)^a +\| added +\| +0 \| +4 \| yes')
        self.assertIn('+one', rungpt.shell(f'rungpt:changes --diff {conversation} {call}'))
        done = rungpt.shell(f'rungpt:revert {conversation} {call}')
        undo = re.search(rf'rungpt:revert {conversation} (\w+)', done)
        self.assertIsNotNone(undo, done)
        again = rungpt.run('shell', f'rungpt:revert {conversation} {call}')
        self.assertNotEqual(0, again.returncode, again)
        self.assertIn('it was deleted since', again.stdout)
        self.assertIn('Brought back', rungpt.shell(undo.group()))
        self.assertIn('one\n', self.output(conversation, 'cat a; echo end'))
        unknown = rungpt.run('shell', f'rungpt:revert {conversation} call-none')
        self.assertEqual(1, unknown.returncode, unknown)


if __name__ == '__main__':
    unittest.main()
