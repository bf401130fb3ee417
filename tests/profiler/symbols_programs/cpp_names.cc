/*
 * cpp_names.cc
 *	  Functions whose names the linker sees mangled.
 */
#include <cstdlib>

namespace shop
{
template <typename T> struct Basket
{
	T *items;
	__attribute__((noinline)) T *take(std::size_t n);
};

template <typename T>
T *
Basket<T>::take(std::size_t n)
{
	items = static_cast<T *>(std::malloc(n * sizeof(T)));
	return items;
}

namespace
{
__attribute__((noinline)) int
weigh(Basket<long> &basket, int n)
{
	long *items = basket.take(static_cast<std::size_t>(n));

	return items ? n : 0;
}
}
}

int
main(int argc, char **)
{
	shop::Basket<long> basket;

	return shop::weigh(basket, argc + 1) ? 0 : 1;
}
