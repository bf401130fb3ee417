/*
 * stack_truth_cpp.cc
 *	  The same as stack_truth.c for C++: virtual calls, lambdas, catch blocks.
 */
#include <cstdio>
#include <cstdlib>
#include <execinfo.h>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>
#include <algorithm>

#define KEEP __attribute__((noinline))

static void *volatile kept[64];
static int nkept;
static volatile int sink;

static KEEP void
allocate(const char *name)
{
	void *stack[250];
	std::size_t size = 10000 + 64 * static_cast<std::size_t>(nkept);

	kept[nkept++] = malloc(size);
	int n = backtrace(stack, 250);
	printf("%s %zu", name, size);
	for (int i = 1; i < n; i++)
		printf(" %lu", reinterpret_cast<unsigned long>(stack[i]));
	printf("\n");
}

struct Base
{
	virtual ~Base() = default;
	virtual void call() = 0;
};

struct Derived : Base
{
	KEEP void call() override
	{
		allocate("virtual_call");
		sink = sink + 1;
	}
};

static KEEP void
thrower(int depth)
{
	std::vector<int> on_the_way(10);

	if (depth == 0)
		throw std::runtime_error("expected");
	thrower(depth - 1);
	sink = sink + on_the_way[3];
}

static KEEP void
catcher()
{
	try
	{
		thrower(5);
	} catch (const std::runtime_error &)
	{
		allocate("catch_block");
	}
	sink = sink + 1;
}

struct Cleaner
{
	KEEP ~Cleaner()
	{
		allocate("unwound_destructor");
		sink = sink + 1;
	}
};

static KEEP void
cleaned(int depth)
{
	Cleaner cleaner;

	thrower(depth);
}

int
main()
{
	void *warm[4];

	backtrace(warm, 4);
	std::unique_ptr<Base> object = std::make_unique<Derived>();
	object->call();
	catcher();
	try
	{
		cleaned(3);
	} catch (const std::runtime_error &)
	{
		sink = sink + 1;
	}
	std::function<void()> function = [] {
		allocate("lambda");
		sink = sink + 1;
	};
	function();
	std::vector<int> numbers = {5, 3, 1, 4, 2};
	int calls = 0;
	std::sort(numbers.begin(), numbers.end(), [&calls](int a, int b) {
		if (calls++ == 2)
			allocate("sort_callback");
		return a < b;
	});
	for (int i = 0; i < 1000; i++)
		try
		{
			thrower(8);
		} catch (const std::exception &)
		{
			sink = sink + 1;
		}
	printf("thrown\n");
	return 0;
}
