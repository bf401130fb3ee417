"""What is compared: which libraries a server preloads, and with which settings."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Configuration:
    key: str                    # for options and the JSON file
    title: str                  # heading of its column
    preload: tuple = ()         # libraries, in this order
    settings: tuple = ()        # lines of postgresql.conf
    extensions: tuple = ()      # to create, where they are not the libraries
    view: str = ""              # relation with a row for each statement

    @property
    def to_create(self):
        return self.extensions or self.preload


NONE = Configuration("none", "none")
NONE_AGAIN = Configuration("none2", "none again")
PGSS = Configuration("pgss", "pg_stat_statements", ("pg_stat_statements",), view="pg_stat_statements")
KCACHE = Configuration("kcache", "pg_stat_statements + pg_stat_kcache",
                       ("pg_stat_statements", "pg_stat_kcache"), view="pg_stat_kcache_detail")
STACK = Configuration("stack", "pg_stat_statements + pg_stat_kcache + pg_wait_sampling",
                      ("pg_stat_statements", "pg_stat_kcache", "pg_wait_sampling"))
ARX = Configuration("arx", "arx_perf", ("arx_perf",), view="arx_perf.statements")
ARX_AGAIN = dataclasses.replace(ARX, key="arx2", title="arx_perf again")
# pg_stat_statements leaves planning out unless told otherwise: like with like.
ARX_NO_PLANNING = Configuration("arx_noplan", "arx_perf, track_planning = off", ("arx_perf",),
                                ("arx_perf.track_planning = off",), view="arx_perf.statements")

ALL = (NONE, NONE_AGAIN, PGSS, KCACHE, STACK, ARX, ARX_NO_PLANNING)
