/*
 * site_print.c
 *	  Shows sites: tables with intervals and callers, stacks, JSON.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/leak_series.h"
#include "cli/site_print.h"
#include "cli/text_print.h"

/* Sites of a view, largest first; how many and how much it leaves out. */
typedef struct Choice
{
	const ArxProfileSite **sites;
	size_t count;
	size_t nsites; /* of the kind */
	double bytes;
	double variance;
	int64_t samples;
	size_t hidden;
	double hidden_bytes;
} Choice;

const ArxProfileFunction *
arx_site_function(const ArxProfileSite *site)
{
	return arx_profile_shown_function(site->functions, site->nfunctions);
}

/*
 * A C++ name without its parameters, in place: rows are for the eye, stacks
 * below them have the whole name.
 */
static void
cut_parameters(char *name)
{
	static const char *const kept[] = {"(anonymous namespace)", "operator()"};
	char *at = name;

	while (*at)
	{
		size_t step = 1;

		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
			if (strncmp(at, kept[i], strlen(kept[i])) == 0)
				step = strlen(kept[i]);
		if (step == 1 && *at == '(')
			break;
		at += step;
	}
	if (at > name)
		*at = '\0';
}

static const char *
describe_function(char *buffer, size_t size, const ArxProfileFunction *function,
				  bool brief)
{
	char name[512];

	if (!function)
	{
		snprintf(buffer, size, "(no stack)");
		return buffer;
	}
	arx_text_clean(name, sizeof(name), function->name);
	if (brief)
		cut_parameters(name);
	if (function->file)
	{
		const char *base = strrchr(function->file, '/');
		char file[256];

		arx_text_clean(file, sizeof(file), base ? base + 1 : function->file);
		if (function->line)
			snprintf(buffer, size, "%s (%s:%u)", name, file, function->line);
		else
			snprintf(buffer, size, "%s (%s)", name, file);
	}
	else
		snprintf(buffer, size, "%s", name);
	return buffer;
}

const char *
arx_function_text(char *buffer, size_t size, const ArxProfileFunction *function)
{
	return describe_function(buffer, size, function, false);
}

const char *
arx_function_brief(char *buffer, size_t size,
				   const ArxProfileFunction *function)
{
	return describe_function(buffer, size, function, true);
}

/* What calls main() or a thread's function: the same in each stack. */
static bool
is_start_code(const ArxProfileFunction *function)
{
	static const char *const names[] = {"__libc_start_call_main",
										"__libc_start_main",
										"__libc_start_main_impl",
										"_start",
										"start_thread",
										"clone",
										"clone3",
										"__clone3"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(function->name, names[i]) == 0)
			return true;
	return false;
}

const char *
arx_site_text(char *buffer, size_t size, const ArxProfileSite *site,
			  uint64_t callers)
{
	const ArxProfileFunction *shown = arx_site_function(site);
	uint32_t above =
		site->nfunctions; /* index of the one that was shown last */
	size_t used;
	char name[512];

	while (above > 0 && site->functions[--above] != shown)
		;
	arx_function_brief(buffer, size, shown);
	for (;
		 above > 0 && callers > 0 && !is_start_code(site->functions[above - 1]);
		 callers--)
	{
		used = strlen(buffer);
		arx_text_clean(name, sizeof(name), site->functions[--above]->name);
		cut_parameters(name);
		snprintf(buffer + used, size - used, " < %s", name);
	}
	used = strlen(buffer);
	if (site->label && site->label_name[0])
		snprintf(buffer + used, size - used, "  [%s]",
				 arx_text_clean(name, sizeof(name), site->label_name));
	else if (site->label)
		snprintf(buffer + used, size - used, "  [label %llu]",
				 (unsigned long long) site->label);
	return buffer;
}

void
arx_print_stack(FILE *out, const ArxProfileSite *site, const char *indent)
{
	char text[1024];

	for (uint32_t i = site->nfunctions; i-- > 0;)
		fprintf(out, "%s%s%s\n", indent,
				arx_function_text(text, sizeof(text), site->functions[i]),
				site->functions[i]->inlined ? " inlined" : "");
	if (site->flags & ARX_HEAP_SITE_TRUNCATED)
		fprintf(out, "%s... (deeper than the limit)\n", indent);
	if (site->flags & ARX_HEAP_SITE_BROKEN)
		fprintf(out, "%s... (could not be unwound further)\n", indent);
}

void
arx_json_site_place(ArxJson *json, const ArxProfileSite *site)
{
	const ArxProfileFunction *function = arx_site_function(site);

	arx_json_text(json, "function", function ? function->name : NULL);
	arx_json_text(json, "file", function ? function->file : NULL);
	if (function && function->line)
		arx_json_integer(json, "line", function->line);
	else
		arx_json_text(json, "line", NULL);
	arx_json_text(json, "module", function ? function->module : NULL);
	arx_json_open(json, "stack", '[');
	for (uint32_t i = site->nfunctions; i-- > 0;)
	{
		char text[1024];

		arx_json_text(
			json, NULL,
			arx_function_text(text, sizeof(text), site->functions[i]));
	}
	arx_json_close(json);
	if (site->label && !site->label_name[0])
	{
		char label[32];

		snprintf(label, sizeof(label), "%llu",
				 (unsigned long long) site->label);
		arx_json_text(json, "label", label);
	}
	else
		arx_json_text(json, "label", site->label ? site->label_name : NULL);
}

static int
compare_sites(const void *left, const void *right)
{
	const ArxProfileSite *a = *(const ArxProfileSite *const *) left;
	const ArxProfileSite *b = *(const ArxProfileSite *const *) right;
	double difference = fabs(b->bytes) - fabs(a->bytes);

	return difference > 0 ? 1
		: difference < 0  ? -1
		: a->id < b->id	  ? -1
						  : a->id > b->id;
}

/* Whether a site is too small to be told from chance. */
static bool
is_noise(const ArxProfile *profile, const ArxProfileSite *site)
{
	if (site->kind != ARX_HEAP_SITE_MALLOC)
		return false;
	return fabs(site->bytes) <
		ARX_NOISE_SAMPLES * (double) profile->process.sample_bytes;
}

static Choice
choose_sites(const ArxSiteView *view, bool mappings)
{
	const ArxProfile *profile = view->profile;
	Choice choice = {0};

	choice.sites = calloc(profile->nsites + 1, sizeof(*choice.sites));
	for (size_t i = 0; choice.sites && i < profile->nsites; i++)
	{
		const ArxProfileSite *site = &profile->sites[i];

		if ((site->kind != ARX_HEAP_SITE_MALLOC) != mappings ||
			(site->samples == 0 && site->bytes == 0 && site->variance == 0))
			continue;
		choice.nsites++;
		choice.bytes += site->bytes;
		choice.variance += site->variance;
		choice.samples += site->samples;
		if (!view->all && is_noise(profile, site))
		{
			choice.hidden++;
			choice.hidden_bytes += site->bytes;
		}
		else
			choice.sites[choice.count++] = site;
	}
	if (choice.count > 1)
		qsort(choice.sites, choice.count, sizeof(*choice.sites), compare_sites);
	return choice;
}

static size_t
rows_shown(const ArxSiteView *view, const Choice *choice)
{
	return view->most && view->most < choice->count ? (size_t) view->most
													: choice->count;
}

static void
print_stacks(FILE *out, const ArxSiteView *view, const Choice *choice)
{
	for (size_t i = 0; view->stacks && i < rows_shown(view, choice); i++)
	{
		const ArxProfileSite *site = choice->sites[i];
		char text[ARX_TEXT_MAX];

		fprintf(
			out, "\n%zu. %s (%lld sample%s)\n", i + 1,
			arx_text_estimate(text, site->bytes,
							  arx_profile_site_interval(view->profile, site),
							  view->profile->is_diff),
			(long long) site->samples,
			arx_plural((uint64_t) llabs(site->samples)));
		arx_print_stack(out, site, "   ");
	}
}

/* What the table leaves out, so that nobody takes it for all. */
static void
print_rest(FILE *out, const ArxSiteView *view, const Choice *choice)
{
	char text[ARX_TEXT_MAX];
	size_t shown = rows_shown(view, choice);
	double rest = 0;

	for (size_t i = shown; i < choice->count; i++)
		rest += choice->sites[i]->bytes;
	if (shown < choice->count)
		fprintf(out, "  %zu more site%s with %s together (--top 0 shows all)\n",
				choice->count - shown, arx_plural(choice->count - shown),
				arx_text_bytes(text, rest, view->profile->is_diff));
	if (choice->hidden)
	{
		char limit[ARX_TEXT_MAX];

		fprintf(
			out,
			"  %zu site%s below %s (%d sampling intervals), %s together, may be chance (--all)\n",
			choice->hidden, arx_plural(choice->hidden),
			arx_text_size(
				limit, ARX_NOISE_SAMPLES * view->profile->process.sample_bytes),
			ARX_NOISE_SAMPLES,
			arx_text_bytes(text, choice->hidden_bytes, view->profile->is_diff));
	}
}

static void
print_site_rows(FILE *out, const ArxSiteView *view, const Choice *choice)
{
	const ArxProfile *profile = view->profile;
	ArxTable table;

	arx_table_begin(&table, "rrrl",
					profile->is_diff ? "change, 95 %|samples||allocated by"
									 : "live, 95 %|samples|share|allocated by");
	for (size_t i = 0; i < rows_shown(view, choice); i++)
	{
		const ArxProfileSite *site = choice->sites[i];
		char text[ARX_TEXT_MAX];
		char place[1024];

		arx_table_cell(
			&table, "%s",
			arx_text_estimate(text, site->bytes,
							  arx_profile_site_interval(profile, site),
							  profile->is_diff));
		arx_table_cell(&table, profile->is_diff ? "%+lld" : "%lld",
					   (long long) site->samples);
		if (profile->is_diff || choice->bytes <= 0)
			arx_table_cell(&table, "%s", "");
		else
			arx_table_cell(&table, "%.1f %%",
						   100 * site->bytes / choice->bytes);
		arx_table_cell(
			&table, "%s",
			arx_site_text(place, sizeof(place), site, view->callers));
	}
	arx_table_print(&table, out, arx_terminal_columns());
}

void
arx_print_sites(FILE *out, const ArxSiteView *view)
{
	const ArxProfile *profile = view->profile;
	Choice choice = choose_sites(view, false);
	char text[ARX_TEXT_MAX];
	char mean[ARX_TEXT_MAX];
	ArxInterval interval =
		arx_profile_interval(choice.bytes, choice.variance, choice.samples,
							 profile->process.sample_bytes, profile->is_diff);

	fprintf(out, "%s: %s (%s%lld sample%s, %zu site%s",
			profile->is_diff ? "Change of the live heap" : "Live heap",
			arx_text_estimate(text, choice.bytes, interval, profile->is_diff),
			profile->is_diff && choice.samples > 0 ? "+" : "",
			(long long) choice.samples,
			arx_plural((uint64_t) llabs(choice.samples)), choice.nsites,
			arx_plural(choice.nsites));
	if (profile->process.sample_bytes > 1)
		fprintf(out, "; one sample in %s)\n",
				arx_text_size(mean, profile->process.sample_bytes));
	else
		fputs("; every allocation was recorded)\n", out);
	if (choice.count)
		print_site_rows(out, view, &choice);
	print_rest(out, view, &choice);
	print_stacks(out, view, &choice);
	free(choice.sites);
}

void
arx_print_mappings(FILE *out, const ArxSiteView *view)
{
	Choice choice = choose_sites(view, true);
	ArxTable table;

	if (choice.count == 0)
	{
		free(choice.sites);
		return;
	}
	arx_table_begin(&table, "rrl", "Mappings, MiB|number|mapped by");
	for (size_t i = 0; i < rows_shown(view, &choice); i++)
	{
		const ArxProfileSite *site = choice.sites[i];
		char place[1024];

		arx_table_cell(&table, view->profile->is_diff ? "%+.1f" : "%.1f",
					   site->bytes / 1048576);
		arx_table_cell(&table, view->profile->is_diff ? "%+lld" : "%lld",
					   (long long) site->samples);
		arx_table_cell(&table, "%s%s",
					   arx_site_text(place, sizeof(place), site, view->callers),
					   site->kind == ARX_HEAP_SITE_RESERVE
						   ? "  (reserved, no memory)"
						   : "");
	}
	fputc('\n', out);
	arx_table_print(&table, out, arx_terminal_columns());
	print_rest(out, view, &choice);
	print_stacks(out, view, &choice);
	free(choice.sites);
}

static void
print_json_site(ArxJson *json, const ArxProfile *profile,
				const ArxProfileSite *site)
{
	static const char *const kinds[] = {"malloc", "mmap", "reserve"};
	ArxInterval interval = arx_profile_site_interval(profile, site);
	char id[20];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long) site->id);
	arx_json_open(json, NULL, '{');
	arx_json_text(json, "kind", kinds[site->kind]);
	arx_json_text(json, "id", id);
	arx_json_number(json, "live_bytes", site->bytes);
	arx_json_number(json, "live_bytes_low", interval.low);
	arx_json_number(json, "live_bytes_high", interval.high);
	arx_json_number(json, "live_objects", site->objects);
	arx_json_integer(json, "samples", site->samples);
	arx_json_integer(json, "births", (int64_t) site->births);
	arx_json_number(json, "birth_bytes", site->birth_bytes);
	arx_json_integer(json, "frees", (int64_t) site->frees);
	arx_json_site_place(json, site);
	arx_json_bool(json, "stack_complete", site->flags == 0);
	arx_json_close(json);
}

void
arx_json_sites(ArxJson *json, const ArxSiteView *view)
{
	size_t hidden = 0;
	double hidden_bytes = 0;

	arx_json_open(json, "sites", '[');
	for (int mappings = 0; mappings < 2; mappings++)
	{
		Choice choice = choose_sites(view, mappings);

		for (size_t i = 0; i < choice.count; i++)
			if (i < rows_shown(view, &choice))
				print_json_site(json, view->profile, choice.sites[i]);
			else
				hidden_bytes += choice.sites[i]->bytes;
		hidden += choice.hidden + choice.count - rows_shown(view, &choice);
		hidden_bytes += choice.hidden_bytes;
		free(choice.sites);
	}
	arx_json_close(json);
	arx_json_integer(json, "sites_hidden", (int64_t) hidden);
	arx_json_number(json, "sites_hidden_bytes", hidden_bytes);
}
