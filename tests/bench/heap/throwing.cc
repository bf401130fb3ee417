/*
 * throwing.cc
 *	  Throws an exception through a number of frames, and catches it.
 */
#include <stdexcept>

static __attribute__((noipa)) int
descend(int levels)
{
	if (levels == 0)
		throw std::runtime_error("thrown");
	int below = descend(levels - 1);
	__asm__ volatile("" : "+r"(below));
	return below + 1;
}

extern "C" __attribute__((noipa)) int
throw_once(int levels)
{
	try
	{
		return descend(levels);
	} catch (const std::exception &)
	{
		return -1;
	}
}
