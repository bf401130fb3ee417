/*
 * test_heap_format.c
 *	  Heap snapshots: estimates, and what was written is read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <stdio.h>

#include "tests/unit/heap_sample.h"
#include "tests/unit/sample_data.h"

#define MAX_SITES 2000
#define MAX_ROWS 8

/* A snapshot to write, and to compare with what is read. */
typedef struct Content
{
	uint64_t sample_bytes;
	uint32_t nmodules;
	uint32_t nepochs;
	uint32_t nsites;
	ArxHeapSite sites[MAX_SITES];
	ArxHeapFrame frames[MAX_SITES][ARX_HEAP_MAX_FRAMES];
	ArxHeapRow rows[MAX_SITES][MAX_ROWS];
} Content;

static Content content;
static ArxHeapReader reader;
static ArxHeapCursor cursor;

static uint64_t
random_below(uint64_t n)
{
	return (uint64_t) (random_unit() * (double) n);
}

/* 0 up to 2^64 - 1, each number of bits as likely as the others */
static uint64_t
random_size(void)
{
	uint64_t bits =
		random_below(UINT64_C(1) << 32) << 32 | random_below(UINT64_C(1) << 32);

	return bits >> random_below(64);
}

static void
write_content(ArxHeapWriter *writer, const void *argument)
{
	const ArxHeapProcess process = sample_process(content.sample_bytes);
	ArxHeapModule module = {0};
	char path[64];

	(void) argument;
	arx_heap_write_section(writer, ARX_HEAP_PROCESS, 0);
	arx_heap_write_process(writer, &process);
	arx_heap_write_section(writer, ARX_HEAP_MODULES, content.nmodules);
	for (uint32_t i = 0; i < content.nmodules; i++)
	{
		snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/libnumber%u.so",
				 i);
		module.start = UINT64_C(0x7f0000000000) + i * 0x300000;
		module.end = module.start + 0x2f0000;
		module.bias = module.start;
		module.build_id = (ArxHeapText){path + 20, 20};
		module.path = text_of(path);
		arx_heap_write_module(writer, &module);
	}
	arx_heap_write_section(writer, ARX_HEAP_EPOCHS, content.nepochs);
	for (uint32_t i = 0; i < content.nepochs; i++)
		arx_heap_write_epoch(writer, 30000 * (uint64_t) (i + 1));
	arx_heap_write_section(writer, ARX_HEAP_SITES, content.nsites);
	for (uint32_t i = 0; i < content.nsites; i++)
		arx_heap_write_site(writer, &content.sites[i]);
}

/* Equal when rounded to a unit, and as far as a double goes. */
static void
assert_near(double read, double written, double unit)
{
	double limit = (double) ARX_HEAP_MAX_FIGURE * unit;
	double error;

	if (!(written > 0))
		written = 0;
	assert_true(read >= 0 && isfinite(read));
	if (written >= limit * 0.999)
	{
		assert_true(read >= limit * 0.999);
		return;
	}
	error = fabs(read - written);
	assert_true(error <= unit * 0.5000001 + written * 1e-14);
}

static void
assert_same_row(const ArxHeapRow *read, const ArxHeapRow *written)
{
	assert_int_equal(read->epoch, written->epoch);
	assert_int_equal(read->samples, written->samples);
	assert_int_equal(read->size, written->size);
	assert_near(read->bytes, written->bytes, 1);
	assert_near(sqrt(read->variance),
				written->variance > 0 ? sqrt(written->variance) : 0, 1);
	assert_near(read->objects, written->objects, 1.0 / 16);
}

static void
assert_same_site(const ArxHeapSite *read, const ArxHeapSite *written)
{
	assert_int_equal(read->kind, written->kind);
	assert_int_equal(read->flags, written->flags);
	assert_int_equal(read->label, written->label);
	assert_int_equal(read->nframes, written->nframes);
	for (uint32_t i = 0; i < read->nframes; i++)
	{
		assert_int_equal(read->frames[i].module, written->frames[i].module);
		assert_int_equal(read->frames[i].address, written->frames[i].address);
	}
	assert_int_equal(read->births, written->births);
	assert_near(read->birth_bytes, written->birth_bytes, 1);
	assert_int_equal(read->frees, written->frees);
	assert_memory_equal(read->lifetimes, written->lifetimes,
						sizeof(read->lifetimes));
	assert_int_equal(read->nrows, written->nrows);
}

/* Writes the content, reads it, compares; returns the size of the file. */
static size_t
assert_round_trip(void)
{
	HeapFile file;
	ArxHeapSite site;
	ArxHeapRow row;
	size_t size;

	assert_true(write_heap_file(&file, write_content, NULL));
	assert_int_equal(arx_heap_read_open(&reader, file.bytes, file.size),
					 ARX_HEAP_READ_OK);
	assert_int_equal(reader.sample_bytes, content.sample_bytes);
	arx_heap_read_start(&reader, ARX_HEAP_SITES, &cursor);
	for (uint32_t i = 0; i < content.nsites; i++)
	{
		assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_OK);
		assert_same_site(&site, &content.sites[i]);
		for (uint32_t j = 0; j < site.nrows; j++)
		{
			assert_int_equal(arx_heap_read_row(&cursor, &row),
							 ARX_HEAP_READ_OK);
			assert_same_row(&row, &content.rows[i][j]);
		}
		assert_int_equal(arx_heap_read_row(&cursor, &row), ARX_HEAP_READ_DONE);
	}
	assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_DONE);
	size = file.size;
	free(file.bytes);
	return size;
}

static void
begin_content(uint64_t sample_bytes, uint32_t nmodules, uint32_t nepochs,
			  uint32_t nsites)
{
	memset(&content, 0, sizeof(content));
	content.sample_bytes = sample_bytes;
	content.nmodules = nmodules;
	content.nepochs = nepochs;
	content.nsites = nsites;
	for (uint32_t i = 0; i < nsites; i++)
	{
		content.sites[i].frames = content.frames[i];
		content.sites[i].rows = content.rows[i];
	}
}

/* ---- estimates ---------------------------------------------------------- */

static void
assert_ratio(double value, long double truth, long double limit)
{
	assert_true(fabsl(value / truth - 1) < limit);
}

/*
 * With x = size / mean: 1 / (1 - e^-x) = (1 + 1 / tanh(x/2)) / 2, and
 * e^-x / (1 - e^-x)^2 = 1 / (2 sinh(x/2))^2.  A deviation that is far below
 * the block's size, as from x = 700 on, is as good as none.
 */
static void
assert_weight(uint64_t size, uint64_t mean)
{
	long double x = (long double) size / mean;
	long double objects = (1 + 1 / tanhl(x / 2)) / 2;
	double got[3];

	arx_heap_weigh(size, mean, &got[0], &got[1], &got[2]);
	assert_ratio(got[0], size * objects, 1e-15L);
	assert_ratio(got[2], objects, 1e-15L);
	if (x < 600)
		assert_ratio(sqrt(got[1]), size / (2 * sinhl(x / 2)), 1e-15L * (1 + x));
	else
		assert_true(got[1] >= 0 && sqrt(got[1]) < size * 1e-100);
}

static void
weights_are_those_of_horvitz_thompson_to_the_last_digits(void **state)
{
	(void) state;
	assert_weight(1, UINT64_MAX);
	assert_weight(UINT64_MAX, 1);
	assert_weight(1, 1);
	assert_weight(UINT64_MAX, UINT64_MAX);
	random_state = 1;
	for (int i = 0; i < 100000; i++)
	{
		uint64_t size = random_size();
		uint64_t mean = random_size();

		assert_weight(size == 0 ? 1 : size, mean == 0 ? 1 : mean);
	}
}

static void
without_sampling_a_block_stands_for_itself(void **state)
{
	double bytes;
	double variance;
	double objects;

	(void) state;
	for (int shift = 0; shift < 64; shift++)
	{
		arx_heap_weigh(UINT64_C(1) << shift, 0, &bytes, &variance, &objects);
		assert_true(bytes == ldexp(1, shift) && variance == 0 && objects == 1);
	}
	arx_heap_weigh(0, 0, &bytes, &variance, &objects);
	assert_true(bytes == 1 && variance == 0 && objects == 1);
	arx_heap_weigh(0, 1 << 20, &bytes, &variance, &objects);
	assert_true(bytes > (1 << 20) && bytes < (1 << 20) + 1);
}

static void
each_age_lies_between_the_edges_of_its_class(void **state)
{
	const int last = ARX_HEAP_LIFETIME_CLASSES - 1;

	(void) state;
	assert_int_equal(arx_heap_lifetime_class(0), 0);
	assert_int_equal(arx_heap_lifetime_class(UINT64_MAX), last);
	assert_int_equal(arx_heap_lifetime_start(0), 0);
	assert_int_equal(arx_heap_lifetime_start(1), 128);
	assert_int_equal(arx_heap_lifetime_start(2), 192);
	assert_int_equal(arx_heap_lifetime_start(3), 256);
	assert_int_equal(arx_heap_lifetime_start(last), UINT64_C(3) << 29);
	for (int i = 1; i <= last; i++)
	{
		uint64_t start = arx_heap_lifetime_start(i);

		assert_true(start > arx_heap_lifetime_start(i - 1));
		assert_int_equal(arx_heap_lifetime_class(start), i);
		assert_int_equal(arx_heap_lifetime_class(start - 1), i - 1);
	}
}

static void
checksum_is_crc32c_in_any_pieces(void **state)
{
	const char *digits = "123456789";
	uint8_t zeros[32] = {0};

	(void) state;
	/* the check value of the algorithm, and a vector of RFC 3720 B.4 */
	assert_int_equal(arx_heap_crc(0, digits, 9), 0xe3069283);
	assert_int_equal(arx_heap_crc(0, zeros, sizeof(zeros)), 0x8a9136aa);
	assert_int_equal(arx_heap_crc(0, digits, 0), 0);
	for (size_t i = 0; i <= 9; i++)
		assert_int_equal(
			arx_heap_crc(arx_heap_crc(0, digits, i), digits + i, 9 - i),
			0xe3069283);
}

/* ---- what was written is read ------------------------------------------- */

static void
random_row(ArxHeapRow *row, uint32_t epoch)
{
	const uint64_t mean = content.sample_bytes;

	switch (random_below(5))
	{
		case 0:
			*row = equal_row(epoch, 1, 1 + (random_size() >> 16), mean);
			break;
		case 1:
			*row = equal_row(epoch, 1 + (uint32_t) random_below(100),
							 1 + (random_size() >> 24), mean);
			break;
		case 2:
			*row = equal_row(epoch, 1 + (uint32_t) random_below(100),
							 1 + (random_size() >> 24), random_size());
			break;
		case 3:
			for (int n = (int) random_below(50); n >= 0; n--)
				add_block(row, 1 + (random_size() >> 40), mean);
			break;
		default:
			row->samples = (uint32_t) random_size();
			row->size = random_size();
			row->bytes = (double) random_size() * random_unit();
			row->variance = (double) random_size() * (double) random_size();
			row->objects = (double) random_size() * random_unit();
	}
	row->epoch = epoch;
}

static void
random_site(ArxHeapSite *site, ArxHeapFrame *frames, ArxHeapRow *rows)
{
	uint32_t epoch = 0;

	site->kind = (uint32_t) random_below(3);
	site->flags = (uint32_t) random_size();
	site->label = random_below(2) ? random_below(400) : random_size();
	site->nframes = (uint32_t) random_below(ARX_HEAP_MAX_FRAMES + 1);
	for (uint32_t i = 0; i < site->nframes; i++)
	{
		frames[i].module = (uint32_t) random_below(content.nmodules + 1);
		if (frames[i].module == content.nmodules)
			frames[i].module = ARX_HEAP_NO_MODULE;
		frames[i].address = random_below(2) ? random_below(10) : random_size();
	}
	site->births = random_size();
	site->birth_bytes = (double) random_size();
	site->frees = random_size();
	for (int i = 0; i < ARX_HEAP_LIFETIME_CLASSES; i++)
		site->lifetimes[i] = random_below(4) ? 0 : (uint32_t) random_size();
	site->nrows = (uint32_t) random_below(MAX_ROWS + 1);
	for (uint32_t i = 0; i < site->nrows; i++)
	{
		epoch += (uint32_t) random_below((content.nepochs - epoch + 3) / 4);
		random_row(&rows[i], epoch);
	}
}

static void
sites_of_any_values_round_trip(void **state)
{
	static const uint64_t means[] = {0, 1, 4096, SAMPLE_MEAN, UINT64_MAX};

	(void) state;
	random_state = 7;
	for (int i = 0; i < 10; i++)
	{
		begin_content(means[i % 5], 1 + (uint32_t) random_below(600),
					  1 + (uint32_t) random_below(ARX_HEAP_MAX_EPOCHS), 200);
		for (uint32_t j = 0; j < content.nsites; j++)
			random_site(&content.sites[j], content.frames[j], content.rows[j]);
		assert_round_trip();
	}
}

static void
neighbours_that_share_frames_round_trip(void **state)
{
	(void) state;
	random_state = 8;
	begin_content(SAMPLE_MEAN, 3, 1, 2000);
	for (uint32_t i = 0; i < content.nsites; i++)
	{
		ArxHeapSite *site = &content.sites[i];

		site->nframes = (uint32_t) random_below(30);
		site->label = i % 700;
		for (uint32_t j = 0; j < site->nframes; j++)
			content.frames[i][j] = i > 0 && random_below(10)
				? content.frames[i - 1][j]
				: (ArxHeapFrame){(uint32_t) random_below(3),
								 1 + random_below(20)};
	}
	assert_round_trip();
}

static void
estimates_that_are_none_are_cut_to_what_can_be_written(void **state)
{
	(void) state;
	begin_content(SAMPLE_MEAN, 0, 2, 3);
	content.sites[0].birth_bytes = NAN;
	content.sites[0].nrows = 1;
	content.rows[0][0] = (ArxHeapRow){0, 5, 50, INFINITY, INFINITY, INFINITY};
	content.sites[1].birth_bytes = -5;
	content.sites[1].births = UINT64_MAX;
	content.sites[1].nrows = 2;
	content.rows[1][0] = (ArxHeapRow){0, 5, 50, -1, NAN, -INFINITY};
	content.rows[1][1] =
		(ArxHeapRow){1, UINT32_MAX, UINT64_MAX, DBL_MAX, DBL_MAX, DBL_MAX};
	/* almost exact, but for one of the three */
	content.sites[2].nrows = 3;
	content.rows[2][0] = (ArxHeapRow){0, 2, 100, 101, 0, 2};
	content.rows[2][1] = (ArxHeapRow){0, 2, 100, 100, 1, 2};
	content.rows[2][2] = (ArxHeapRow){0, 2, 100, 100, 0, 3};
	assert_round_trip();
}

static void
frames_beyond_the_limit_are_left_out_at_the_root(void **state)
{
	static ArxHeapFrame frames[ARX_HEAP_MAX_FRAMES + 50];
	HeapFile file;
	ArxHeapSite site;

	(void) state;
	for (int i = 0; i < ARX_HEAP_MAX_FRAMES + 50; i++)
		frames[i] = (ArxHeapFrame){i % 2, 1000 + (uint64_t) i};
	begin_content(SAMPLE_MEAN, 1, 1, 1);
	content.sites[0].frames = frames;
	content.sites[0].nframes = ARX_HEAP_MAX_FRAMES + 50;
	content.sites[0].flags = ARX_HEAP_SITE_BROKEN;
	assert_true(write_heap_file(&file, write_content, NULL));
	assert_int_equal(arx_heap_read_open(&reader, file.bytes, file.size),
					 ARX_HEAP_READ_OK);
	arx_heap_read_start(&reader, ARX_HEAP_SITES, &cursor);
	assert_int_equal(arx_heap_read_site(&cursor, &site), ARX_HEAP_READ_OK);
	assert_int_equal(site.nframes, ARX_HEAP_MAX_FRAMES);
	assert_int_equal(site.frames[0].address, 1050);
	assert_int_equal(site.frames[255].address, 1305);
	/* there is no module 1 */
	assert_int_equal(site.frames[0].module, 0);
	assert_int_equal(site.frames[255].module, ARX_HEAP_NO_MODULE);
	assert_int_equal(site.flags,
					 ARX_HEAP_SITE_BROKEN | ARX_HEAP_SITE_TRUNCATED);
	free(file.bytes);
}

/* ---- size --------------------------------------------------------------- */

#define LEVELS 35
#define FUNCTIONS 40 /* of a level */

/* A random program: who calls whom, from where. */
static struct
{
	uint32_t module;
	uint64_t start;
	int ncalls;
	int callee[6];
} program[LEVELS][FUNCTIONS];

static void
make_program(void)
{
	for (int level = 0; level < LEVELS; level++)
	{
		/* near malloc a few functions are called by all others */
		int callees = level >= LEVELS - 4 ? 3 : FUNCTIONS;

		for (int i = 0; i < FUNCTIONS; i++)
		{
			program[level][i].module = (uint32_t) random_below(4);
			program[level][i].start = random_below(8000000);
			program[level][i].ncalls =
				random_below(10) < 7 ? 1 : 2 + (int) random_below(5);
			for (int j = 0; j < 6; j++)
				program[level][i].callee[j] =
					(int) random_below((uint64_t) callees);
		}
	}
}

static void
walk_program(ArxHeapFrame *frames)
{
	int function = 0;

	for (int level = 0; level < LEVELS; level++)
	{
		int call =
			(int) random_below((uint64_t) program[level][function].ncalls);

		frames[level].module = program[level][function].module;
		frames[level].address =
			program[level][function].start + 40 + 37 * (uint64_t) call;
		function = program[level][function].callee[call];
	}
}

static int
compare_stacks(const void *a, const void *b)
{
	const ArxHeapFrame *x = a;
	const ArxHeapFrame *y = b;

	for (int i = 0; i < LEVELS; i++, x++, y++)
	{
		if (x->module != y->module)
			return x->module < y->module ? -1 : 1;
		if (x->address != y->address)
			return x->address < y->address ? -1 : 1;
	}
	return 0;
}

/* Six sites of ten allocate blocks of one size, most have freed some. */
static void
fill_service_site(ArxHeapSite *site, ArxHeapRow *rows)
{
	uint64_t size = 16 + (uint64_t) exp(10 * random_unit());
	bool mixed = random_below(10) >= 6;
	uint32_t epoch = (uint32_t) random_below(8);

	site->nframes = LEVELS;
	site->nrows = 5;
	for (int i = 0; i < 5; i++)
	{
		int n = random_below(10) < 6 ? 1 : 2 + (int) random_below(20);

		rows[i].epoch = epoch;
		epoch += 1 + (uint32_t) random_below(4);
		while (n-- > 0)
			add_block(&rows[i], mixed ? size / 2 + random_below(size) : size,
					  SAMPLE_MEAN);
		site->births += rows[i].samples;
		site->birth_bytes += rows[i].bytes;
	}
	if (random_below(10) < 3)
		return;
	site->frees = 1 + random_below(200);
	site->births += site->frees;
	site->birth_bytes += (double) site->frees * (SAMPLE_MEAN + size / 2);
	for (uint64_t i = 0; i < site->frees; i++)
		site->lifetimes[5 + (int) fabs(3 * random_normal())]++;
}

static void
make_service(uint64_t sample_bytes)
{
	random_state = 9;
	make_program();
	begin_content(sample_bytes, 60, 40, 2000);
	for (uint32_t i = 0; i < content.nsites; i++)
	{
		walk_program(content.frames[i]);
		fill_service_site(&content.sites[i], content.rows[i]);
	}
	qsort(content.frames, content.nsites, sizeof(content.frames[0]),
		  compare_stacks);
}

static void
two_thousand_sites_take_at_most_100_kilobytes(void **state)
{
	size_t size;

	(void) state;
	make_service(SAMPLE_MEAN);
	size = assert_round_trip();
	print_message("# 2000 sites: %zu bytes\n", size);
	assert_in_range(size, 40000, 100000);
}

/* All of this was sampled at the mean that was set before. */
static void
another_sampling_mean_costs_a_fifth_more(void **state)
{
	size_t size;

	(void) state;
	make_service(SAMPLE_MEAN);
	size = assert_round_trip();
	make_service(SAMPLE_MEAN / 4);
	assert_in_range(assert_round_trip(), size, size * 6 / 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			weights_are_those_of_horvitz_thompson_to_the_last_digits),
		cmocka_unit_test(without_sampling_a_block_stands_for_itself),
		cmocka_unit_test(each_age_lies_between_the_edges_of_its_class),
		cmocka_unit_test(checksum_is_crc32c_in_any_pieces),
		cmocka_unit_test(sites_of_any_values_round_trip),
		cmocka_unit_test(neighbours_that_share_frames_round_trip),
		cmocka_unit_test(
			estimates_that_are_none_are_cut_to_what_can_be_written),
		cmocka_unit_test(frames_beyond_the_limit_are_left_out_at_the_root),
		cmocka_unit_test(two_thousand_sites_take_at_most_100_kilobytes),
		cmocka_unit_test(another_sampling_mean_costs_a_fifth_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
