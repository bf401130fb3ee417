/*
 * export_folded.c
 *	  Folded stacks: one line a site, calls from the root, then its bytes.
 */
#include "exporters/export_stack.h"
#include "exporters/json_text.h"
#include "exporters/profile_export.h"

#include <inttypes.h>
#include <string.h>

/* ';' and line ends separate, so they cannot be in a name. */
static void
write_name(FILE *out, const char *name)
{
	size_t left = strlen(name);

	for (size_t step; left > 0; name += step, left -= step)
	{
		step = arx_character_bytes(name, left);
		if (step == 0 || arx_is_control(name, step))
		{
			fputc('?', out);
			step = step > 0 ? step : 1;
		}
		else if (*name == ';')
			fputc(':', out);
		else
			fwrite(name, 1, step, out);
	}
}

bool
arx_export_folded(const ArxProfile *profile, FILE *out)
{
	for (size_t i = 0; i < profile->nsites; i++)
	{
		const ArxProfileSite *site = &profile->sites[i];
		const char *separator = "";

		if (!arx_export_has(site) || arx_export_round(site->bytes) == 0)
			continue;
		if (arx_export_root(site) != NULL)
		{
			fputs(arx_export_root(site), out);
			separator = ";";
		}
		if (site->nfunctions == 0)
			fprintf(out, "%s" ARX_NO_STACK, separator);
		for (uint32_t j = 0; j < site->nfunctions; j++, separator = ";")
		{
			fputs(separator, out);
			write_name(out, site->functions[j]->name);
		}
		fprintf(out, " %" PRId64 "\n", arx_export_round(site->bytes));
	}
	return fflush(out) == 0 && !ferror(out);
}
