"""What is compared: which library a program preloads, and with which settings."""
import dataclasses
import glob

JEMALLOC, TCMALLOC_LIBRARY, HEAPTRACK_LIBRARY = "libjemalloc.so.2", "libtcmalloc.so.4", "libheaptrack_preload.so"
FOLDERS = ("/usr/lib/*/", "/usr/lib/heaptrack/", "/usr/lib/*/heaptrack/", "/usr/lib/")
MEAN = 512 * 1024               # bytes between samples, of all that sample


@dataclasses.dataclass(frozen=True)
class Preload:
    """{out} in a value is a folder made for each run, {bin} the one of the loads."""
    key: str                    # for options and the JSON file
    title: str                  # as a table names it
    libraries: tuple = ()       # in this order
    settings: tuple = ()        # of the environment: pairs of name and value
    base: str = "jemalloc"      # key of the same allocator without profiling

    def with_settings(self, key, title, **settings):
        return dataclasses.replace(self, key=key, title=title, settings=self.settings + tuple(settings.items()))

    @property
    def is_ours(self):
        return "{ours}" in self.libraries


NONE = Preload("none", "C library's malloc")
PLAIN = Preload("jemalloc", "plain jemalloc", (JEMALLOC,))
PLAIN_AGAIN = dataclasses.replace(PLAIN, key="jemalloc2", title="plain jemalloc again")
ARMED = Preload("armed", "arxheap", ("{ours}",), (("ARXHEAP_DIR", "{out}"), ("ARXHEAP_QUIET", "1")))
INERT = ARMED.with_settings("inert", "arxheap, inert", ARXHEAP_INERT="1")
PROFILER = Preload("profiler", "jemalloc's profiler", (JEMALLOC,), (("MALLOC_CONF", "prof:true,lg_prof_sample:19"),))
HOOK = Preload("hook", "jemalloc's profiler, unwinding by libunwind", ("{bin}/jemalloc_hook.so", JEMALLOC),
               (("MALLOC_CONF", "prof:true,prof_active:false,lg_prof_sample:19"),))
TCMALLOC = Preload("tcmalloc", "tcmalloc", (TCMALLOC_LIBRARY,), base="tcmalloc")
SAMPLING = Preload("sampling", "tcmalloc, sampling", (TCMALLOC_LIBRARY,),
                   (("TCMALLOC_SAMPLE_PARAMETER", str(MEAN)),), base="tcmalloc")
HEAPTRACK = Preload("heaptrack", "heaptrack", (HEAPTRACK_LIBRARY,), (("DUMP_HEAPTRACK_OUTPUT", "{out}/heaptrack"),),
                    base="none")


def find(library):
    """Path of an installed library; a name with a folder is one already."""
    if "/" in library:
        return library
    for folder in FOLDERS:
        found = sorted(glob.glob(folder + library))
        if found:
            return found[0]
    raise FileNotFoundError(f"{library} is not installed")
