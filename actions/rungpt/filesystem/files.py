"""The tasks of rungpt/filesystem. What is not needed by every task is imported late: starting is most of what a task costs."""
import os
import stat
import sys

try:
    from _json import make_scanner  # the json module's own decoder, without the 10 ms that the rest of the module takes to load
except ImportError:
    make_scanner = None

WORKSPACE = os.environ.get("RUNGPT_WORKSPACE", "/workspace")
SHARES = os.environ.get("RUNGPT_SHARES", "/share")  # directories of the host, each by its name
MANY = 1000  # entries, paths or matches in one answer
LINES, BYTES = 2000, 256 << 10  # what read_file gives without a limit
BIG = 64 << 20  # files beyond are not loaded


class Wrong(Exception):
    """What the caller should know, in one line."""


def where(path):
    if not path or "\0" in path:
        raise Wrong("the path is empty or has a NUL character in it")
    full = os.path.join(WORKSPACE, os.path.expanduser(path))
    named = os.path.normpath(full)
    if named.startswith(SHARES + "/"):
        stay(path, full, "/".join(named.split("/")[:SHARES.count("/") + 2]))
    return full


def stay(path, full, share):
    """Whoever else writes into a share can plant links there: they are followed inside of it only."""
    real = os.path.realpath(full)
    if real != share and not real.startswith(share + "/"):
        raise Wrong(f"{path}: a link leads out of the share {share}; it is not followed")


def shown(full):
    """A path as the caller would write it."""
    return full[len(WORKSPACE) + 1:] if full.startswith(WORKSPACE + "/") else full


def why(path, error, hint=""):
    text = {2: "no such file or directory", 20: "a part of the path is no directory"}.get(error.errno, (error.strerror or str(error)).lower())
    return Wrong(f"{path}: {text}{hint if error.errno == 2 else ''}")


def make_parents(full, path):
    try:
        os.makedirs(os.path.dirname(full), exist_ok=True)
    except FileExistsError:
        raise Wrong(f"{path}: a part of the path is no directory") from None
    except OSError as e:
        raise why(path, e) from None


def is_directory(full):
    return os.path.isdir(full) and not os.path.islink(full)


def lies_in(inner, outer):
    """Whether a path leads into a directory, or to it, whatever links are on the way."""
    return (os.path.realpath(inner) + "/").startswith(os.path.realpath(outer).rstrip("/") + "/")


def spare(full, path, what):
    """Nobody means all of the workspace by a path to it."""
    if not os.path.islink(full) and lies_in(WORKSPACE, full):
        raise Wrong(f"{path}: this would {what} everything; name what shall go")


def note(text):
    sys.stdout.flush()
    sys.stderr.write(f"{current}: {text}\n")


def say(text):
    """One line, whatever a file's name may hold."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff" else ascii(c)[1:-1] for c in text)
    sys.stdout.write(text + "\n")


def content(path, what="file"):
    """All bytes of a regular file."""
    full = where(path)
    try:
        info = os.stat(full)
        if stat.S_ISDIR(info.st_mode):
            raise Wrong(f"{path}: is a directory; list_directory shows what is in it")
        if not stat.S_ISREG(info.st_mode):
            raise Wrong(f"{path}: is no regular file")
        if info.st_size > BIG:
            raise Wrong(f"{path}: has {info.st_size} bytes, too many; system.shell with head, tail or sed reads a part")
        with open(full, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Wrong(f"{path}: no such {what}; list_directory shows what is there") from None
    except OSError as e:
        raise why(path, e) from None


def text_of(path):
    data = content(path)
    if b"\0" in data[:8192]:
        raise Wrong(f"{path}: is no text ({len(data)} bytes); system.shell with file or xxd tells more")
    return data


def store(full, path, data):
    """Replaces a file in one step, so that nobody ever sees half of it; keeps its permissions. A link is followed."""
    full = os.path.realpath(full)
    try:
        if os.path.isdir(full):
            raise Wrong(f"{path}: is a directory")
        make_parents(full, path)
        try:
            old = os.stat(full)
        except FileNotFoundError:
            old = None
        if old and not stat.S_ISREG(old.st_mode):
            raise Wrong(f"{path}: is no regular file")
        temporary = f"{os.path.dirname(full)}/.{os.getpid()}-{os.urandom(6).hex()}.new"  # not from its name, which may be as long as names can be
        try:
            with open(temporary, "xb") as file:
                file.write(data)
            if old:
                os.chmod(temporary, stat.S_IMODE(old.st_mode))
                try:
                    os.chown(temporary, old.st_uid, old.st_gid)
                except PermissionError:
                    pass
            os.rename(temporary, full)
        except OSError:
            if os.path.lexists(temporary):
                os.unlink(temporary)
            raise
        return old is None
    except OSError as e:
        raise why(path, e) from None


# ---------------------------------------------------------------- tasks

def read_file(path: str, offset: int = 1, limit: int = 0):
    data = text_of(path)
    if offset == 1 and not limit and len(data) <= BYTES and data.count(b"\n") <= LINES:
        sys.stdout.buffer.write(data)
        return
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    if not lines[-1]:
        lines.pop()
    first, limit = max(1, offset), max(0, limit)
    if first > max(1, len(lines)):
        raise Wrong(f"{path}: has only {len(lines)} lines")
    picked, size = [], 0
    for line in lines[first - 1:first - 1 + (limit or LINES)]:
        if picked and size + len(line) > BYTES and not limit:
            break
        picked.append(line)
        size += len(line)
    if size > BYTES and not limit:
        end = BYTES
        while picked[0][end] & 0xC0 == 0x80 and end > BYTES - 4:  # not in the middle of a character
            end -= 1
        note(f"{path}: line {first} has {size} bytes, the first {end} are shown; system.shell with cut or tail shows more of it")
        picked = [picked[0][:end]]
    sys.stdout.buffer.write(b"".join(picked))
    last = first + len(picked) - 1
    if last < len(lines):
        note(f"{path}: lines {first} to {last} of {len(lines)}; go on with offset {last + 1}")


def write_file(path: str, content: str, append: bool = False):
    full = where(path)
    data = content.encode("utf-8", "surrogateescape")
    if append and os.path.isfile(full):
        try:
            with open(full, "ab") as file:
                file.write(data)
        except OSError as e:
            raise why(path, e) from None
        say(f"appended {len(data)} bytes to {path}")
    else:
        new = store(full, path, data)
        say(f"{'created' if new else 'replaced'} {path} ({len(data)} bytes)")


def edit_file(path: str, old: str, new: str, all: bool = False):
    data = text_of(path)
    if not old:
        raise Wrong("old is empty; write_file writes a whole file")
    if old == new:
        raise Wrong("old and new are the same")
    before, after = old.encode("utf-8", "surrogateescape"), new.encode("utf-8", "surrogateescape")
    breaks, crlf = data.count(b"\n"), data.count(b"\r\n")
    if b"\r\n" not in before and (crlf and before not in data or 0 < crlf == breaks and b"\r\n" not in after):
        before, after = before.replace(b"\n", b"\r\n"), after.replace(b"\n", b"\r\n")
    count = data.count(before)
    if not count:
        squeezed = b" ".join(before.split())
        near = squeezed and squeezed in b" ".join(data.split())
        raise Wrong(f"{path}: the text of old does not occur{' with this white space (spaces, tabs, line breaks)' if near else ''}; read_file shows the file")
    lines, position = [], data.find(before)
    while position >= 0 and len(lines) < 10:
        lines.append(data.count(b"\n", 0, position) + 1)
        position = data.find(before, position + (len(before) if all else 1))  # where two overlap it is not clear which is meant
    count = max(count, len(lines))
    places = ", ".join(map(str, lines)) + (", …" if count > len(lines) else "")
    if count > 1 and not all:
        raise Wrong(f"{path}: the text of old occurs {count} times (lines {places}); give more of its surroundings, or all: true")
    store(where(path), path, data.replace(before, after))
    say(f"replaced {count} {'place' if count == 1 else 'places'} in {path} (line{'s' if count > 1 else ''} {places})")


def list_directory(path: str = "."):
    full = where(path)
    try:
        entries = sorted(os.scandir(full), key=lambda e: e.name)
    except NotADirectoryError:
        raise Wrong(f"{path}: is a file; read_file shows it") from None
    except OSError as e:
        raise why(path, e, "; list_directory of its parent shows what is there") from None
    for entry in entries[:MANY]:
        if entry.is_symlink():
            say(f"{entry.name} -> {os.readlink(entry.path)}")
        elif entry.is_dir():
            say(entry.name + "/")
        else:
            info = entry.stat(follow_symlinks=False)
            say(f"{entry.name}  {info.st_size}" if stat.S_ISREG(info.st_mode) else f"{entry.name}  (no regular file)")
    if not entries:
        note(f"{path}: is empty")
    if len(entries) > MANY:
        note(f"{path}: the first {MANY} of {len(entries)} entries")


def walk(path):
    """All files below a directory, sorted, without what version control keeps for itself."""
    full = where(path)
    if not os.path.isdir(full):
        if os.path.exists(full):
            yield os.path.normpath(full)
            return
        raise Wrong(f"{path}: no such directory; list_directory shows what is there")
    for directory, below, files in os.walk(full):
        below[:] = sorted(name for name in below if name != ".git")
        for name in below:
            yield os.path.normpath(f"{directory}/{name}") + "/"
        for name in sorted(files):
            yield os.path.normpath(f"{directory}/{name}")


def relative_to(full, base):
    return os.path.relpath(full, base) if full != base else os.path.basename(full)


def matcher(pattern):
    """For a pattern of * ? [..] and **: on names, or with a slash in it, on paths."""
    import fnmatch
    import re

    def within_a_name(token):
        return "[^/]" if token[0] == "." else "(?!/)" + token[0] if token[0][0] == "[" else token[0]
    tokens = re.compile(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]|\.", re.DOTALL)  # in what fnmatch gives: an escape, a set, any character
    pieces = [r"(?:.*/)?" if piece == "**/" else ".*" if piece == "**" else tokens.sub(within_a_name, fnmatch.translate(piece)[4:-3])
              if piece else "" for piece in re.split(r"(\*\*/|\*\*)", pattern.strip("/"))]
    regex = re.compile("".join(pieces), re.DOTALL)
    by_path = "/" in pattern.strip("/") or "**" in pattern

    def matches(relative):
        relative = relative.rstrip("/")
        return regex.fullmatch(relative if by_path else relative.rpartition("/")[2])
    return matches


def find(pattern: str, path: str = "."):
    matches, base, count = matcher(pattern), os.path.normpath(where(path)), 0
    for full in walk(path):
        if matches(relative_to(full, base)):
            count += 1
            if count <= MANY:
                say(shown(full))
    if not count:
        note(f"nothing below {path} matches {pattern}")
    if count > MANY:
        note(f"the first {MANY} of {count}")


def search(text: str, path: str = ".", pattern: str = "*", regex: bool = False, ignore_case: bool = False):
    import re
    import warnings
    warnings.simplefilter("ignore")  # of expressions that a later Python may read differently
    try:
        wanted = re.compile(text if regex else re.escape(text), re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as e:
        raise Wrong(f"text is no regular expression: {e}") from None
    matches, base, count, files = matcher(pattern), os.path.normpath(where(path)), 0, 0
    for full in walk(path):
        if full.endswith("/") or not matches(relative_to(full, base)):
            continue
        try:
            info = os.lstat(full)
            if not stat.S_ISREG(info.st_mode) or info.st_size > BIG:
                continue
            with open(full, "rb") as file:
                data = file.read()
        except OSError:
            continue
        if b"\0" in data[:8192]:
            continue
        whole = data.decode("utf-8", "surrogateescape")
        if not regex and not wanted.search(whole):  # an expression's ^ and $ are those of a line
            continue
        found = False
        for number, line in enumerate(whole.split("\n"), 1):
            if wanted.search(line) or line.endswith("\r") and wanted.search(line[:-1]):
                found, count = True, count + 1
                if count <= MANY:
                    say(f"{shown(full)}:{number}: {line.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace').rstrip()[:300]}")
        files += found
    if not count:
        note(f"no line below {path} has this text")
    if count > MANY:
        note(f"the first {MANY} of {count} lines in {files} files")


def ends(source, target, overwrite):
    """Both ends of a move or copy; a directory as the target means: into it."""
    from_, to = os.path.normpath(where(source)), os.path.normpath(where(target))
    if not os.path.lexists(from_):
        raise Wrong(f"{source}: no such file or directory; list_directory shows what is there")
    if os.path.isdir(to):
        to = os.path.join(to, os.path.basename(from_))
    if to == from_ or os.path.lexists(to) and os.path.samestat(os.lstat(from_), os.lstat(to)):
        raise Wrong(f"{source}: source and target are the same")
    if not os.path.islink(from_) and lies_in(os.path.dirname(to), from_):
        raise Wrong(f"{target}: lies inside {source}")
    first = is_directory(from_) or is_directory(to)
    if os.path.lexists(to) and (not overwrite or first):
        raise Wrong(f"{shown(to)}: exists already; {'delete it first' if first else 'overwrite: true replaces it'}")
    make_parents(to, target)
    return from_, to


def move(source: str, target: str, overwrite: bool = False):
    import shutil
    try:
        spare(os.path.normpath(where(source)), source, "move")
        from_, to = ends(source, target, overwrite)
        shutil.move(from_, to)
    except OSError as e:
        raise why(source, e) from None
    say(f"moved {source} to {shown(to)}")


def copy(source: str, target: str, overwrite: bool = False):
    import shutil
    try:
        from_, to = ends(source, target, overwrite)
        if is_directory(from_):
            shutil.copytree(from_, to, symlinks=True)
        else:
            if not os.path.islink(from_) and not os.path.isfile(from_):
                raise Wrong(f"{source}: is no regular file")
            if os.path.islink(to) or os.path.islink(from_) and os.path.lexists(to):
                os.unlink(to)  # written through, or in the way of a link
            shutil.copy2(from_, to, follow_symlinks=False)
    except (OSError, shutil.Error) as e:
        raise (why(source, e) if isinstance(e, OSError) and e.errno else Wrong(f"{source}: {e}")) from None
    say(f"copied {source} to {shown(to)}")


def delete(path: str, recursive: bool = False):
    full = os.path.normpath(where(path))
    spare(full, path, "delete")
    try:
        if is_directory(full):
            if not recursive and os.listdir(full):
                raise Wrong(f"{path}: is a directory and not empty; recursive: true deletes it with all that is in it")
            import shutil
            shutil.rmtree(full)
        else:
            os.unlink(full)
    except OSError as e:
        raise why(path, e, "; list_directory shows what is there") from None
    say(f"deleted {path}")


TASKS = {f.__name__: f for f in (read_file, write_file, edit_file, list_directory, find, search, move, copy, delete)}
KINDS = {str: "a string", int: "an integer", bool: "true or false"}


class Decoder:
    """What make_scanner wants to know."""

    strict, memo, parse_float, parse_int, parse_constant, object_hook, object_pairs_hook = True, {}, float, int, float, None, None


def decoded(text):
    text = text.strip()
    if make_scanner is None:
        import json
        return json.loads(text)
    try:
        value, end = make_scanner(Decoder)(text, 0)
    except StopIteration:
        end = -1
    if end != len(text):
        raise ValueError("not one JSON value")
    return value


def perform(task):
    function = TASKS.get(task)
    if not function:
        raise Wrong(f"unknown task; there are {', '.join(TASKS)}")
    try:
        arguments = decoded(sys.stdin.buffer.read().decode() or "{}")
    except (ValueError, RecursionError) as e:
        raise Wrong(f"the arguments are no JSON: {e}") from None
    if not isinstance(arguments, dict):
        raise Wrong("the arguments must be one JSON object")
    kinds = function.__annotations__
    for name, value in arguments.items():
        if name not in kinds:
            raise Wrong(f"unknown argument {name}; it takes {', '.join(kinds)}")
        if type(value) is not kinds[name]:
            raise Wrong(f"{name} must be {KINDS[kinds[name]]}")
    for name in list(kinds)[:len(kinds) - len(function.__defaults__ or ())]:
        if name not in arguments:
            raise Wrong(f"{name} is missing")
    sys.setrecursionlimit(10_000)  # directories can be 2000 deep, and each takes several calls
    function(**arguments)
    sys.stdout.flush()


def main(task=""):
    global current
    current = task
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        perform(task)
    except Wrong as e:
        note(" ".join(str(e).splitlines()))
        sys.exit(1)
    except UnicodeError:
        note("an argument has a character in it that no text can have (half of a surrogate pair)")
        sys.exit(1)
    except BrokenPipeError:
        os._exit(1)
    except OSError as e:  # what is gone meanwhile, or cannot be looked at
        note(f"{shown(str(e.filename))}: {(e.strerror or str(e)).lower()}")
        sys.exit(1)
