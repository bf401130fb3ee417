"""Connections to a server by the C library, in this process: a thousand are cheap."""
import ctypes

import server

library = ctypes.CDLL("libpq.so.5")
library.PQconnectdb.restype = ctypes.c_void_p
library.PQexec.restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQfname", "PQgetvalue"):
    getattr(library, name).restype = ctypes.c_char_p
for name in ("PQstatus", "PQerrorMessage", "PQbackendPID", "PQfinish", "PQresultStatus",
             "PQntuples", "PQnfields", "PQclear"):
    getattr(library, name).argtypes = [ctypes.c_void_p]
for name in ("PQexec", "PQsendQuery"):
    getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p]
for name in ("PQgetvalue", "PQgetisnull"):
    getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
library.PQfname.argtypes = [ctypes.c_void_p, ctypes.c_int]
CONNECTION_OK = 0
COMMAND_OK, TUPLES_OK = 1, 2


class Connection:
    """One session.  Several threads may each use their own at the same time."""

    def __init__(self, **parameters):
        conninfo = " ".join(f"{key}='{value}'" for key, value in parameters.items())
        self.handle = library.PQconnectdb(conninfo.encode())
        if library.PQstatus(self.handle) != CONNECTION_OK:
            raise server.Failed(f"{conninfo}\n{library.PQerrorMessage(self.handle).decode()}")
        self.pid = library.PQbackendPID(self.handle)

    def query(self, command):
        """Runs a command to its end; its rows, as lists of text or None."""
        return self.table(command)[1]

    def table(self, command):
        """The same, and before it the names of the columns."""
        result = library.PQexec(self.handle, command.encode())
        try:
            if library.PQresultStatus(result) not in (COMMAND_OK, TUPLES_OK):
                raise server.Failed(f"{command}\n{library.PQerrorMessage(self.handle).decode()}")
            columns = range(library.PQnfields(result))
            return ([library.PQfname(result, column).decode() for column in columns],
                    [[self.value(result, row, column) for column in columns]
                     for row in range(library.PQntuples(result))])
        finally:
            library.PQclear(result)

    @staticmethod
    def value(result, row, column):
        if library.PQgetisnull(result, row, column):
            return None
        return library.PQgetvalue(result, row, column).decode()

    def begin(self, command):
        """Sends a command whose end nobody waits for."""
        if not library.PQsendQuery(self.handle, command.encode()):
            raise server.Failed(f"{command}\n{library.PQerrorMessage(self.handle).decode()}")

    def close(self):
        library.PQfinish(self.handle)
        self.handle = None


def connect(to, application="bench"):
    """A connection to a server."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    known = {key: to.environment[variable] for key, variable in names.items()}
    return Connection(**known, application_name=application)
