"""Table 5: shared memory at default settings."""
import configurations
import report

TARGET_BYTES = 32 * 1024 * 1024
ROUNDED_BYTES = 8192            # CreateSharedMemoryAndSemaphores() rounds up to whole blocks
SHOWN = (configurations.PGSS, configurations.KCACHE, configurations.STACK, configurations.ARX)


def measure(site, _):
    """Bytes of each server, by the server's own account, and what health says of it."""
    data = {}
    for configuration in (configurations.NONE, *SHOWN):
        server = site.server(configuration)
        server.start()
        total = server.sql("SELECT sum(allocated_size) FROM pg_shmem_allocations")[0]
        data[configuration.key] = {"total": int(total)}
        if configuration == configurations.ARX:
            data["health"] = int(server.sql("SELECT value::bigint FROM arx_perf.health "
                                            "WHERE metric = 'shared_memory_bytes'")[0])
        server.stop()
    report.progress("shared memory")
    return data


def render(data):
    none = data[configurations.NONE.key]["total"]
    rows = []
    for configuration in SHOWN:
        more = data[configuration.key]["total"] - none
        row = [configuration.title, f"{more:,}", f"{more / 1024 ** 2:.1f}", "", "", ""]
        if configuration == configurations.ARX:
            is_exact = abs(data["health"] - more) < ROUNDED_BYTES
            row[3:] = (f"{data['health']:,}", "at most 32 MB, stated by `health` to the byte",
                       report.REACHED if more <= TARGET_BYTES and is_exact else report.MISSED)
        rows.append(row)
    return "\n".join((
        "## Shared memory", "",
        "At default settings and 100 connections: how much more `pg_shmem_allocations` adds up to than without a",
        f"library. The server rounds its total to {ROUNDED_BYTES:,} bytes; `health` must explain it up to that.", "",
        report.table(["server", "bytes more", "MB", "said by `health`", "target", "verdict"], rows)))
