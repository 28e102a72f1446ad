package org.rungpt.runner.docker;

import java.util.List;

/**
 * What a program tries against the walls of its container, by system calls, so that no tool has to be there. Each prints one line: that it
 * was denied and how, that it succeeded, or what else became of it, which proves nothing. None does any harm where it succeeds: files are
 * opened, not written.
 */
final class Probes {
    /** Those that must succeed in a container without a filter of system calls, with the host's processes and some capabilities too many. */
    static final List<String> WITH_TOO_MANY_RIGHTS = List.of(
            "mount",
            "mknod",
            "unshare mounts",
            "chroot",
            "sethostname",
            "setns",
            "keyctl",
            "ptrace of a process of the host",
            "read the memory of a process of the host",
            "signal a process of the host",
            "raise the priority");

    private static final String PROGRAM = """
            import ctypes, errno, os, sys
            libc = ctypes.CDLL(None, use_errno=True)
            HOST = int(sys.argv[1])
            WALL = {"EPERM", "EACCES", "EROFS", "ENOSYS"}
            ABSENT = WALL | {"ENOENT"}
            GONE = WALL | {"ESRCH"}

            def call(number, *arguments):
                ctypes.set_errno(0)
                if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)) < 0:
                    raise OSError(ctypes.get_errno(), "")

            def probe(name, denied, action):
                child = os.fork()
                if child:
                    os.waitpid(child, 0)
                    return
                try:
                    action()
                    print("succeeded", name, flush=True)
                except OSError as e:
                    code = errno.errorcode.get(e.errno, str(e.errno))
                    print("denied" if code in denied else "unclear", name, code, flush=True)
                os._exit(0)

            def opening(path, flags=os.O_WRONLY):
                return lambda: os.open(path, flags)

            def folder(path):
                os.mkdir(path)
                os.rmdir(path)

            def mounting(kind, options=b""):
                return lambda: call(165, b"none", b"/mnt", kind, 0, options)

            def device():
                os.mknod("/tmp/probe-disk", 0o60600, os.makedev(8, 0))
                os.unlink("/tmp/probe-disk")

            def attach():
                call(101, 16, HOST, 0, 0)
                os.waitpid(HOST, 0x40000000)
                call(101, 17, HOST, 0, 0)

            def foreign_memory():
                buffer = ctypes.create_string_buffer(8)
                place = int(open(f"/proc/{HOST}/maps").readline().split("-")[0], 16)
                local = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 8)
                remote = (ctypes.c_ulong * 2)(place, 8)
                call(310, HOST, local, 1, remote, 1, 0)

            def ids():
                attributes = (ctypes.c_uint32 * 4)()
                call(321, 11, attributes, 16)

            probe("mount", WALL, mounting(b"tmpfs"))
            probe("mount proc", WALL, mounting(b"proc"))
            probe("mount cgroup2", WALL, mounting(b"cgroup2"))
            probe("mount cgroup", WALL, mounting(b"cgroup", b"memory"))
            probe("remount", WALL, lambda: call(165, b"none", b"/", b"", 32, 0))
            probe("umount", WALL, lambda: call(166, b"/proc/kcore", 2))
            probe("pivot_root", WALL, lambda: call(155, b"/", b"/"))
            probe("mknod", WALL, device)
            probe("unshare mounts", WALL, lambda: call(272, 0x20000))
            probe("unshare users", WALL, lambda: call(272, 0x10000000))
            probe("unshare cgroups", WALL, lambda: call(272, 0x02000000))
            probe("setns", WALL, lambda: call(308, os.open("/proc/self/ns/mnt", os.O_RDONLY), 0))
            probe("chroot", WALL, lambda: os.chroot("/"))
            probe("sethostname", WALL, lambda: call(170, os.uname().nodename.encode(), len(os.uname().nodename)))
            probe("settimeofday", WALL, lambda: call(227, 99, 0))
            probe("swapon", WALL, lambda: call(167, b"/no/such", 0))
            probe("reboot", WALL, lambda: call(169, 0, 0, 0, 0))
            probe("init_module", WALL, lambda: call(175, 0, 0, 0))
            probe("kexec_load", WALL, lambda: call(246, 0, 0, 0, 0xff00))
            probe("keyctl", WALL, lambda: call(250, 0, -3, 1))
            probe("bpf", WALL, ids)
            probe("open_by_handle_at", WALL, lambda: call(304, 0, 0, 0))
            probe("userfaultfd", WALL, lambda: call(323, 0))
            probe("perf_event_open", WALL, lambda: call(298, 0, 0, -1, -1, 0))
            probe("ptrace of a process of the host", GONE, attach)
            probe("read the memory of a process of the host", GONE | {"ENOENT"}, foreign_memory)
            probe("signal a process of the host", GONE, lambda: os.kill(HOST, 0))
            probe("kernel log", WALL, lambda: call(103, 10, 0, 0))
            probe("raise the priority", WALL, lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) - 1))
            probe("core_pattern", WALL, opening("/proc/sys/kernel/core_pattern"))
            probe("sysrq-trigger", ABSENT, opening("/proc/sysrq-trigger"))
            probe("kcore", ABSENT, lambda: os.read(os.open("/proc/kcore", os.O_RDONLY), 1)[0])
            probe("mem", ABSENT, opening("/dev/mem", os.O_RDONLY))
            probe("disk", ABSENT, opening("/dev/sda", os.O_RDONLY))
            probe("loop device", ABSENT, opening("/dev/loop-control", os.O_RDWR))
            probe("engine", ABSENT, opening("/var/run/docker.sock", os.O_RDWR))
            probe("v1 release_agent", ABSENT, opening("/sys/fs/cgroup/memory/release_agent"))
            probe("v1 group", ABSENT, lambda: folder("/sys/fs/cgroup/memory/probe"))
            probe("v1 memory", ABSENT, opening("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
            probe("v1 processes", ABSENT, opening("/sys/fs/cgroup/pids/pids.max"))
            probe("v1 devices", ABSENT, opening("/sys/fs/cgroup/devices/devices.allow"))
            probe("v2 group", ABSENT, lambda: os.stat("/sys/fs/cgroup/cgroup.controllers") and folder("/sys/fs/cgroup/probe"))
            probe("v2 members", ABSENT, opening("/sys/fs/cgroup/cgroup.procs"))
            probe("v2 controllers", ABSENT, opening("/sys/fs/cgroup/cgroup.subtree_control"))
            probe("v2 memory", ABSENT, opening("/sys/fs/cgroup/memory.max"))
            probe("v2 processes", ABSENT, opening("/sys/fs/cgroup/pids.max"))
            """;

    private Probes() {}

    /** @param process of the host, by its number there */
    static String script(long process) {
        return "cat > /tmp/probes.py <<'END'\n" + PROGRAM + "END\npython3 /tmp/probes.py " + process + " 2>&1";
    }

    /** The names of those that succeeded. */
    static List<String> succeeded(String said) {
        return said.lines()
                .filter(line -> line.startsWith("succeeded "))
                .map(line -> line.substring("succeeded ".length()))
                .toList();
    }
}
