// Serves one Git repository on loopback by `git http-backend`.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** @param files name → content of the repository owner/repo; `run` and `setup` become executable */
export async function startGitServer(repository, files) {
  const directory = mkdtempSync(path.join(tmpdir(), 'rungpt-git-'));
  const work = path.join(directory, 'work');
  const bare = path.join(directory, 'served', repository);
  const git = (cwd, ...args) => execFileSync('git', args, { cwd, stdio: 'pipe' });
  mkdirSync(work);
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(work, name), content);
  for (const name of ['run', 'setup']) if (name in files) chmodSync(path.join(work, name), 0o755);
  git(work, 'init', '--quiet', '--initial-branch=main');
  git(work, 'add', '--all');
  git(work, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message=First');
  git(work, 'clone', '--quiet', '--bare', '.', bare);
  git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const backend = spawn('git', ['http-backend'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: path.join(directory, 'served'),
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname.replace(/\.git(?=\/|$)/, ''),
        REQUEST_METHOD: request.method,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
      },
    });
    request.pipe(backend.stdin);
    const pieces = [];
    backend.stdout.on('data', (piece) => pieces.push(piece));
    backend.on('close', () => {
      const output = Buffer.concat(pieces);
      const end = output.indexOf('\r\n\r\n');
      for (const line of output.subarray(0, end).toString().split('\r\n')) {
        const [name, value] = line.split(': ');
        if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
        else response.setHeader(name, value);
      }
      response.end(output.subarray(end + 4));
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      await new Promise((done) => server.close(done));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
