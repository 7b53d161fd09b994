#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Boots a kernel, the stock one by default, on this tree and runs a command in it as root.

The guest's root is the environment's tree with the checkout at its usual path;
it may write anywhere and nothing of it stays, except below folders given with
--share and, with --rw, in the checkout. Output is shown as it comes.

The exit status is the command's own, or
   99  the kernel complained: a warning, an oops, a stall, a leak (lines shown)
  124  the command did not end in time
  125  the machine did not boot, or died
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import tty

SPLAT, TIMEOUT, DEAD = 99, 124, 125

# What no kernel may say while slr is tested on it.
COMPLAINT = re.compile("|".join((
    r"\[ cut here \]", r"\bWARNING: ", r"\bBUG: ", r"kernel BUG at", r"\bOops\b",
    r"general protection fault", r"unable to handle", r"Kernel panic", r"Call Trace:",
    r"\bKASAN\b.*:", r"\bKCSAN\b.*:", r"\bKFENCE: .*(use-after|out-of|invalid|corruption)",
    r"\bUBSAN\b.*:", r"kmemleak: \d+ new", r"refcount_t: ", r"ODEBUG: ",
    r"possible (recursive|circular|irq) lock", r"inconsistent lock state",
    r"suspicious RCU usage", r"rcu: .*(stall|self-detected|detected expedited)",
    r"soft lockup", r"hard LOCKUP", r"blocked for more than \d+ seconds",
    r"unregister_netdevice: waiting", r"list_(add|del) corruption",
    r"sleeping function called from invalid", r"scheduling while atomic",
    r"Modules linked in:", r"rust_kernel: panicked", r"bad page state", r"Out of memory:",
)))
# The kernel shows a stack with that too, within so many lines. It is an answer to a lack of memory.
NO_CACHE, STACK_WITHIN = re.compile(r"__kmem_cache_create_args\(\w+\) failed"), 8


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/vm", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="environment: SLR_VM_CPUS (2), SLR_VM_MEMORY (2G), SLR_VM_TIMEOUT (1800 s), "
               "SLR_VM_BOOT_TIMEOUT (180 s), SLR_ACCEL (kvm or tcg; default: kvm if a machine "
               "boots with it, which is tried once)")
    parser.add_argument("--name", default="slr", help="the guest's host name, and a prefix of what is shown")
    parser.add_argument("--net", action="append", default=[], metavar="NAME=[listen:]SOCKET",
                        help="a network device NAME; two machines given one SOCKET, one of them "
                             "with listen:, share a wire")
    parser.add_argument("--share", action="append", default=[], metavar="DIR",
                        help="a folder that guest and host both read and write")
    parser.add_argument("--rw", action="store_true", help="let the guest write to the checkout")
    parser.add_argument("--prefix", action="store_true", help="show the machine's name before each line")
    parser.add_argument("--timeout", type=float, default=number("SLR_VM_TIMEOUT", 1800), metavar="SECONDS")
    parser.add_argument("--log", metavar="FILE", help="keep the kernel's log here")
    parser.add_argument("--kernel", default=os.environ.get("SLR_VM_KERNEL"), metavar="DIR",
                        help="a built kernel tree instead of the stock kernel, with its modules in DIR/installed "
                             "if it has any; overlayfs and virtiofs must be built in, or hostfs if it is "
                             "User-Mode Linux, which runs as a process of this machine (SLR_VM_KERNEL)")
    parser.add_argument("--icount", action="store_true",
                        help="one CPU whose clock counts instructions: a nanosecond for each, the same on every host")
    parser.add_argument("--plugin", metavar="FILE[,ARG]...", help="a plugin for QEMU to load")
    parser.add_argument("--append", default="", metavar="ARGS", help="more for the kernel's command line")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD", help="default: a shell")
    args = parser.parse_args()
    if args.command[:1] == ["--"]:
        del args.command[0]
    return args


def number(name, default):
    return float(os.environ.get(name, default))


def fail(text):
    print(f"vm: {text}", file=sys.stderr)
    sys.exit(DEAD)


def accelerator():
    """kvm where a machine really boots with it: /dev/kvm alone proves nothing."""
    wish = os.environ.get("SLR_ACCEL", "")
    if wish:
        return wish
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    memory = pathlib.Path("/var/cache/slr/accel")
    known = memory.read_text().split() if memory.exists() else []
    if known[:1] != [boot]:
        probe = subprocess.run([__file__, "--timeout", "10", "--", "true"], check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "SLR_ACCEL": "kvm", "SLR_VM_BOOT_TIMEOUT": "15", "SLR_VM_KERNEL": ""})
        known = [boot, "kvm" if probe.returncode == 0 else "tcg"]
        fresh = memory.with_name(f"accel.{os.getpid()}")
        fresh.write_text(" ".join(known))
        fresh.rename(memory)
    return known[1]


def kernel(tree):
    """Release, image and folder of modules if that is not the usual one."""
    if not tree:
        release = os.environ["SLR_RELEASE"]
        image = f"/boot/vmlinuz-{release}"
        if not os.path.exists(image):
            fail(f"{image} is missing from the tree: run scripts/env setup")
        return release, image, None
    tree = os.path.abspath(tree)
    image = next(filter(os.path.exists, (f"{tree}/arch/x86/boot/bzImage", f"{tree}/linux")), None)
    if not image:
        fail(f"--kernel {tree} has neither arch/x86/boot/bzImage nor linux: build the kernel there first")
    release = pathlib.Path(f"{tree}/include/config/kernel.release").read_text().strip()
    return release, image, f"{tree}/installed/lib/modules/{release}"


class Machine:
    def __init__(self, args):
        self.args = args
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="slr-vm."))
        self.release, self.image, self.modules = kernel(args.kernel)
        self.console = self.dir / "console"
        self.cpus, self.memory = int(number("SLR_VM_CPUS", 2)), os.environ.get("SLR_VM_MEMORY", "2G")
        self.children = []
        self.ports = {}
        self.received = {"status": b"", "log": b"", "out": b""}
        self.guest_ends = []

    def start(self):
        """Starts the machine; all that belongs to it dies with this process."""
        words = ["ro", "loglevel=5", "log_buf_len=4M",
                 f"init={checkout()}/scripts/vm-init", f"slr.job={self.dir}/job", f"slr.name={self.args.name}"]
        if not self.args.command:
            words.append("slr.interactive=1")
        if self.modules:
            words.append(f"slr.modules={self.modules}")
        shares = [os.path.abspath(d) for d in self.args.share] + [checkout()] * self.args.rw
        for folder in shares:
            if not os.path.isdir(folder):
                fail(f"--share {folder} is not a folder: make it first")
        self.write_job()
        uml = os.path.basename(self.image) == "linux"
        (self.start_uml if uml else self.start_qemu)(words, shares)

    def start_qemu(self, words, shares):
        """QEMU, and a server for each folder that the guest sees."""
        devices = self.file_system("root", "/", "always")
        for i, folder in enumerate(shares):
            devices += self.file_system(f"share{i}", folder, "auto")
            words.append(f"slr.mount=share{i}:{folder}")
        for i, net in enumerate(self.args.net):
            device, word = self.network(i, net)
            devices += device
            words.append(word)
        devices += self.serial_ports()
        # With this clock an idle guest's time leaps to its next timer.
        icount = ["-icount", "shift=0,sleep=off"] if self.args.icount else []
        accel = "tcg,thread=single" if icount else accelerator()
        # virtiofsd writes programs into the guest's memory behind the emulator's back, which goes on
        # with what it has translated of a program that was there before, unless the guest clears pages.
        clear = ["init_on_alloc=1"] if accel.startswith("tcg") else []
        cpus = 1 if icount else self.cpus
        plugin = ["-plugin", self.args.plugin] if self.args.plugin else []
        self.spawn([
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "q35,memory-backend=mem", "-object", f"memory-backend-memfd,id=mem,size={self.memory},share=on",
            "-m", self.memory, "-smp", str(cpus), *icount, *plugin,
            "-accel", "tcg,thread=multi" if accel == "tcg" else accel,
            "-cpu", "max,la57=off" if accel.startswith("tcg") else "host",
            "-serial", f"file:{self.console}", "-kernel", self.image, "-append", " ".join([
                "rootfstype=virtiofs root=root console=ttyS0 oops=panic panic=-1",
                "mitigations=off rcupdate.rcu_cpu_stall_timeout=60",
                *clear, *words, self.args.append]),
            *devices])

    def start_uml(self, words, shares):
        """User-Mode Linux: files come by hostfs, the ports are serial lines.

        One more, which the guest finds in $SLR_CPU_TIME, answers each line with the nanoseconds that
        each CPU has run the guest's kernel, exact if it is idle when it asks. Neither the guest's
        processes nor whatever else has this machine's processors are in them.
        """
        if self.args.net or self.args.icount or self.args.plugin:
            fail("User-Mode Linux has no --net, --icount or --plugin: use another kernel for that")
        for i, name in enumerate(self.ports_of_guest("cpu")):
            words += [f"ssl{i}=fd:{self.guest_ends[-1].fileno()}", f"slr.port=slr.{name}:ttyS{i}"]
        self.console = self.dir / "linux.log"
        # Several CPUs need seccomp; tracing works with kernels where that does not.
        seccomp = "seccomp=on" if self.cpus > 1 else "seccomp=off"
        self.spawn([self.image, f"mem={self.memory}", f"ncpus={self.cpus}", seccomp, "rootfstype=hostfs",
                    "root=/dev/root", "rootflags=/", "con=null", *words,
                    *[f"slr.mount=hostfs:{folder}" for folder in shares], *self.args.append.split()])

    def spawn(self, command):
        with open(self.dir / f"{os.path.basename(command[0])}.log", "ab") as log:
            self.children.append(subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, "TMPDIR": str(self.dir)},
                pass_fds=[end.fileno() for end in self.guest_ends], start_new_session=True))
        return self.children[-1]

    def file_system(self, tag, folder, cache):
        path = self.dir / f"{tag}.fs"
        server = self.spawn(["/usr/libexec/virtiofsd", "--socket-path", str(path), "--shared-dir", folder,
                             "--sandbox", "none", "--no-announce-submounts", "--cache", cache])
        while not path.exists():
            if server.poll() is not None:
                fail(f"virtiofsd did not start: {(self.dir / 'virtiofsd.log').read_text()}")
            time.sleep(0.01)
        return ["-chardev", f"socket,id=fs-{tag},path={path}",
                "-device", f"vhost-user-fs-pci,chardev=fs-{tag},tag={tag}"]

    def network(self, i, net):
        name, _, path = net.partition("=")
        if not re.fullmatch(r"[\w.-]{1,15}", name) or not path:
            fail(f"--net {net} is wrong: it reads NAME=SOCKET or NAME=listen:SOCKET")
        listen = path.startswith("listen:")
        path = os.path.abspath(path.removeprefix("listen:"))
        role = "server=on" if listen else "server=off,reconnect-ms=100"
        number_ = hashlib.sha256(f"{path} {listen}".encode()).hexdigest()
        mac = ":".join(["52:54:00"] + [number_[j:j + 2] for j in (0, 2, 4)])
        return (["-netdev", f"stream,id=net{i},{role},addr.type=unix,addr.path={path}",
                 "-device", f"virtio-net-pci,netdev=net{i},mac={mac}"], f"slr.net={name},{mac}")

    def ports_of_guest(self, *more):
        """Makes the ways that output comes; the guest's end of each is the last one then."""
        for name in ("status", "log", "out", *more):
            ours, theirs = socket.socketpair()
            self.ports[name] = ours
            self.guest_ends.append(theirs)
            yield name

    def serial_ports(self):
        devices = ["-device", "virtio-serial-pci"]
        for name in self.ports_of_guest():
            kind = "virtconsole" if name == "out" and not self.args.command else "virtserialport"
            devices += ["-chardev", f"socket,id={name},fd={self.guest_ends[-1].fileno()}",
                        "-device", f"{kind},chardev={name},name=slr.{name}"]
        return devices

    def write_job(self):
        lines = [f"export {n}={shlex.quote(v)}" for n, v in os.environ.items()
                 if n in ("TERM", "CI", "SLR") or n.startswith("SLR_")]
        lines += [f"export SLR_KO=${{SLR_KO:-{checkout()}/build/{self.release}/slr.ko}}",
                  f"export SLR=${{SLR:-{checkout()}/build/userspace/release/slr}}",
                  "export SLR_CPU_TIME=/dev/ttyS3",
                  f"cd {shlex.quote(os.getcwd())}", f"exec {shlex.join(self.args.command or ['/bin/bash', '-i'])}"]
        (self.dir / "job").write_text("\n".join(lines) + "\n")

    def run(self):
        """Follows the machine to its end and returns the exit status."""
        self.start()
        for end in self.guest_ends:
            end.close()
        machine = self.children[-1]
        started = time.monotonic()
        boot_limit, limit = number("SLR_VM_BOOT_TIMEOUT", 180), self.args.timeout
        booted = status = None
        while self.ports:
            now = time.monotonic()
            if booted is None and b"ready" in self.received["status"]:
                booted = now
            if booted is None and now - started > boot_limit:
                return self.dead(f"did not boot in {boot_limit:.0f} s")
            if booted and self.args.command and now - booted > limit:
                return self.dead(f"did not end its command in {limit:.0f} s", TIMEOUT)
            if not self.receive() and machine.poll() is not None:
                break
            if status is None:
                found = re.search(rb"^exit (\d+)$", self.received["status"], re.M)
                status = int(found[1]) if found else None
        if self.args.plugin:
            machine.wait(60)  # it writes what it has found when it ends
        if status is None:
            return self.dead("died while its command ran" if booted else "died while it booted")
        return SPLAT if self.complaints() else status

    def receive(self):
        """Takes what the guest sent; False if there was nothing for a while."""
        sources = {s: n for n, s in self.ports.items()}
        watched = list(sources)
        if not self.args.command:
            watched.append(sys.stdin)
        ready, _, _ = select.select(watched, [], [], 0.5)
        for source in ready:
            if source is sys.stdin:
                self.ports["out"].sendall(os.read(sys.stdin.fileno(), 4096))
                continue
            name = sources[source]
            try:
                data = source.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                del self.ports[name]
            elif name == "out":
                self.show(data)
            elif name == "cpu":
                source.sendall(self.cpu_times().encode() * data.count(b"\n"))
            else:
                self.received[name] += data
        return bool(ready)

    def cpu_times(self):
        tasks = pathlib.Path(f"/proc/{self.children[-1].pid}/task").iterdir()
        spent = [(task / "schedstat").read_text().split()[0] for task in sorted(tasks, key=lambda task: int(task.name))]
        return " ".join(spent) + "\n"

    def show(self, data):
        if self.args.prefix:
            data = self.received["out"] + data
            data, _, self.received["out"] = data.rpartition(b"\n")
            if not data:
                return
            name = self.args.name.encode()
            data = b"".join(name + b": " + line + b"\n" for line in data.split(b"\n"))
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def kernel_log(self):
        """The guest's own log if it could still send it, what the console showed besides."""
        console = self.console.read_text(errors="replace") if self.console.exists() else ""
        lines = self.received["log"].decode(errors="replace").splitlines()
        have = set(lines)
        return lines + [line for line in console.replace("\r", "").splitlines() if line not in have]

    def complaints(self):
        log = self.kernel_log()
        no_cache = -STACK_WITHIN - 1
        for first, line in enumerate(log):
            if NO_CACHE.search(line):
                no_cache = first
            elif COMPLAINT.search(line) and not ("Call Trace:" in line and first <= no_cache + STACK_WITHIN):
                break
        else:
            return False
        print(f"vm: the kernel of {self.args.name} complained:", file=sys.stderr)
        print("\n".join(log[first:first + 60]), file=sys.stderr)
        return True

    def dead(self, why, status=DEAD):
        if self.complaints():
            status = SPLAT
        else:
            print("\n".join(self.kernel_log()[-20:]), file=sys.stderr)
            qemu = self.dir / "qemu-system-x86_64.log"
            print(qemu.read_text(errors="replace") if qemu.exists() else "", end="", file=sys.stderr)
        print(f"vm: {self.args.name} {why}", file=sys.stderr)
        return status

    def close(self):
        if self.args.prefix and self.received["out"]:
            self.show(b"\n")
        for child in self.children:
            # User-Mode Linux has a process for each of the guest's.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if self.args.log:
            pathlib.Path(self.args.log).write_text("\n".join(self.kernel_log()) + "\n")
        shutil.rmtree(self.dir, ignore_errors=True)


def checkout():
    return os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def main():
    args = parse_arguments()
    terminal = None
    if not args.command:
        if not sys.stdin.isatty():
            fail("no command was given and there is no terminal for a shell: give a command")
        terminal = termios.tcgetattr(sys.stdin)
    machine = Machine(args)
    try:
        if terminal:
            tty.setraw(sys.stdin)
        status = machine.run()
    except KeyboardInterrupt:
        status = 130
    finally:
        machine.close()
        if terminal:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, terminal)
    sys.exit(status)


if __name__ == "__main__":
    main()
