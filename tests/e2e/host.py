# SPDX-License-Identifier: ISC
"""What of the host must be the same after a run as it was before."""
import hashlib
import os
import subprocess

TREES = ("/etc", "/var/spool", "/var/lib/mta-sts", "/usr/lib/exim4",
         "/var/lib/dpkg/status", "/run/netns")
COMMANDS = {
    "links": ["ip", "-o", "link"],
    "mounts": ["findmnt", "-rno", "TARGET,FSTYPE"],
    "services": ["ss", "-Htuln", "sport < :1024"],
    "units": ["systemctl", "list-units", "--state=running", "--plain",
              "--no-legend", "--type=service"],
}
# Counters and queue states come and go without anybody's doing.
VOLATILE = ("/var/spool/cron", "/etc/mtab")


def entry(path):
    """One line that changes when the file PATH does."""
    stat = os.lstat(path)
    line = f"{path} {stat.st_mode:o} {stat.st_uid} {stat.st_gid}"
    if os.path.islink(path):
        return f"{line} -> {os.readlink(path)}"
    if os.path.isfile(path):
        with open(path, "rb") as file:
            return f"{line} {hashlib.sha256(file.read()).hexdigest()}"
    return line


def tree(top):
    """Lines of everything below TOP."""
    lines = []
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = [name for name in subfolders if
                         os.path.join(folder, name) not in VOLATILE]
        for path in [folder] + [os.path.join(folder, name) for name in files]:
            try:
                lines.append(entry(path))
            except FileNotFoundError:
                pass
    if os.path.isfile(top):
        lines.append(entry(top))
    return lines


def command(words):
    try:
        done = subprocess.run(words, capture_output=True, text=True,
                              timeout=20)
    except FileNotFoundError:
        return []
    return sorted(" ".join(line.split()) for line in done.stdout.splitlines())


def fingerprint():
    """Everything, as a dict of sets of lines."""
    taken = {name: set(command(words)) for name, words in COMMANDS.items()}
    taken.update({top: set(tree(top)) for top in TREES})
    return taken


def difference(before, after):
    """A line for each thing that changed; [] is what we want."""
    return [f"{what}: {sign} {line}"
            for what in before
            for sign, lines in (("-", before[what] - after[what]),
                                ("+", after[what] - before[what]))
            for line in sorted(lines)]
