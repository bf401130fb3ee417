"""CPU time of processes and of the machine, from /proc."""
import os

TICKS = os.sysconf("SC_CLK_TCK")


def read_stat(pid):
    """Parent, and CPU seconds of a process together with the children it has reaped."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / TICKS


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def run_seconds(pid):
    """Seconds that a process of one thread has run on a processor: to the nanosecond while it sleeps."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def find_child(parent, title):
    """The child of a process that has these words in its title; None: there is none."""
    for pid in children(parent):
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            if title in file.read():
                return pid
    return None


def family_cpu(pid):
    """CPU seconds of a process, the children it has reaped and those that live."""
    total = read_stat(pid)[1]
    for child in children(pid):
        try:
            total += read_stat(child)[1]
        except OSError:             # gone in between; its parent counts it now
            pass
    return total


def machine_cpu():
    """CPU seconds that all of the machine has used: user, nice, system, interrupts."""
    with open("/proc/stat", encoding="ascii") as file:
        value = [int(word) for word in file.readline().split()[1:8]]
    return (sum(value) - value[3] - value[4]) / TICKS
