/*
 * program_check.c
 *	  Looks at a program file: what stands in the way of a preload.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/program_check.h"

#define RUNTIME_NAME "libarxheap.so"
#define MOST_INTERPRETERS 4

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#else
#error "this architecture is not supported"
#endif

/* Allocators whose blocks must not be mixed with those of malloc(). */
static const char *const other_allocators[] = {"libtcmalloc", "libmimalloc",
											   "libhoard", "libsupermalloc"};

static void __attribute__((format(printf, 2, 3)))
note_obstacle(ArxProgramCheck *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(check->obstacle, sizeof(check->obstacle), format, arguments);
	va_end(arguments);
}

/* The file that execvp() would choose; false and errno when there is none. */
static bool
find_in_path(const char *name, char *path, size_t size)
{
	const char *folders = getenv("PATH");
	int problem = ENOENT;

	if (strchr(name, '/'))
	{
		snprintf(path, size, "%s", name);
		return access(path, X_OK) == 0;
	}
	if (!folders)
		folders = "/bin:/usr/bin";
	for (;;)
	{
		size_t length = strcspn(folders, ":");
		struct stat status;
		int used = snprintf(path, size, "%.*s%s%s", (int) length, folders,
							length ? "/" : "", name);

		if (used > 0 && (size_t) used < size && stat(path, &status) == 0 &&
			S_ISREG(status.st_mode))
		{
			if (access(path, X_OK) == 0)
				return true;
			problem = errno;
		}
		if (folders[length] == '\0')
			break;
		folders += length + 1;
	}
	errno = problem;
	return false;
}

/* The system runs such a file with others' rights and drops LD_PRELOAD. */
static void
check_rights(ArxProgramCheck *check, int fd)
{
	struct stat status;
	char capabilities[64];

	if (fstat(fd, &status) != 0)
		return;
	if ((status.st_mode & S_ISUID) && status.st_uid != getuid())
		note_obstacle(check,
					  "%s is setuid: the system does not preload into it",
					  check->path);
	else if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			 status.st_gid != getgid())
		note_obstacle(check,
					  "%s is setgid: the system does not preload into it",
					  check->path);
	else if (getuid() != 0 &&
			 fgetxattr(fd, "security.capability", capabilities,
					   sizeof(capabilities)) > 0)
		note_obstacle(
			check,
			"%s has file capabilities: the system does not preload into it",
			check->path);
}

/* True if a table of symbols defines a global malloc. */
static bool
defines_malloc(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count =
		header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count; i++)
	{
		GElf_Sym symbol;
		const char *name;

		if (!gelf_getsym(data, (int) i, &symbol) ||
			symbol.st_shndx == SHN_UNDEF ||
			GELF_ST_BIND(symbol.st_info) == STB_LOCAL ||
			GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name && strcmp(name, "malloc") == 0)
			return true;
	}
	return false;
}

/* The first library of another allocator that the program asks for. */
static const char *
needed_allocator(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count =
		header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count; i++)
	{
		GElf_Dyn entry;
		const char *name;

		if (!gelf_getdyn(data, (int) i, &entry) || entry.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		for (size_t k = 0;
			 name && k < sizeof(other_allocators) / sizeof(*other_allocators);
			 k++)
			if (strncmp(name, other_allocators[k],
						strlen(other_allocators[k])) == 0)
				return name;
	}
	return NULL;
}

static void
check_allocator(ArxProgramCheck *check, Elf *elf)
{
	Elf_Scn *section = NULL;

	while (!check->obstacle[0] && (section = elf_nextscn(elf, section)) != NULL)
	{
		GElf_Shdr header;
		const char *library;

		if (!gelf_getshdr(section, &header))
			continue;
		if ((header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM) &&
			defines_malloc(elf, section, &header))
			note_obstacle(check, "%s has a malloc of its own linked in",
						  check->path);
		else if (header.sh_type == SHT_DYNAMIC &&
				 (library = needed_allocator(elf, section, &header)) != NULL)
			note_obstacle(check, "it is linked to %s, another allocator",
						  library);
	}
}

static bool
has_loader(Elf *elf)
{
	size_t count;

	if (elf_getphdrnum(elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++)
	{
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int) i, &header) && header.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static void
check_elf(ArxProgramCheck *check, int fd)
{
	Elf *elf;
	GElf_Ehdr header;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		note_obstacle(check, "%s is neither a program nor a script",
					  check->path);
	else if (header.e_machine != OUR_MACHINE ||
			 header.e_ident[EI_CLASS] != ELFCLASS64)
		note_obstacle(check, "%s is a program of another architecture",
					  check->path);
	else if (!has_loader(elf))
		note_obstacle(check, "%s is statically linked", check->path);
	else
		check_allocator(check, elf);
	elf_end(elf);
}

/*
 * The program that a "#!" line names; of "env NAME" that NAME.  False when the
 * file is no script.
 */
static bool
read_interpreter(int fd, char *name, size_t size)
{
	char line[512];
	ssize_t got = pread(fd, line, sizeof(line) - 1, 0);
	char *rest;
	char *word;
	const char *base;

	if (got < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	word = strtok_r(line + 2, " \t", &rest);
	if (!word)
		return false;
	base = strrchr(word, '/');
	if (base && strcmp(base, "/env") == 0)
	{
		const char *next = strtok_r(NULL, " \t", &rest);

		/* Options and settings stand before the program. */
		while (next && (next[0] == '-' || strchr(next, '=')))
			next = strtok_r(NULL, " \t", &rest);
		snprintf(name, size, "%s", next ? next : word);
	}
	else
		snprintf(name, size, "%s", word);
	return true;
}

void
arx_program_check(const char *name, ArxProgramCheck *check)
{
	char wanted[4096];

	*check = (ArxProgramCheck){0};
	snprintf(wanted, sizeof(wanted), "%s", name);
	for (int depth = 0; depth < MOST_INTERPRETERS; depth++)
	{
		int fd;
		bool script;

		check->found = find_in_path(wanted, check->path, sizeof(check->path));
		fd = check->found ? open(check->path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
		{
			/* One that may be run but not read is taken as it is. */
			if (!check->found && depth > 0)
				note_obstacle(check, "its interpreter %s is not there", wanted);
			check->found = check->found || depth > 0;
			return;
		}
		script = read_interpreter(fd, wanted, sizeof(wanted));
		if (!script)
		{
			check_rights(check, fd);
			if (!check->obstacle[0])
				check_elf(check, fd);
		}
		close(fd);
		if (!script)
			return;
	}
	note_obstacle(check, "%s is a script of a script of a script", name);
}

/* Tries FOLDER/TAIL. */
static bool
try_runtime(const char *folder, int length, const char *tail, char *buffer,
			size_t size)
{
	char path[4200];
	char *real;

	snprintf(path, sizeof(path), "%.*s/%s", length, folder, tail);
	real = realpath(path, NULL);
	if (!real)
		return false;
	snprintf(buffer, size, "%s", real);
	free(real);
	return access(buffer, R_OK) == 0;
}

bool
arx_runtime_find(const char *named, char *buffer, size_t size)
{
	static const char *const places[] = {RUNTIME_NAME,
										 "../lib/arxheap/" RUNTIME_NAME,
										 "../lib64/arxheap/" RUNTIME_NAME};
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;
	bool found = false;

	if (!named)
		named = getenv("ARXHEAP_RUNTIME");
	if (named && *named)
		found = try_runtime(named[0] == '/' ? "" : ".", named[0] == '/' ? 0 : 1,
							named, buffer, size);
	else if (length > 0)
	{
		self[length] = '\0';
		slash = strrchr(self, '/');
		for (size_t i = 0; !found && i < sizeof(places) / sizeof(*places); i++)
			found = try_runtime(self, (int) (slash - self), places[i], buffer,
								size);
	}
	if (found && !strpbrk(buffer, ": \t"))
		return true;
	if (found)
		arx_say_error("LD_PRELOAD cannot name such a file; put it elsewhere",
					  "the path \"%s\" holds a blank or a colon", buffer);
	else
		arx_say_error("name it with --runtime FILE or ARXHEAP_RUNTIME",
					  "could not find %s",
					  named && *named ? named
									  : RUNTIME_NAME " beside this command");
	return false;
}
