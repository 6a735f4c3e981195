# SPDX-License-Identifier: ISC
"""The closed place the world lives in: namespaces, mounts, processes.

Everything hangs on one process, pid 1 of a pid namespace of its own.  When
that dies, in whatever way, the kernel takes every process, mount, interface
and temporary file of the world with it; there is nothing to clean up.

Network: this process sits in the "internet" itself; "path" is the router
through which all mail, DNS and HTTPS of "sender" must pass.
"""
import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

import net
import root as debian

HERE = pathlib.Path(__file__).resolve().parent
MOUNT = debian.BUILD / "mnt"  # empty on the host; a tmpfs inside
INSIDE = "E2E_INSIDE"
DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def enter_network(file):
    if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def unshare(program, arguments, **popen):
    """Start PROGRAM again inside fresh namespaces; the Popen of it."""
    MOUNT.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        ["unshare", "-m", "-n", "-p", "-u", "-i", "--propagation", "private",
         "--mount-proc", "--fork", "--kill-child", sys.executable, program,
         *arguments], env=dict(os.environ, **{INSIDE: "1"}), **popen)


def inside():
    """Are we the process that unshare() started?"""
    return os.environ.pop(INSIDE, None) == "1"


def interrupted(number, frame):
    raise KeyboardInterrupt


def heed_signals():
    """Let every signal that asks us to end unwind us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)


@contextlib.contextmanager
def places(program, arguments, count=1, **popen):
    """COUNT closed places that run PROGRAM; the Popens of them.

    However the block is left, the places end, and with them all that is in
    them.
    """
    children = []
    try:
        for _ in range(count):
            children.append(unshare(program, arguments, **popen,
                                    start_new_session=True,
                                    preexec_fn=die_with_parent))
        yield children
    finally:
        for child in children:
            child.kill()
            child.wait()


def enter(program, arguments):
    """Run PROGRAM in a closed place and wait; its exit status."""
    with places(program, arguments) as (child,):
        try:
            return child.wait()
        except KeyboardInterrupt:
            return 130


def reap(work):
    """As pid 1: run WORK in a child and bury whatever dies meanwhile."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the outside ends us
    worker = os.fork()
    if worker == 0:
        os._exit(work())
    while True:
        pid, status = os.wait()
        if pid == worker:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def run(*command, check=True, **options):
    """Run COMMAND, bounded in time; an error of its own is raised."""
    options = {"timeout": 60, "input": "", **options}
    done = subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, errors="replace", **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: "
                           f"{done.stderr or done.stdout}")
    return done


def wait_for(what, ready, seconds=10):
    """Poll READY until it is true; complain about WHAT otherwise."""
    end = time.monotonic() + seconds
    while True:
        result = ready()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Space:
    """Namespaces and roots, ready to start servers in."""

    def __init__(self):
        self.processes = {}
        self.roots = {}

    def path(self, *parts):
        return MOUNT.joinpath(*parts)

    def build(self):
        """Mounts and network of the place; call once, inside."""
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", MOUNT)
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
        for name in ("root", "log", "layer"):
            self.path(name).mkdir()
        run("hostname", net.SENDER)
        self.link()

    def link(self):
        """sender -- path -- internet, and no way out of any of them."""
        script = """
        ip netns add sender; ip netns add path
        ip link set lo up
        ip link add internet type veth peer name path1 netns path
        ip -n path link add path0 type veth peer name sender netns sender
        """
        for name, pair in net.LINKS.items():
            space = "" if name == "internet" else \
                "-n sender" if name == "sender" else "-n path"
            for address in pair:
                script += f"ip {space} addr add {address} dev {name} " + \
                    ("nodad" if ":" in address else "") + "\n"
            script += f"ip {space} link set {name} up; " \
                f"ip {space} link set lo up\n"

        def gateway(name):
            return [address.split("/")[0] for address in net.LINKS[name]]

        for way, space, name in (("default", "-n sender", "path0"),
                                 ("default", "", "path1")):
            for address in gateway(name):
                script += f"ip {space} route add {way} via {address}\n"
        for prefix, via in zip(net.SERVED, gateway("internet")):
            script += f"ip -n path route add {prefix} via {via}\n" \
                f"ip route add local {prefix} dev lo\n"
        script += "sysctl -qw net.ipv6.ip_nonlocal_bind=1" \
            " net.ipv4.ip_unprivileged_port_start=0\n"
        run("sh", "-ec", script)
        run("nsenter", "--net=/run/netns/path", "sysctl", "-qw",
            "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
            "net.ipv4.conf.all.rp_filter=0", "net.ipv4.icmp_ratelimit=0",
            "net.ipv6.icmp.ratelimit=0")

    def root(self, name, base=None):
        """Mount a private, writable copy of BASE, or of its Debian root."""
        if name in self.roots:
            return self.roots[name]
        if base is None:
            base = debian.servers.path if name == "servers" else \
                debian.senders.path
        upper, work = self.path("layer", name), self.path("layer", name + "-w")
        where = self.path("root", name)
        for folder in (upper, work, where):
            folder.mkdir()
        run("mount", "-t", "overlay", "-o",
            f"lowerdir={base},upperdir={upper},workdir={work}",
            "overlay", where)
        run("mount", "-t", "proc", "proc", where / "proc")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", where / "dev")
        for device, minor in DEVICES.items():
            run("mknod", "-m", "666", where / "dev" / device, "c", 1, minor)
        (where / "dev/shm").mkdir()
        (where / "dev/shm").chmod(0o1777)
        self.roots[name] = str(where)
        return self.roots[name]

    @contextlib.contextmanager
    def network(self, name):
        """This thread, and those it starts, are in the network NAME."""
        with open("/proc/thread-self/ns/net") as here, \
                open(f"/run/netns/{name}") as there:
            enter_network(there)
            try:
                yield
            finally:
                enter_network(here)

    def command(self, network, root, *command):
        """Argument list that runs COMMAND in a network and a root."""
        prefix = []
        if network != "internet":
            prefix = ["nsenter", f"--net=/run/netns/{network}"]
        if root is not None:
            prefix += ["chroot", self.root(root)]
        return prefix + [str(word) for word in command]

    def run(self, network, root, *command, **options):
        return run(*self.command(network, root, *command), **options)

    def spawn(self, name, network, root, *command):
        """Start a server; its output goes to log/NAME."""
        with open(self.path("log", name), "ab") as log:
            self.processes[name] = subprocess.Popen(
                self.command(network, root, *command), stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return self.processes[name]

    def stop(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return
        process.kill()
        process.wait()

    def check_alive(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                log = self.path("log", name).read_text(errors="replace")
                raise RuntimeError(f"{name} ended: {log[-400:]}")
