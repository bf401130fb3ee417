/*
 * allocation_jemalloc_cpp.cc
 *	  C++ operators in a program linked with jemalloc, which brings its own.
 *
 * Blocks of operator new are also asked for their size, and freed in each way.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <memory>
#include <new>
#include <string>
#include <vector>

struct alignas(128) Wide
{
	char bytes[300];
};

static char *volatile kept;

__attribute__((noinline)) static void
made_with_new()
{
	kept = new char[77777];
	std::memset(kept, 1, 77777);
}

int
main()
{
	for (std::size_t size = 1; size < 2000000; size = size * 3 + 1)
	{
		char *block = new char[size];
		if (malloc_usable_size(block) < size)
			std::puts("a block of operator new is too small");
		delete[] block;
		void *sized = ::operator new(size);
		::operator delete(sized, size);
		void *quiet = ::operator new(size, std::nothrow);
		::operator delete(quiet, std::nothrow);
		auto wide = std::make_unique<Wide[]>(size / 300 + 1);
		std::vector<std::string> texts(size % 100 + 1,
									   std::string(size % 500, 'x'));
	}
	made_with_new();
	std::puts("done");
	return 0;
}
