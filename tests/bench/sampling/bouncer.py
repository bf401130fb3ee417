"""A PgBouncer before a server, on a Unix socket, with one pool."""
import os
import subprocess
import time

import libpq
import server as servers_module

CLIENTS = 400
START_SECONDS = 30
INI = """[databases]
postgres = host={socket} port={server_port} pool_size={size}
[pgbouncer]
unix_socket_dir = {socket}
listen_port = {port}
auth_type = trust
auth_file = {users}
admin_users = postgres
pool_mode = transaction
max_client_conn = {clients}
logfile = {log}
"""


class Bouncer:
    def __init__(self, server, port, size):
        self.server, self.port, self.console = server, port, None
        self.folder = server.site.path(f"bouncer{port}")
        os.makedirs(self.folder, exist_ok=True)
        with open(self.path("users"), "w", encoding="ascii") as users:
            users.write('"postgres" ""\n')
        self.write(size)
        server.site.servers.append(self)        # to be stopped with the servers
        self.process = subprocess.Popen(["pgbouncer", "-q", self.path("ini")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.console = self.wait_for_console()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, size):
        with open(self.path("ini"), "w", encoding="ascii") as ini:
            ini.write(INI.format(socket=self.server.site.work, server_port=self.server.port, size=size, port=self.port,
                                 users=self.path("users"), clients=CLIENTS, log=self.path("log")))

    def connect(self, database):
        return libpq.Connection(host=self.server.site.work, port=self.port, user="postgres", dbname=database)

    def wait_for_console(self):
        limit = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.connect("pgbouncer")
            except servers_module.Failed:
                if self.process.poll() is not None or time.monotonic() > limit:
                    raise
                time.sleep(0.1)

    def resize(self, size):
        """As an operator would: the file, then RELOAD."""
        self.write(size)
        self.console.query("RELOAD")

    def totals(self):
        """Transactions so far, and the microseconds that clients waited for a server."""
        names, rows = self.console.table("SHOW STATS_TOTALS")
        row = next(dict(zip(names, row)) for row in rows if row[names.index("database")] == "postgres")
        return {"transactions": int(row["xact_count"]), "wait_us": int(row["wait_time"]),
                "xact_us": int(row["xact_time"])}

    def stop(self, _=None):
        """At once: which of its signals means that depends on its version, and it keeps nothing."""
        self.process.kill()
        self.process.wait()
