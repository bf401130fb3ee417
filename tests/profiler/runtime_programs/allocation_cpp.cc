/*
 * allocation_cpp.cc
 *	  C++ operators of all kinds; prints what broke a rule, then "done".
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

static volatile std::size_t huge = PTRDIFF_MAX;

struct alignas(256) Wide
{
	char bytes[1000];
};

__attribute__((noinline)) static char *
made_with_new(std::size_t size)
{
	char *block = new char[size];
	__asm__ volatile("" ::: "memory");
	return block;
}

static char *volatile kept;

int
main()
{
	for (int i = 0; i < 200; i++)
	{
		auto one = std::make_unique<Wide>();
		auto many = std::make_unique<Wide[]>(7);
		if ((reinterpret_cast<uintptr_t>(one.get()) & 255) != 0)
			puts("aligned new is not aligned");
		if ((reinterpret_cast<uintptr_t>(many.get()) & 255) != 0)
			puts("aligned new[] is not aligned");
		std::vector<std::string> texts;
		for (int j = 0; j < 100; j++)
			texts.emplace_back(static_cast<size_t>(j), 'x');
		void *plain = ::operator new(100);
		::operator delete(plain, static_cast<std::size_t>(100));
		void *quiet = ::operator new(100, std::nothrow);
		::operator delete(quiet, std::nothrow);
	}
	try
	{
		kept = made_with_new(huge);
		puts("a huge new does not throw");
	} catch (const std::bad_alloc &)
	{
	}
	if (::operator new(huge, std::nothrow) != nullptr)
		puts("a huge nothrow new gives something");
	kept = made_with_new(5000);
	std::memset(kept, 1, 5000);
	puts("done");
	return 0;
}
